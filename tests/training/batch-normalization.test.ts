import { readFileSync } from "node:fs";
import type { SymbolicTensor } from "@tensorflow/tfjs-node";
import { describe, expect, it } from "vitest";
import { finetune, freeze, unfreeze } from "../../kernel/lib/training/index.js";
import type { FinetuneOptions } from "../../kernel/lib/training/index.js";
import { farthest, tf, valuesOf } from "./small.js";

interface Reference {
  x: number[][];
  y: number[][];
  initial: (number[] | number[][])[];
  trained: Record<string, number[] | number[][]>;
  frozen: Record<string, number[] | number[][]>;
}
const reference = (JSON.parse(readFileSync(new URL("references.json", import.meta.url), "utf8")) as { batchNormalization: Reference }).batchNormalization;

function model() {
  const made = tf.sequential({
    layers: [
      tf.layers.dense({ name: "d1", units: 3, inputShape: [4] }),
      tf.layers.batchNormalization({ name: "bn", momentum: 0.9 }),
      tf.layers.dense({ name: "d2", units: 2 }),
    ],
  });
  const [k1, b1, gamma, beta, mean, variance, k2, b2] = reference.initial.map((value) => tf.tensor(value));
  made.layers[0]!.setWeights([k1!, b1!]);
  made.layers[1]!.setWeights([gamma!, beta!, mean!, variance!]);
  made.layers[2]!.setWeights([k2!, b2!]);
  return made;
}

const options = { optimizer: "sgd", learningRate: 0.1, batchSize: 6, epochs: 3, shuffle: false } as const;

describe("BatchNormalization, three steps beside Keras", () => {
  it.each(["trained", "frozen"] as const)("%s", async (mode) => {
    const own = model();
    if (mode === "frozen") freeze(own, "bn");
    await finetune(own, { x: reference.x, y: reference.y }, options).train();
    for (const [path, expected] of Object.entries(reference[mode])) {
      expect(farthest(valuesOf(own, path), (expected as number[]).flat()), path).toBeLessThan(1e-5);
    }
  });

  it("does not move when frozen, and moves again when thawed in the middle of a run", async () => {
    const own = model();
    freeze(own, "bn");
    const before = valuesOf(own, "bn/moving_mean");
    const run = finetune(own, { x: reference.x, y: reference.y }, options);
    await run.step();
    expect(valuesOf(own, "bn/moving_mean")).toEqual(before);
    unfreeze(own, "bn");
    await run.step();
    expect(valuesOf(own, "bn/moving_mean")).not.toEqual(before);
  });

  it("works without scale and center, where tfjs fails", async () => {
    const own = tf.sequential({ layers: [tf.layers.batchNormalization({ name: "bn", scale: false, center: false, inputShape: [4] }), tf.layers.dense({ units: 2 })] });
    const run = finetune(own, { x: reference.x, y: reference.y }, options);
    await run.train();
    expect(run.history.at(-1)!.metrics["loss"]).toBeLessThan(run.history[0]!.metrics["loss"]!);
    expect(valuesOf(own, "bn/moving_mean")).not.toEqual([0, 0, 0, 0]);
  });

  it.each(["auto", "off"] as const)("moves its averages with every call and every accumulated batch (compile: %s)", async (compile) => {
    const means = [1, 2, 3, 4].map((mean) => [[mean - 1], [mean + 1]]);
    const expected = (order: readonly number[]) => order.reduce((average, mean) => average * 0.5 + mean * 0.5, 0);
    const norm = () => tf.layers.batchNormalization({ name: "bn", momentum: 0.5 });
    const once: FinetuneOptions = { batchSize: 2, shuffle: false, epochs: 30, compile, learningRate: 1e-4 };

    const [a, b] = [tf.input({ shape: [1] }), tf.input({ shape: [1] })];
    const shared = norm();
    const twins = tf.model({ inputs: [a, b], outputs: tf.layers.dense({ units: 1 }).apply(tf.layers.add().apply([shared.apply(a), shared.apply(b)] as SymbolicTensor[])) as SymbolicTensor });
    const twice = finetune(twins, { x: [means[0]!, means[1]!], y: [0, 1] }, once);
    await twice.epoch();
    expect(valuesOf(twins, "bn/moving_mean")[0]).toBeCloseTo(expected([1, 2]), 5);

    const plain = tf.sequential({ layers: [tf.layers.inputLayer({ inputShape: [1] }), norm(), tf.layers.dense({ units: 1 })] });
    const accumulated = finetune(plain, { x: means.flat(), y: [0, 1, 0, 1, 0, 1, 0, 1] }, { ...once, accumulate: 4 });
    await accumulated.epoch();
    expect(valuesOf(plain, "bn/moving_mean")[0]).toBeCloseTo(expected([1, 2, 3, 4]), 5);
    await accumulated.epoch(20);
    expect(valuesOf(plain, "bn/moving_mean")[0]).toBeCloseTo(expected(Array.from({ length: 84 }, (_, pass) => (pass % 4) + 1)), 5);
  });
});
