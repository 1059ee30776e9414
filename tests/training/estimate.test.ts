import { describe, expect, it } from "vitest";
import { estimate, finetune, optimizers } from "../../kernel/lib/training/index.js";
import { hashes, smallCnn, stripes, tf } from "./small.js";

const { x, y } = stripes(40);

describe("an estimate", () => {
  it("counts weights, slots, activations and samples", async () => {
    const model = smallCnn();
    const { parameters, trainable, bytes, steps } = await estimate(model, { x, y }, { batchSize: 8, epochs: 3 });
    // conv 30, norm 12 (6 of them statistics), features 48 * 6 + 6, head 21.
    expect([parameters, trainable, steps]).toEqual([30 + 12 + 294 + 21, 30 + 6 + 294 + 21, 15]);
    expect(bytes.weights).toBe(4 * 357);
    expect(bytes.gradients).toBe(4 * 351);
    expect(bytes.slots).toBe(2 * 4 * 351);
    // conv, norm, flat and drop give 48 numbers a sample, features 6, head 3.
    expect(bytes.activations).toBe(4 * 8 * (4 * 48 + 6 + 3));
    expect(bytes.batch).toBe(4 * 8 * (36 + 3));
    expect(bytes.data).toBe(4 * 40 * (36 + 3));
    expect(bytes.cache).toBe(0);
  });

  it("follows the optimizer and what is frozen, with what the frozen layers give", async () => {
    const model = smallCnn();
    model.layers.slice(0, 5).forEach((layer) => (layer.trainable = false));
    const { trainable, bytes } = await estimate(model, { x, y }, { batchSize: 8 });
    expect([trainable, bytes.slots, bytes.cache]).toEqual([21, 2 * 4 * 21, 4 * 40 * 6]);
    const plain = await estimate(model, { x, y }, { batchSize: 8, optimizer: optimizers.sgd({ momentum: 0.9 }), cache: "off" });
    expect([plain.bytes.slots, plain.bytes.cache]).toEqual([4 * 21, 0]);
  });

  it("measures the time of a step on a copy", async () => {
    const model = smallCnn();
    const before = hashes(model);
    const found = await estimate(model, { x, y }, { batchSize: 8, epochs: 2, measureSteps: 3 });
    expect(found.secondsPerStep).toBeGreaterThan(0);
    expect(found.seconds).toBeCloseTo(found.secondsPerStep! * 10, 10);
    expect(hashes(model)).toEqual(before);
    expect(String(found)).toMatch(/351 of 357 parameters train, 10 steps[\s\S]*activations[\s\S]*ms a step/);
    const tensors = tf.memory().numTensors;
    await estimate(model, { x, y }, { batchSize: 8, epochs: 2, measureSteps: 3 });
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it("keeps a run that cannot fit from beginning, and tells what helps", () => {
    const wide = tf.sequential({ layers: [tf.layers.flatten({ inputShape: [6, 6, 1] }), tf.layers.dense({ units: 3, activation: "softmax" })] });
    expect(() => finetune(wide, { x, y }, { batchSize: 40, memoryLimit: 5000 })).toThrow(/A step needs at least \d+ kB, and there are 5 kB \(activations \d+ kB.*smaller batchSize.*memoryLimit: Infinity/);
    expect(() => finetune(wide, { x, y }, { batchSize: 40, memoryLimit: 1e6 })).not.toThrow();
    expect(() => finetune(wide, { x, y }, { memoryLimit: Infinity })).not.toThrow();
    expect(() => finetune(wide, { x, y }, { memoryLimit: -1 })).toThrow(/memoryLimit must be a number of bytes above 0; it is -1/);
    // What no machine has.
    const huge = tf.sequential({ layers: [tf.layers.reshape({ targetShape: [6, 6, 1], inputShape: [6, 6, 1] }), tf.layers.upSampling2d({ size: [20000, 20000] }), tf.layers.globalAveragePooling2d({}), tf.layers.dense({ units: 3, activation: "softmax" })] });
    expect(() => finetune(huge, { x, y }, { batchSize: 32 })).toThrow(/A step needs at least .* GB/);
  });
});
