/** Updates that sound gradients make, and that no number can hold. */
import { describe, expect, it } from "vitest";
import type { LayersModel } from "@tensorflow/tfjs-node";
import { finetune, optimizers } from "../../kernel/lib/training/index.js";
import type { FinetuneOptions } from "../../kernel/lib/training/index.js";
import { fromScratch } from "../../kernel/lib/models/index.js";
import { hashes, tf, valuesOf } from "./small.js";

const x = Array.from({ length: 64 }, (_, row) => [Math.sin(row), Math.cos(3 * row), Math.sin(5 * row)]);
const y = x.map(([a, b]) => [a! + 2 * b!]);

function mlp(constrained = false): LayersModel {
  const kernelConstraint = constrained ? tf.constraints.maxNorm({ maxValue: 3 }) : undefined;
  return fromScratch(tf.sequential({ name: "mlp", layers: [tf.layers.dense({ name: "hidden", units: 4, inputShape: [3], activation: "tanh", ...(kernelConstraint && { kernelConstraint }) }), tf.layers.dense({ name: "head", units: 1 })] }), { seed: 3 });
}

async function refused(options: FinetuneOptions, constrained = false) {
  const model = mlp(constrained);
  const run = finetune(model, { x, y }, { loss: "mse", metrics: [], epochs: 30, batchSize: 8, seed: 1, ...options });
  let before = hashes(model);
  run.subscribe(({ kind }) => kind === "step" && (before = hashes(model)));
  const error = (await run.train().then(() => undefined, (reason: unknown) => reason)) as Error;
  expect(error?.name).toBe("NonFiniteError");
  expect(hashes(model)).toEqual(before);
  expect(model.getWeights().every((weight) => tf.all(tf.isFinite(weight)).dataSync()[0] === 1)).toBe(true);
  expect(run.marks.at(-1)).toMatchObject({ kind: "nan", step: run.currentStep + 1 });
  return { message: error.message, step: run.currentStep, hashes: hashes(model) };
}

const at = (step: number, factor: number): FinetuneOptions => ({ schedule: (now) => (now.step < step ? 1 : factor) });

describe("an update that overflows", () => {
  it.each(["auto", "off"] as const)("by decay at the first step is refused, and the weight named, compile: %s", async (compile) => {
    const { message, step } = await refused({ learningRate: 1e38, weightDecay: 1e5, compile });
    expect(step).toBe(0);
    expect(message).toMatch(/^Step 1 \(epoch 1, batch 1 of 8\): what the update makes of hidden\/kernel, hidden\/bias, head\/kernel and 1 more is not finite\. The update was not applied; the weights are those of step 0\. Lower learningRate \(it was 1e\+38\) or weightDecay$/);
  });

  it.each<[string, FinetuneOptions, boolean?]>([
    ["adam", { learningRate: 1e-3, weightDecay: 1, ...at(19, 1e42) }],
    ["adam without epsilon", { learningRate: 1e-3, weightDecay: 1, optimizer: optimizers.adam({ epsilon: 0 }), ...at(19, 1e42) }],
    ["sgd", { learningRate: 1e-3, optimizer: "sgd", ...at(19, 1e42) }],
    ["sgd with momentum", { learningRate: 1e-3, optimizer: optimizers.sgd({ momentum: 0.9 }), ...at(19, 1e42) }],
    ["lion", { learningRate: 1e-3, optimizer: "lion", weightDecay: 1, ...at(19, 1e42) }],
    ["adam, measured", { learningRate: 1e-3, weightDecay: 1, watch: true, ...at(19, 1e42) }],
  ])("is refused within compiled calls of several steps as op by op: %s", async (_name, options) => {
    const [compiled, eager] = [await refused(options), await refused({ ...options, compile: "off" })];
    expect(compiled.step).toBe(19);
    expect(eager.step).toBe(19);
    expect(compiled.message).toBe(eager.message);
    expect(compiled.message).toContain("what the update makes of");
  });

  it.each(["sgd", "adam"] as const)("that only looks too large is applied, by %s: the weight itself decides", async (optimizer) => {
    const model = fromScratch(tf.sequential({ name: "half", layers: [tf.layers.dense({ name: "dead", units: 2, inputShape: [3], activation: "relu" }), tf.layers.dense({ name: "head", units: 1 })] }), { seed: 3 });
    const run = finetune(model, { x: x.map((row) => row.map((value) => Math.abs(value) + 0.1)), y }, { loss: "mse", metrics: [], epochs: 30, batchSize: 8, seed: 1, optimizer, learningRate: 1e-3 });
    await run.step(12);
    // Its output is 0 and so is its gradient; the sum of its squares is beyond single precision.
    model.getLayer("dead").setWeights([tf.fill([3, 2], -2e19), tf.zeros([2])]);
    const bias = valuesOf(model, "head/bias");
    await run.step(12);
    expect(run.currentStep).toBe(24);
    expect(valuesOf(model, "head/bias")).not.toEqual(bias);
  });

  it("is refused where a constraint comes after it", async () => {
    const { message } = await refused({ learningRate: 1e-3, weightDecay: 1, ...at(19, 1e42) }, true);
    expect(message).toContain("hidden/kernel");
  });
});
