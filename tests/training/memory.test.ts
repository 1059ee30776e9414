/** In a file, and so in a process, of its own: runs that were let go give their memory back when they are collected. */
import { describe, expect, it } from "vitest";
import { finetune, freezeAllBut } from "../../kernel/lib/training/index.js";
import type { FinetuneOptions } from "../../kernel/lib/training/index.js";
import { smallCnn, stripes, tf } from "./small.js";

const data = { ...stripes(60), validation: stripes(30) };

describe("memory", () => {
  // Op by op a step takes ten times as long.
  it.each<[steps: number, string, FinetuneOptions]>([
    [10_000, "compiled", {}],
    [2_000, "op by op", { compile: "off" }],
    [10_000, "compiled, of a watched head on a frozen prefix", { watch: true }],
  ])("stays where it is over %i steps: %s", async (steps, _name, changes) => {
    const { layers } = tf;
    const model = tf.sequential({ layers: [layers.dense({ name: "below", units: 4, inputShape: [36], activation: "relu" }), layers.dropout({ rate: 0.2 }), layers.dense({ name: "head", units: 3, activation: "softmax" })] });
    if (changes.watch) freezeAllBut(model, "head");
    const { x, y } = stripes(2000);
    const run = finetune(model, { x, y }, { epochs: 30, batchSize: 4, trainingSample: 32, seed: 1, optimizer: "sgd", clipNorm: 1, chart: false, ...changes });
    await run.step(1000);
    const before = tf.memory();
    const resident = process.memoryUsage.rss();
    await run.step(steps);
    expect(run.currentStep).toBe(1000 + steps);
    expect(tf.memory().numTensors - before.numTensors).toBe(0);
    expect(tf.memory().numBytes - before.numBytes).toBe(0);
    // What was measured at each step, garbage that waits to be collected, and the allocator's slack.
    expect((process.memoryUsage.rss() - resident) / 2 ** 20).toBeLessThan(96);
    run.dispose();
  }, 600_000);

  it("is given back by dispose", async () => {
    const model = smallCnn();
    const before = tf.memory().numTensors;
    const run = finetune(model, data, { epochs: 3, batchSize: 16, earlyStopping: { patience: 3 } });
    await run.train();
    run.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
