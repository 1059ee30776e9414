import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LayersModel, Tensor, Variable } from "@tensorflow/tfjs-node";
import { afterAll, describe, expect, it, vi } from "vitest";
import { copyModel, encoder, forward, fromScratch, loadPretrained, replaceHead, save, weightEntries } from "../../kernel/lib/models/index.js";
import type { EncoderOptions, TrainingPass } from "../../kernel/lib/models/index.js";
import { compile, TrainingSession } from "../../kernel/lib/tensorflow/graph/index.js";
import { finetune, freeze, trainable } from "../../kernel/lib/training/index.js";
import { farthest, hashes, tf, valuesOf } from "../training/small.js";

interface Numbers {
  shape: number[];
  values: number[];
}
interface Reference {
  activation: "gelu" | "gelu_tanh";
  pooling: "mean" | "cls";
  ids: number[][];
  mask: number[][];
  types: number[][];
  pooled: Numbers;
  towards: Numbers;
  loss: number;
  weights: Record<string, Numbers>;
  gradients: Record<string, Numbers>;
}

const references = JSON.parse(readFileSync(new URL("encoder-references.json", import.meta.url), "utf8")) as Reference[];
const folder = mkdtempSync(join(tmpdir(), "thawbook-encoder-"));
afterAll(() => rmSync(folder, { recursive: true }));

const SMALL: EncoderOptions = { layers: 2, width: 8, heads: 2, feedForward: 16, vocabulary: 20, positions: 9, dropout: 0 };
const texts = ({ ids, mask, types }: Pick<Reference, "ids" | "mask" | "types">): Tensor[] => [ids, mask, types].map((rows) => tf.tensor2d(rows, undefined, "int32"));

function withWeights({ activation, pooling, weights }: Reference, changes: Partial<EncoderOptions> = {}): LayersModel {
  const model = encoder({ ...SMALL, activation, pooling, ...changes });
  for (const { path, variable } of weightEntries(model)) variable.write(tf.tensor(weights[path]!.values, weights[path]!.shape));
  return model;
}

const inference = { training: () => false, dropoutRate: () => 0, statistics: () => undefined, seed: 1, step: 0, pass: 0 };
const always: TrainingPass = { ...inference, training: () => true, dropoutRate: (_path, own) => own };

describe.each(references.map((each) => [`${each.activation}, ${each.pooling}`, each] as const))("an encoder with %s", (_name, reference) => {
  it("has BERT's weights under readable names", () => {
    expect(weightEntries(withWeights(reference)).map(({ path }) => path).sort()).toEqual(Object.keys(reference.weights).sort());
  });

  it("gives what transformers' BERT gives", () => {
    const model = withWeights(reference);
    const expected = reference.pooled.values;
    expect(farthest((model.predict(texts(reference)) as Tensor).dataSync(), expected)).toBeLessThan(1e-5);
    const run = compile((...inputs: Tensor[]) => forward(model, inputs)[0]!);
    expect(farthest(run(...texts(reference)).dataSync(), expected)).toBeLessThan(1e-5);
    expect(run.eager).toBeUndefined();
  });

  it.each([["in a training pass", { ...always, dropoutRate: () => 0 }], ["in inference, for a frozen part that gradients pass", inference]])("has PyTorch's gradients %s", (_mode, train) => {
    const model = withWeights(reference);
    const weights = weightEntries(model);
    const towards = tf.tensor(reference.towards.values, reference.towards.shape);
    const loss = (inputs: Tensor[]) => tf.variableGrads(() => tf.mean(tf.square(tf.sub(forward(model, inputs, { train })[0]!, towards))).asScalar(), weights.map(({ variable }) => variable.read() as Variable));
    const { value, grads } = loss(texts(reference));
    expect(value.dataSync()[0]).toBeCloseTo(reference.loss, 5);
    for (const { path, variable } of weights) expect(farthest(grads[(variable.read() as Variable).name]!.dataSync(), reference.gradients[path]!.values), path).toBeLessThan(1e-4);
  });
});

