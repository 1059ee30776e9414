/** What is frozen changes while a run goes on: beside Keras, which tfjs differs from in each of these. */
import { readFileSync } from "node:fs";
import type { LayersModel } from "@tensorflow/tfjs-node";
import { describe, expect, it } from "vitest";
import { weightEntries } from "../../kernel/lib/models/index.js";
import { finetune, freeze, optimizers, unfreeze } from "../../kernel/lib/training/index.js";
import { farthest, tf, valuesOf } from "./small.js";

type Values = Record<string, number[] | number[][]>;
interface Reference {
  x: number[][];
  y: number[][];
  initial: Values;
  phases: { frozen: string[]; losses: number[]; weights: Values }[];
}
const reference = JSON.parse(readFileSync(new URL("freezing.json", import.meta.url), "utf8")) as Reference;

function model(): LayersModel {
  const { dense, batchNormalization } = tf.layers;
  const made = tf.sequential({ layers: [dense({ name: "lower", units: 3, inputShape: [4], activation: "tanh" }), batchNormalization({ name: "norm", momentum: 0.9 }), dense({ name: "upper", units: 2 })] });
  for (const { path, variable } of weightEntries(made)) variable.write(tf.tensor(reference.initial[path]!));
  return made;
}

describe.each(["auto", "off"] as const)("layers exchanged between frozen and thawed, beside Keras, compile %s", (compile) => {
  it("take effect at once, a frozen normalization rests, and each weight keeps its own momentum", async () => {
    const own = model();
    const run = finetune(own, { x: reference.x, y: reference.y }, { optimizer: optimizers.sgd({ momentum: 0.9 }), learningRate: 0.05, loss: "mse", batchSize: 8, epochs: 40, shuffle: false, compile });
    for (const [phase, { frozen, losses, weights }] of reference.phases.entries()) {
      unfreeze(own);
      freeze(own, ...frozen);
      await run.step(3);
      expect(farthest(run.steps.metrics["loss"]!.slice(-3), losses), `losses of phase ${phase}`).toBeLessThan(1e-5);
      for (const [path, expected] of Object.entries(weights)) expect(farthest(valuesOf(own, path), expected.flat()), `${path}, phase ${phase}`).toBeLessThan(1e-5);
    }
  });
});
