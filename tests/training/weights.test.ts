import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { finetune, measureModel } from "../../kernel/lib/training/index.js";
import type { FinetuneOptions, TrainingData } from "../../kernel/lib/training/index.js";
import { farthest, hashes, smallCnn, stripes, tf, valuesOf } from "./small.js";

interface Reference {
  x: number[][];
  y: number[];
  sampleWeights: number[];
  kernel: number[][];
  bias: number[];
  samples: { losses: number[]; kernel: number[][] };
  classes: { losses: number[]; kernel: number[][] };
}
const reference = (JSON.parse(readFileSync(new URL("references.json", import.meta.url), "utf8")) as { weights: Reference }).weights;
const { x, y } = reference;

function linear() {
  const model = tf.sequential({ name: "linear", layers: [tf.layers.dense({ name: "linear", units: 3, inputShape: [3] })] });
  model.layers[0]!.setWeights([tf.tensor2d(reference.kernel), tf.tensor1d(reference.bias)]);
  return model;
}

const sgd: FinetuneOptions = { optimizer: "sgd", learningRate: 0.1, epochs: 5, batchSize: 8, shuffle: false };
const CLASS_WEIGHTS = { 0: 0.5, 1: 2, 2: 4 };

describe.each(["auto", "off"] as const)("weights, compile: %s", (compile) => {
  it.each<[string, TrainingData, FinetuneOptions, keyof Reference & ("samples" | "classes")]>([
    ["of samples", { x, y, weights: reference.sampleWeights }, {}, "samples"],
    ["of classes", { x, y }, { classWeights: CLASS_WEIGHTS }, "classes"],
    ["of classes, written as samples'", { x, y, weights: y.map((value) => [0.5, 2, 4][value]!) }, {}, "classes"],
  ])("%s count as in Keras", async (_name, data, changes, name) => {
    const model = linear();
    const run = finetune(model, data, { ...sgd, ...changes, compile });
    await run.train();
    expect(farthest(run.steps.metrics["loss"]!, reference[name].losses)).toBeLessThan(1e-5);
    expect(farthest(valuesOf(model, "linear/kernel"), reference[name].kernel.flat())).toBeLessThan(1e-5);
  });

  it("add up over accumulated batches to what the whole batch gives", async () => {
    const [whole, parts] = [linear(), linear()];
    const data = { x, y, weights: reference.sampleWeights };
    await finetune(whole, data, { ...sgd, compile }).train();
    const run = finetune(parts, data, { ...sgd, compile, batchSize: 3, accumulate: 3 });
    await run.train();
    expect(run.steps.step).toHaveLength(5);
    expect(farthest(valuesOf(parts, "linear/kernel"), valuesOf(whole, "linear/kernel"))).toBeLessThan(1e-6);
  });

  it("mask time steps, and are divided by what is left of them", async () => {
    const model = tf.sequential({ name: "tagger", layers: [tf.layers.dense({ name: "tag", units: 2, inputShape: [3, 2], useBias: false })] });
    model.layers[0]!.setWeights([tf.tensor2d([[1, 0], [0, 1]])]);
    const values = [[[1, 2], [3, 4], [9, 9]], [[5, 6], [9, 9], [9, 9]]];
    const data = { x: values, y: tf.zeros([2, 3, 2]), weights: [[1, 1, 0], [1, 0, 0]] };
    const run = finetune(model, data, { ...sgd, epochs: 1, batchSize: 1, accumulate: 2, loss: "mse", compile });
    await run.train();
    expect(run.steps.metrics["loss"]![0]).toBeCloseTo((2.5 + 12.5 + 30.5) / 3, 4);
    expect(farthest(valuesOf(model, "tag/kernel"), [1 - 0.1 * (35 / 3), -0.1 * (44 / 3), -0.1 * (44 / 3), 1 - 0.1 * (56 / 3)])).toBeLessThan(1e-5);
    model.layers[0]!.setWeights([tf.tensor2d([[1, 0], [0, 1]])]);
    expect((await measureModel(model, data, { loss: "mse" }))["loss"]).toBeCloseTo((2.5 + 12.5 + 30.5) / 3, 4);
  });
});

it("a run with weights is rewound to the bit", async () => {
  const model = smallCnn();
  const data = stripes(30);
  const run = finetune(model, { ...data, weights: Float32Array.from({ length: 30 }, (_, row) => 1 + (row % 4)) }, { classWeights: "balanced", batchSize: 4, epochs: 2, seed: 3 });
  await run.step(9);
  const there = hashes(model);
  await run.step(3);
  await run.rewind({ step: 9 });
  expect(hashes(model)).toEqual(there);
});

it("weights count where the loss is measured, class weights do not", async () => {
  const run = finetune(linear(), { x, y, weights: reference.sampleWeights, validation: { x, y } }, { ...sgd, epochs: 1, learningRate: 1e-12 });
  const plain = finetune(linear(), { x, y }, { ...sgd, epochs: 1, learningRate: 1e-12, classWeights: "balanced" });
  await run.train();
  await plain.train();
  expect(run.history[0]!.metrics["loss"]).toBeCloseTo(reference.samples.losses[0]!, 5);
  expect(run.history[0]!.metrics["val_loss"]).toBeCloseTo(plain.history[0]!.metrics["loss"]!, 6);
});

it("balanced classes count the same in all, and classes that are not there nothing", async () => {
  const run = finetune(linear(), { x, y }, { ...sgd, epochs: 1, classWeights: "balanced" });
  const byHand = finetune(linear(), { x, y }, { ...sgd, epochs: 1, classWeights: { 0: 8 / 15, 1: 8 / 6, 2: 8 / 3 } });
  await run.train();
  await byHand.train();
  expect(run.steps.metrics["loss"]![0]).toBeCloseTo(byHand.steps.metrics["loss"]![0]!, 6);
});

it("accumulation says where it is not one large batch", () => {
  const { marks } = finetune(smallCnn(), stripes(12), { batchSize: 3, accumulate: 2 });
  expect(marks.map(({ label }) => label)).toEqual([
    "accumulated batches are not one large batch here: norm normalizes each by itself; freeze it, or use a larger batchSize",
    "accumulated batches draw their own noise in drop: as one large batch in the mean only",
  ]);
  expect(finetune(linear(), { x, y }, { batchSize: 3, accumulate: 2 }).marks).toEqual([]);
});

describe("weights that cannot be are refused", () => {
  const attempt = (data: object, options: object = {}) => () => finetune(linear(), { x, y, ...data }, options);
  it.each<[string, () => unknown, string]>([
    ["too few", attempt({ weights: [1, 2] }), "training data: weights has [2]; give one for each of the 8 samples, or [8, time]"],
    ["below 0", attempt({ weights: [1, 2, -1, 1, 1, 1, 1, 1] }), "training data: weights holds -1 in row 2; a weight is a number from 0 on"],
    ["all 0", attempt({ weights: new Float32Array(8) }), "training data: weights are all 0; nothing would be learned"],
    ["of a class that is not there", attempt({}, { classWeights: { 3: 1 } }), "classWeights: there is no class 3; there are 0 to 2"],
    ["of classes where there are none", attempt({ y: x }, { classWeights: "balanced", loss: "mse" }), "classWeights wants one class a sample; the targets are 8 rows of 3 numbers"],
    ["of another word", attempt({}, { classWeights: "equal" }), 'classWeights must be "balanced" or a weight for each class; it is "equal"'],
  ])("%s", (_name, make, message) => {
    expect(make).toThrow(message);
  });
});
