import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { augmentations, finetune } from "../../kernel/lib/training/index.js";
import type { Augment, FinetuneOptions } from "../../kernel/lib/training/index.js";
import { farthest, hashes, smallCnn, stripes, tf } from "./small.js";

const { x, y } = stripes(24);
const options = { epochs: 3, batchSize: 8, seed: 3, chart: false } as const;
const images = [augmentations.flip({ vertical: true }), augmentations.shift({ by: 0.2 }), augmentations.rotate({ degrees: 20 }), augmentations.zoom(), augmentations.noise()];

async function trained(given: FinetuneOptions): Promise<Record<string, string>> {
  const model = smallCnn();
  const run = finetune(model, { x, y }, { ...options, ...given });
  await run.train();
  run.dispose();
  return hashes(model);
}

/** What one batch of two images becomes; the images are those of the model's data. */
function changed(augment: Augment, given: number[][][][]): number[][][][] {
  const random = { uniform: (shape?: number[], low = 0, high = 1) => (shape ? tf.fill(shape, high === 1 && low === 0 ? 0.1 : high) : 0.1), normal: (shape: number[]) => tf.ones(shape) };
  return tf.tidy(() => (augment({ x: tf.tensor4d(given), y: tf.zeros([given.length, 1]) }, random as never).x as ReturnType<typeof tf.tensor4d>).arraySync() as number[][][][]);
}

describe("an augmentation of images", () => {
  const image = [[[1], [2], [3]], [[4], [5], [6]], [[7], [8], [9]]];
  const flat = (values: number[][][][]) => values.flat(3).map((value) => Math.round(value * 1e4) / 1e4);
  it("flips", () => {
    expect(flat(changed(augmentations.flip(), [image]))).toEqual([3, 2, 1, 6, 5, 4, 9, 8, 7]);
    expect(flat(changed(augmentations.flip({ vertical: true }), [image]))).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });
  it("shifts by a share of the size, and fills", () => {
    expect(flat(changed(augmentations.shift({ by: 1 / 3, fill: "constant" }), [image]))).toEqual([5, 6, 0, 8, 9, 0, 0, 0, 0]);
    expect(flat(changed(augmentations.shift({ by: 1 / 3, fill: "nearest" }), [image]))).toEqual([5, 6, 6, 8, 9, 9, 8, 9, 9]);
  });
  it("rotates about the middle", () => {
    const turned = flat(changed(augmentations.rotate({ degrees: 90 }), [image]));
    expect([[7, 4, 1, 8, 5, 2, 9, 6, 3], [3, 6, 9, 2, 5, 8, 1, 4, 7]]).toContainEqual(turned);
  });
  it("zooms about the middle", () => {
    // Twice as large: between the middle and its neighbours.
    expect(flat(changed(augmentations.zoom({ by: 0.999999 }), [image]))[4]).toBe(5);
    expect(farthest(flat(changed(augmentations.zoom({ by: 0 }), [image])), [1, 2, 3, 4, 5, 6, 7, 8, 9])).toBeLessThan(1e-5);
  });
  it("adds noise", () => {
    expect(flat(changed(augmentations.noise({ deviation: 0.5 }), [image]))).toEqual([1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5]);
  });
  it("wants images", () => {
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 3, activation: "softmax", inputShape: [36] })] });
    return expect(finetune(model, { x, y }, { ...options, augment: augmentations.flip() }).train()).rejects.toThrow(/augmentations.flip wants images.*\[4, 36\]/);
  });
});

