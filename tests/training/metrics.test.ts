import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { finetune, measureModel } from "../../kernel/lib/training/index.js";
import type { MetricName, Numbers } from "../../kernel/lib/training/index.js";
import { tf } from "./small.js";

type Kind = "classes" | "labels" | "numbers";
type Measured = Record<Kind, Record<string, number>>;
interface Reference {
  scores: number[][];
  classes: number[];
  labels: number[][];
  numbers: number[][];
  weights: number[];
  plain: Measured;
  weighted: Measured;
}
const reference = (JSON.parse(readFileSync(new URL("references.json", import.meta.url), "utf8")) as { metrics: Reference }).metrics;

/** A model that gives its input. */
function identity(activation: "linear" | "softmax" | "sigmoid") {
  const model = tf.sequential({ name: "identity", layers: [tf.layers.dense({ name: "head", units: 4, inputShape: [4], activation, useBias: false })] });
  model.layers[0]!.setWeights([tf.eye(4)]);
  return model;
}

const KINDS = { classes: ["softmax", "crossentropy"], labels: ["sigmoid", "binaryCrossentropy"], numbers: ["linear", "mse"] } as const;

describe.each(["plain", "weighted"] as const)("a metric is scikit-learn's, %s", (how) => {
  it.each(Object.keys(KINDS) as Kind[])("of %s", async (kind) => {
    const expected = reference[how][kind];
    const [activation, loss] = KINDS[kind];
    const weights = how === "weighted" && { weights: reference.weights };
    const found = await measureModel(identity(activation), { x: reference.scores, y: reference[kind] as Numbers, ...weights }, { loss, metrics: Object.keys(expected) as MetricName[] });
    for (const [name, value] of Object.entries(expected)) expect(found[name], name).toBeCloseTo(value, 5);
  });
});

it("a run measures them on both sides, compiled and op by op alike", async () => {
  const histories = await Promise.all((["auto", "off"] as const).map(async (compile) => {
    const data = { x: reference.scores, y: reference.classes, validation: { x: reference.scores.slice(3), y: reference.classes.slice(3) } };
    const run = finetune(identity("softmax"), data, { epochs: 10, batchSize: 10, compile, metrics: ["f1", "top2Accuracy"], earlyStopping: { patience: 9, monitor: "val_f1" } });
    await run.train();
    expect(run.best?.value).toBe(Math.max(...run.history.map(({ metrics }) => metrics["val_f1"]!)));
    return run.history.map(({ metrics }) => metrics);
  }));
  expect(Object.keys(histories[0]![0]!)).toEqual(["loss", "f1", "top2Accuracy", "val_loss", "val_f1", "val_top2Accuracy"]);
  histories[0]!.forEach((metrics, epoch) => expect(metrics["f1"]).toBeCloseTo(histories[1]![epoch]!["f1"]!, 5));
});

it("a metric of one's own may sum up samples itself", async () => {
  const most = { name: "most", better: "lower", perSample: (y: import("@tensorflow/tfjs-node").Tensor, p: typeof y) => tf.max(tf.abs(tf.sub(p, y)), -1), summary: (values: Float64Array) => Math.max(...values) } as const;
  const found = await measureModel(identity("linear"), { x: [[1, 2, 3, 4], [0, 0, 0, 9]], y: [[1, 2, 3, 4], [0, 0, 0, 2]] }, { loss: "mse", metrics: [most] });
  expect(found["most"]).toBe(7);
});

describe("a class for each time step", () => {
  const tagger = () => {
    const model = tf.sequential({ name: "tagger", layers: [tf.layers.dense({ name: "tag", units: 3, inputShape: [2, 3], activation: "softmax", useBias: false })] });
    model.layers[0]!.setWeights([tf.eye(3)]);
    return model;
  };
  const x = [[[2, 0, 0], [0, 1, 0]], [[0, 0, 3], [9, 9, 9]]];
  const crossentropy = (logits: number[], own: number) => Math.log(logits.reduce((sum, value) => sum + Math.exp(value), 0)) - logits[own]!;

  it("is left out where it is -100, in the loss and in the accuracy", async () => {
    const y = [[0, 2], [2, -100]];
    const expected = (crossentropy([2, 0, 0], 0) + crossentropy([0, 1, 0], 2) + crossentropy([0, 0, 3], 2)) / 3;
    const found = await measureModel(tagger(), { x, y });
    expect(found["loss"]).toBeCloseTo(expected, 5);
    expect(found["accuracy"]).toBeCloseTo(2 / 3, 6);
    for (const compile of ["auto", "off"] as const) {
      const run = finetune(tagger(), { x, y }, { batchSize: 1, accumulate: 2, shuffle: false, epochs: 30, compile });
      await run.step();
      expect(run.steps.metrics["loss"]![0]).toBeCloseTo(expected, 5);
    }
  });

  it("says what does not fit", () => {
    expect(() => finetune(tagger(), { x, y: [[0, 1, 2], [0, 1, 2]] })).toThrow("training data: y has 3 time steps and the model gives 2");
    expect(() => finetune(tagger(), { x, y: [[0, 3], [0, 1]] })).toThrow("training data: y holds 3 in row 0; the model tells 3 classes apart, 0 to 2");
  });
});

it.each<[MetricName, "classes" | "labels" | "numbers", string]>([
  ["auc", "classes", 'metrics: "auc" is measured on labels; the loss crossentropy has classes'],
  ["r2", "labels", 'metrics: "r2" is measured on numbers; the loss binaryCrossentropy has labels'],
  ["top3Accuracy", "numbers", 'metrics: "top3Accuracy" is measured on classes; the loss mse has numbers'],
  ["f2" as MetricName, "classes", 'metrics: "f2" is not known; there are accuracy'],
])("%s on %s is refused", (metric, kind, message) => {
  const [activation, loss] = KINDS[kind];
  expect(() => finetune(identity(activation), { x: reference.scores, y: reference[kind] as Numbers }, { loss, metrics: [metric] })).toThrow(message);
});
