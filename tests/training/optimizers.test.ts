import { readFileSync } from "node:fs";
import type { Tensor } from "@tensorflow/tfjs-node";
import { describe, expect, it } from "vitest";
import { finetune, optimizers } from "../../kernel/lib/training/index.js";
import type { UpdateRule } from "../../kernel/lib/training/index.js";
import { farthest, tf, valuesOf } from "./small.js";

type Matrix = number[][];
interface References {
  optimizers: { start: Matrix; gradients: Matrix[]; weights: Record<string, Matrix[]> };
  linear: Record<"adamw" | "sgd clipped", { losses: number[]; kernel: Matrix; bias: number[] }> & { x: Matrix; y: Matrix; kernel: Matrix; bias: number[] };
}
const references = JSON.parse(readFileSync(new URL("references.json", import.meta.url), "utf8")) as References;

/** Name in the references, our rule, its rate there. */
const RULES: [string, UpdateRule, number][] = [
  ["sgd", optimizers.sgd(), 0.1],
  ["sgd momentum", optimizers.sgd({ momentum: 0.9 }), 0.1],
  ["sgd nesterov", optimizers.sgd({ momentum: 0.9, nesterov: true }), 0.1],
  ["adam", optimizers.adam(), 0.1],
  ["adam, other betas", optimizers.adam({ beta1: 0.8, beta2: 0.95, epsilon: 1e-3 }), 0.05],
  ["rmsprop", optimizers.rmsprop(), 0.1],
  ["rmsprop momentum", optimizers.rmsprop({ momentum: 0.9 }), 0.1],
  ["lion", optimizers.lion(), 0.1],
  ["adafactor", optimizers.adafactor(), 0.1],
];

describe("an optimizer takes 20 steps as its peer does", () => {
  it.each(RULES)("%s", (name, rule, rate) => {
    const { start, gradients, weights } = references.optimizers;
    let weight: Tensor = tf.tensor2d(start);
    let slots: Tensor[] = rule.slots.map((slot) => tf.zeros([...(rule.slotShape?.(slot, weight.shape) ?? weight.shape)]));
    gradients.forEach((gradient, index) => {
      const result = rule.update(tf.tensor2d(gradient), slots, rule.scalars(index + 1, rate), weight);
      weight = tf.sub(weight, result.step);
      slots = result.slots;
      expect(farthest(weight.dataSync(), weights[name]![index]!.flat()), `step ${index + 1}`).toBeLessThan(1e-5);
    });
  });

  it("adafactor, for a vector", () => {
    const { start, gradients, weights } = references.optimizers;
    const rule = optimizers.adafactor();
    let weight: Tensor = tf.tensor1d(start.flat());
    let slots: Tensor[] = [tf.zeros([6]), tf.scalar(0)];
    gradients.forEach((gradient, index) => {
      const result = rule.update(tf.tensor1d(gradient.flat()), slots, rule.scalars(index + 1, 0.1), weight);
      weight = tf.sub(weight, result.step);
      slots = result.slots;
      expect(farthest(weight.dataSync(), weights["adafactor, vector"]![index]!.flat()), `step ${index + 1}`).toBeLessThan(1e-5);
    });
  });
});

describe("a run on a linear layer", () => {
  const { x, y, kernel, bias } = references.linear;
  const layer = () => {
    const model = tf.sequential({ layers: [tf.layers.dense({ name: "linear", units: 2, inputShape: [3] })] });
    model.layers[0]!.setWeights([tf.tensor2d(kernel), tf.tensor1d(bias)]);
    return model;
  };

  it("decays as PyTorch's AdamW does, the kernel and not the bias", async () => {
    const model = layer();
    const expected = references.linear.adamw;
    const run = finetune(model, { x, y }, { optimizer: "adamw", learningRate: 0.05, weightDecay: 0.1, batchSize: 8, epochs: 20, shuffle: false });
    await run.train();
    expect(farthest(run.steps.metrics["loss"]!, expected.losses)).toBeLessThan(1e-5);
    expect(farthest(valuesOf(model, "linear/kernel"), expected.kernel.flat())).toBeLessThan(1e-5);
    expect(farthest(valuesOf(model, "linear/bias"), expected.bias)).toBeLessThan(1e-5);
  });

  it("clips by the norm of all gradients together, as PyTorch does", async () => {
    const model = layer();
    const expected = references.linear["sgd clipped"];
    const run = finetune(model, { x, y }, { optimizer: "sgd", learningRate: 0.1, clipNorm: 0.5, batchSize: 8, epochs: 20, shuffle: false });
    await run.train();
    expect(Math.max(...run.gradientNorms)).toBeGreaterThan(0.5);
    expect(farthest(run.steps.metrics["loss"]!, expected.losses)).toBeLessThan(1e-5);
    expect(farthest(valuesOf(model, "linear/kernel"), expected.kernel.flat())).toBeLessThan(1e-5);
  });
});

it("an optimizer that is not known is named with those that are", () => {
  const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1] })] });
  expect(() => finetune(model, { x: [[1]], y: [1] }, { optimizer: "adamx" as "adam" })).toThrow('optimizer: "adamx" is not known; there are adam, adamw, sgd');
});
