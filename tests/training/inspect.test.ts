import { describe, expect, it } from "vitest";
import type { LayersModel, Tensor } from "@tensorflow/tfjs-node";
import { fromScratch } from "../../kernel/lib/models/index.js";
import { biases, finetune, freeze, gradualUnfreezing, schedules } from "../../kernel/lib/training/index.js";
import type { FinetuneOptions } from "../../kernel/lib/training/index.js";
import { farthest, smallCnn, stripes, tf } from "./small.js";

const data = { ...stripes(60), validation: stripes(30) };
const options: FinetuneOptions = { epochs: 3, batchSize: 16, learningRate: 5e-3, seed: 1 };
const disposed = (tensors: Record<string, Tensor>) => Object.values(tensors).forEach((tensor) => tensor.dispose());

describe("a run lets one look at", () => {
  it("its weights, by selector, as copies", async () => {
    const run = finetune(smallCnn(), data, options);
    await run.step();
    const before = tf.memory().numTensors;
    const all = run.weights();
    expect(Object.keys(all)).toEqual(["conv1/kernel", "conv1/bias", "norm/gamma", "norm/beta", "norm/moving_mean", "norm/moving_variance", "features/kernel", "features/bias", "head/kernel", "head/bias"]);
    expect(Object.keys(run.weights("norm"))).toEqual(["norm/gamma", "norm/beta", "norm/moving_mean", "norm/moving_variance"]);
    expect(Object.keys(run.weights("head/kernel", biases))).toEqual(["conv1/bias", "features/bias", "head/kernel", "head/bias"]);
    expect(() => run.weights("hed")).toThrow("the closest names are head");
    const then = Array.from(all["head/kernel"]!.dataSync());
    expect(then).toEqual(Array.from(run.model.getLayer("head").getWeights()[0]!.dataSync()));
    await run.step();
    expect(Array.from(all["head/kernel"]!.dataSync())).toEqual(then);
    expect(Array.from(run.model.getLayer("head").getWeights()[0]!.dataSync())).not.toEqual(then);
    disposed(all);
    expect(tf.memory().numTensors).toBeLessThan(before + 30);
  });

  it("its activations, of the batch just taken or of any input, in nested models too", async () => {
    const inner = tf.sequential({ name: "inner", layers: [tf.layers.dense({ name: "wide", units: 4, activation: "relu", inputShape: [3] }), tf.layers.dropout({ name: "drop", rate: 0.5 })] });
    const model = fromScratch(tf.sequential({ name: "outer", layers: [inner, tf.layers.dense({ name: "head", units: 2, activation: "softmax" })] }) as LayersModel, { seed: 1 });
    const x = Array.from({ length: 10 }, (_, row) => [Math.sin(row), Math.cos(row), row / 10]);
    const run = finetune(model, { x, y: x.map((_, row) => row % 2) }, { batchSize: 4, accumulate: 2, shuffle: false, seed: 1 });
    expect(() => run.activations()).toThrow("take a step first, or give inputs: run.activations(x)");
    await run.step();
    const found = run.activations();
    expect(Object.entries(found).map(([path, { shape }]) => [path, shape])).toEqual([["inner/wide", [8, 4]], ["inner/drop", [8, 4]], ["head", [8, 2]]]);
    const expected = model.predict(tf.tensor2d(x.slice(0, 8))) as Tensor;
    expect(farthest(found["head"]!.dataSync(), expected.dataSync())).toBeLessThan(1e-6);
    const given = run.activations(x.slice(8));
    expect(given["head"]!.shape).toEqual([2, 2]);
    expect(() => run.activations([[1, 2]])).toThrow("activations: x has [1, 2]; the model takes [samples, 3]");
    const before = tf.memory().numTensors;
    disposed(run.activations());
    expect(tf.memory().numTensors).toBe(before);
    disposed(found);
    disposed(given);
  });
});

describe("two runs are compared", () => {
  it("from where they parted", async () => {
    const run = finetune(smallCnn(), data, { ...options, schedule: schedules.cosine() });
    await run.epoch();
    const fork = run.fork({ learningRate: 1e-3, dropout: 0.1, name: "slower", thaw: gradualUnfreezing({ everySteps: 1 }) });
    freeze(fork.model, "conv1");
    await run.train();
    await fork.train();
    const comparison = run.compare(fork);
    expect(comparison.forkedAt).toBe(4);
    expect(comparison.options.columns).toEqual(["option", "small", "slower"]);
    expect(comparison.options.values).toEqual([
      ["learningRate", "0.005", "0.001"],
      ["dropout", "", "0.1"],
      ["thaw", "", "gradual unfreezing, one more part every step"],
    ]);
    expect(comparison.epochs.columns).toEqual(["epoch", ...["loss", "accuracy", "val_loss", "val_accuracy"].flatMap((metric) => [`${metric}, small`, `${metric}, slower`])]);
    expect((comparison.epochs.values as number[][]).map(([epoch]) => epoch)).toEqual([2, 3]);
    expect((comparison.epochs.values as number[][])[1]![6]).toBeCloseTo(fork.history[2]!.metrics["val_loss"]!, 3);
    expect(String(comparison)).toMatch(/^The same run up to step 4\n/);
    expect(String(comparison)).toMatch(/\ntrains +conv1, norm, features, head +norm, features, head\n/);
    const bundle = (comparison as unknown as Record<symbol, () => Record<string, string>>)[Symbol.for("Jupyter.display")]!();
    expect(bundle["text/html"]).toContain("<td>dropout</td><td></td><td>0.1</td>");

    const again = fork.fork();
    const sibling = run.fork({ seed: 7 });
    expect([again.compare(run).forkedAt, again.compare(fork).forkedAt, again.compare(sibling).forkedAt]).toEqual([4, 12, 4]);
  });

  it("that have nothing in common", async () => {
    const one = finetune(smallCnn(), data, options);
    const other = finetune(smallCnn(2), data, { ...options, seed: 2 });
    await one.epoch();
    await other.epoch();
    expect(one.compare(other).forkedAt).toBeUndefined();
    expect(one.compare(other).options.columns).toEqual(["option", "small (1)", "small (2)"]);
    expect(one.compare(other).options.values).toEqual([["seed", "1", "2"]]);
  });
});