describe("a run that augments", () => {
  it("repeats itself to the bit, and differs from one that does not and from one of another seed", async () => {
    const plain = await trained({ compile: "off" });
    const first = await trained({ compile: "off", augment: images });
    expect(await trained({ compile: "off", augment: images })).toEqual(first);
    expect(first).not.toEqual(plain);
    expect(await trained({ compile: "off", augment: images, seed: 4 })).not.toEqual(first);
  });

  it("gives compiled steps the same samples, a call of several too", async () => {
    const given = { epochs: 10, augment: images } as const;
    const [one, other] = [smallCnn(), smallCnn()];
    const compiled = finetune(one, { x, y }, { ...options, ...given });
    const eager = finetune(other, { x, y }, { ...options, ...given, compile: "off" });
    await Promise.all([compiled.train(), eager.train()]);
    expect(farthest(compiled.steps.metrics["loss"]!.slice(0, 10), eager.steps.metrics["loss"]!.slice(0, 10))).toBeLessThan(1e-3);
    const stepped = finetune(smallCnn(), { x, y }, { ...options, ...given });
    while (stepped.currentStep < stepped.plan.steps) await stepped.step();
    expect(hashes(stepped.model)).toEqual(hashes(one));
    [compiled, eager, stepped].forEach((run) => run.dispose());
  });

  it("is rewound and forked exactly, with Math.random in it too", async () => {
    const own: Augment = ({ x: given }, random) => ({ x: tf.add(given as ReturnType<typeof tf.tensor>, Math.random() + random.uniform() + random.integer(0, 3) + random.choice([0.1, 0.2]) + random.normal()) });
    const model = smallCnn();
    const run = finetune(model, { x, y }, { ...options, augment: [own, ...images], accumulate: 2 });
    await run.step(3);
    const there = hashes(model);
    await run.train();
    const end = hashes(model);
    await run.rewind({ step: 3 });
    expect(hashes(model)).toEqual(there);
    const fork = run.fork();
    await fork.train();
    expect(hashes(fork.model)).toEqual(end);
    [run, fork].forEach((each) => each.dispose());
  });

  it("goes on from a checkpoint to the same bits, with the functions given again", async () => {
    const directory = mkdtempSync(join(tmpdir(), "thawbook-test-augment-"));
    const expected = await trained({ compile: "off", augment: images });
    const first = finetune(smallCnn(), { x, y }, { ...options, compile: "off", augment: images, checkpoint: { directory, every: { steps: 4 } } });
    await first.step(4);
    await expect(finetune.resume(directory, { x, y })).rejects.toThrow(/augment cannot be kept in a file/);
    const again = await finetune.resume(directory, { x, y }, { augment: images });
    await again.train();
    expect(hashes(again.model)).toEqual(expected);
    [first, again].forEach((run) => run.dispose());
  });

  it("does not measure on what it made, and does not cache what frozen layers give", async () => {
    const model = smallCnn();
    model.layers.slice(0, 5).forEach((layer) => (layer.trainable = false));
    const run = finetune(model, { x, y }, { ...options, learningRate: 1e-30, augment: ({ x: given }) => ({ x: tf.mul(given as ReturnType<typeof tf.tensor>, 0) }) });
    await run.epoch();
    const other = smallCnn();
    other.layers.slice(0, 5).forEach((layer) => (layer.trainable = false));
    const plain = finetune(other, { x, y }, { ...options, learningRate: 1e-30 });
    await plain.epoch();
    expect(run.history[0]!.metrics["accuracy"]).toBe(plain.history[0]!.metrics["accuracy"]);
    expect(run.marks.map(({ label }) => label).join("\n")).toContain("computed at every step, not cached: augment makes every sample anew");
    [run, plain].forEach((each) => each.dispose());
  });

  it("refuses to go back where the function keeps a state of its own, and names what does not fit", async () => {
    let calls = 0;
    const run = finetune(smallCnn(), { x, y }, { ...options, augment: ({ x: given }) => ({ x: tf.add(given as ReturnType<typeof tf.tensor>, calls++) }) });
    await run.step();
    expect(run.marks.map(({ label }) => label).join("\n")).toContain("no rewind and no fork: augment gives something else");
    await expect(run.rewind({ step: 0 })).rejects.toThrow(/cannot be rewound: augment gives something else for the same batch/);
    expect(() => run.fork()).toThrow(/cannot be forked/);
    const shape = (augment: Augment) => finetune(smallCnn(), { x, y }, { ...options, augment }).train();
    await expect(shape(({ x: given }) => ({ x: (given as ReturnType<typeof tf.tensor>).slice(0, 1) }))).rejects.toThrow(/augment: x was \[4, 6, 6, 1\] and is \[1, 6, 6, 1\]/);
    await expect(shape(({ y: given }) => ({ y: given.toInt() }))).rejects.toThrow(/augment: y was float32 and is int32/);
    expect(() => finetune(smallCnn(), { x, y }, { augment: "flip" as never })).toThrow(/augment wants a function/);
    run.dispose();
  });

  it("leaves no tensor behind", async () => {
    const count = async (): Promise<number> => {
      const run = finetune(smallCnn(), { x, y }, { ...options, epochs: 2, compile: "off", augment: images });
      const before = tf.memory().numTensors;
      await run.epoch();
      const after = tf.memory().numTensors;
      await run.epoch();
      expect(tf.memory().numTensors).toBe(after);
      run.dispose();
      return before;
    };
    await count();
  });
});
