import { describe, expect, it } from "vitest";
import type { LayersModel } from "@tensorflow/tfjs-node";
import { finetune, optimizers } from "../../kernel/lib/training/index.js";
import type { FinetuneOptions, NonFiniteError } from "../../kernel/lib/training/index.js";
import { fromScratch } from "../../kernel/lib/models/index.js";
import { hashes, tf } from "./small.js";

/** Linear, and in part a model within the model. */
function deep(): LayersModel {
  const inner = tf.sequential({ name: "inner", layers: [tf.layers.dense({ name: "widen", units: 4, inputShape: [3], useBias: false }), tf.layers.dense({ name: "narrow", units: 2, useBias: false })] });
  return fromScratch(tf.sequential({ name: "outer", layers: [inner, tf.layers.dense({ name: "head", units: 1 })] }), { seed: 3 });
}

const rows = 64;
const x = Array.from({ length: rows }, (_, row) => [Math.sin(row), Math.cos(3 * row), Math.sin(5 * row)]);
const y = x.map(([a, b]) => [a! + 2 * b!]);

async function refusedAt(options: FinetuneOptions, step: (run: ReturnType<typeof finetune>) => Promise<unknown>) {
  const model = deep();
  const run = finetune(model, { x, y }, { loss: "mse", metrics: [], epochs: 100, batchSize: 4, seed: 1, optimizer: optimizers.sgd(), ...options });
  const error = (await step(run).then(() => undefined, (reason: unknown) => reason)) as NonFiniteError;
  return { error, run, hashes: hashes(model) };
}

describe("a step that is not finite", () => {
  it("inside a call of several compiled steps is the same step as op by op, and nothing of it is applied", async () => {
    const options = { learningRate: 0.06, schedule: ({ step }: { step: number }) => (step < 40 ? 1 : 1e9) };
    const together = await refusedAt(options, (run) => run.train());
    const single = await refusedAt(options, async (run) => {
      for (;;) await run.step();
    });
    const eager = await refusedAt({ ...options, compile: "off" }, (run) => run.train());
    for (const { error, run } of [together, single, eager]) {
      expect(error.name).toBe("NonFiniteError");
      expect(run.state).toBe("failed");
      expect(run.marks.at(-1)).toMatchObject({ kind: "nan", step: run.currentStep + 1 });
    }
    expect(together.run.currentStep).toBeGreaterThan(40);
    expect(together.run.currentStep).toBe(single.run.currentStep);
    expect(together.run.currentStep).toBe(eager.run.currentStep);
    expect(together.hashes).toEqual(single.hashes);
    expect(together.error.message).toBe(single.error.message);
    expect(together.error.message).toMatch(/^Step \d+ \(epoch 3, batch \d+ of 16\): /);
  });

  it("names the first layer that gave it, in a nested model too", async () => {
    const model = deep();
    const kernel = model.getLayer("inner") as unknown as LayersModel;
    kernel.getLayer("widen").setWeights([tf.fill([3, 4], 1000)]);
    kernel.getLayer("narrow").setWeights([tf.fill([4, 2], 3e38)]);
    const run = finetune(model, { x, y }, { loss: "mse", metrics: [], batchSize: 4, shuffle: false });
    await expect(run.train()).rejects.toThrow(/^Step 1 \(epoch 1, batch 1 of 16\): the loss is (NaN|Infinity) \(the first layer whose output is not finite is inner\/narrow: \d of 8 numbers\)\. The update was not applied/);
  });
});
