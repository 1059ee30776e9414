/** In a file, and so in a process, of its own: runs that were let go give their memory back when they are collected. */
import { describe, expect, it } from "vitest";
import { finetune } from "../../kernel/lib/training/index.js";
import { smallCnn, stripes, tf } from "./small.js";

const data = { ...stripes(60), validation: stripes(30) };

describe("memory", () => {
  it("stays where it is over 1,000 steps", async () => {
    const run = finetune(smallCnn(), { ...stripes(120), validation: stripes(6) }, { epochs: 51, batchSize: 6, seed: 1, optimizer: "adamw", clipNorm: 1 });
    await run.step(10);
    const before = tf.memory();
    await run.step(1000);
    expect(run.currentStep).toBe(1010);
    expect(tf.memory().numTensors - before.numTensors).toBe(0);
    expect(tf.memory().numBytes - before.numBytes).toBe(0);
    run.dispose();
  }, 120_000);

  it("is given back by dispose", async () => {
    const model = smallCnn();
    const before = tf.memory().numTensors;
    const run = finetune(model, data, { epochs: 3, batchSize: 16, earlyStopping: { patience: 3 } });
    await run.train();
    run.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