describe("an encoder", () => {
  const [reference] = references as [Reference];
  const rows = { x: texts(reference), y: [0, 1, 2] };
  const classifier = (changes: Partial<EncoderOptions> = {}) => replaceHead(withWeights(reference, changes), { classes: 3, seed: 1 });

  it("does not see what the mask hides", () => {
    const model = withWeights(reference);
    const [ids, mask, types] = texts(reference) as [Tensor, Tensor, Tensor];
    const other = tf.add(ids, tf.mul(tf.sub(tf.scalar(1, "int32"), mask), tf.scalar(7, "int32")));
    expect(farthest((model.predict([other, mask, types]) as Tensor).dataSync(), (model.predict([ids, mask, types]) as Tensor).dataSync())).toBeLessThan(1e-6);
  });

  it("draws its dropout by seed, step and place, the same eagerly and compiled", async () => {
    const calls = vi.spyOn(TrainingSession.prototype, "step");
    const settings = { epochs: 40, batchSize: 3, learningRate: 1e-2, seed: 3, shuffle: false, chart: false } as const;
    const [compiled, eager, again] = [classifier({ dropout: 0.3 }), classifier({ dropout: 0.3 }), classifier({ dropout: 0.3 })];
    const first = finetune(compiled, rows, settings);
    await first.step(4);
    expect(calls).toHaveBeenCalled();
    const second = finetune(eager, rows, { ...settings, compile: "off" });
    await second.step(4);
    expect(farthest(first.steps.metrics["loss"]!, second.steps.metrics["loss"]!)).toBeLessThan(1e-3);
    const third = finetune(again, rows, settings);
    await third.step(4);
    expect(hashes(again)).toEqual(hashes(compiled));
    const other = finetune(classifier({ dropout: 0.3 }), rows, { ...settings, dropout: { "embeddings/*": 0 } });
    await other.step(1);
    expect(other.steps.metrics["loss"]![0]).not.toBe(first.steps.metrics["loss"]![0]);
  });

  it("keeps what is frozen, by layer and by part", async () => {
    const model = classifier({ dropout: 0.1 });
    const before = hashes(model);
    freeze(model, "embeddings", "encoder/layer/0", "encoder/layer/1/attention/*");
    expect(trainable(model)["trains"].values.slice(0, 3)).toEqual([0, 0, 8 * 16 + 16 + 16 * 8 + 8 + 16]);
    const run = finetune(model, rows, { epochs: 2, batchSize: 3, learningRate: 1e-2, chart: false });
    await run.train();
    const moved = Object.entries(hashes(model)).filter(([path, hash]) => before[path] !== hash).map(([path]) => path);
    expect(moved.sort()).toEqual(["encoder/layer/1/intermediate/bias", "encoder/layer/1/intermediate/kernel", "encoder/layer/1/norm/beta", "encoder/layer/1/norm/gamma", "encoder/layer/1/output/bias", "encoder/layer/1/output/kernel", "head/bias", "head/kernel"]);
  });

  it("learns, in tfjs' own fit too", async () => {
    const model = withWeights(reference, { dropout: 0.1 });
    const towards = tf.tensor(reference.towards.values, reference.towards.shape);
    model.compile({ optimizer: tf.train.adam(0.01), loss: "meanSquaredError" });
    const { history } = await model.fit(texts(reference), towards, { epochs: 20, verbose: 0 });
    expect(history["loss"]!.at(-1)).toBeLessThan(0.7 * (history["loss"]![0] as number));
  });

  it("is copied, saved and loaded with its weights, and begins anew from a seed", async () => {
    const model = classifier();
    const expected = (model.predict(texts(reference)) as Tensor).dataSync();
    expect(hashes(copyModel(model))).toEqual(hashes(model));
    const loaded = await loadPretrained(await save(model, join(folder, "saved")));
    expect((loaded.predict(texts(reference)) as Tensor).dataSync()).toEqual(expected);
    expect(weightEntries(loaded).map(({ path }) => path)).toEqual(weightEntries(model).map(({ path }) => path));
    expect(hashes(fromScratch(model, { seed: 2 }))).toEqual(hashes(fromScratch(loaded, { seed: 2 })));
    expect(hashes(fromScratch(model, { seed: 2 }))).not.toEqual(hashes(fromScratch(model, { seed: 3 })));
    expect(valuesOf(encoder(SMALL), "encoder/layer/0/norm/gamma")).toEqual(Array(8).fill(1));
  });

  it("says what it does not take", () => {
    expect(() => encoder({ ...SMALL, heads: 3 })).toThrow("width must be a multiple of heads; 8 features do not go into 3 heads");
    expect(() => encoder({ ...SMALL, layers: 0 })).toThrow("layers must be a whole number from 1 on; it is 0");
    const long = tf.ones([1, 10], "int32");
    expect(() => encoder(SMALL).predict([long, long, long])).toThrow("10 tokens are more than the 9 positions");
    const [, mask, types] = texts(reference) as [Tensor, Tensor, Tensor];
    expect(() => encoder(SMALL).predict([tf.fill(mask.shape, 20, "int32"), mask, types])).toThrow(/not in \[0, 20\)/);
  });
});
