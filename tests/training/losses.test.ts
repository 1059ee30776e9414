import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { finetune, measureModel } from "../../kernel/lib/training/index.js";
import type { FinetuneOptions, LossName } from "../../kernel/lib/training/index.js";
import { tf } from "./small.js";

const reference = (JSON.parse(readFileSync(new URL("references.json", import.meta.url), "utf8")) as { losses: Record<string, number> & { logits: number[][]; classes: number[]; binary: number[][] } }).losses;

/** A model that gives its input, with an activation behind. */
function identity(activation: "linear" | "softmax" | "sigmoid") {
  const model = tf.sequential({ name: "identity", layers: [tf.layers.dense({ units: 4, inputShape: [4], activation, useBias: false })] });
  model.layers[0]!.setWeights([tf.eye(4)]);
  return model;
}

describe("a loss has the value that PyTorch gives", () => {
  it.each<["linear" | "softmax" | "sigmoid", LossName, "classes" | "binary"]>([
    ["linear", "crossentropy", "classes"],
    ["softmax", "crossentropy", "classes"],
    ["linear", "binaryCrossentropy", "binary"],
    ["sigmoid", "binaryCrossentropy", "binary"],
    ["linear", "mse", "binary"],
    ["linear", "mae", "binary"],
    ["linear", "huber", "binary"],
  ])("%s, %s", async (activation, loss, targets) => {
    const measured = await measureModel(identity(activation), { x: reference.logits, y: reference[targets] }, { loss });
    expect(measured["loss"]).toBeCloseTo(reference[loss]!, 5);
  });

  it("crossentropy with smoothed labels", async () => {
    const run = finetune(identity("softmax"), { x: reference.logits, y: reference.classes }, { labelSmoothing: 0.1, epochs: 1, shuffle: false });
    await run.train();
    expect(run.steps.metrics["loss"]![0]).toBeCloseTo(reference["crossentropy smoothed"]!, 5);
  });
});

describe("the loss is inferred", () => {
  const layer = (units: number, activation?: "softmax" | "sigmoid") => tf.sequential({ layers: [tf.layers.dense({ units, inputShape: [2], ...(activation && { activation }) })] });
  const x = [[0, 0], [0, 1], [1, 0]];
  it.each<[string, ReturnType<typeof layer>, number[] | number[][], string]>([
    ["classes behind a softmax", layer(3, "softmax"), [0, 1, 2], "accuracy"],
    ["classes as logits", layer(3), [0, 1, 2], "accuracy"],
    ["one-hot rows as logits", layer(2), [[0, 1], [1, 0], [0, 1]], "accuracy"],
    ["yes or no behind a sigmoid", layer(1, "sigmoid"), [0, 1, 1], "accuracy"],
    ["several labels", layer(2, "sigmoid"), [[1, 1], [1, 0], [0, 0]], "accuracy"],
    ["a number", layer(1), [0.5, 1.5, 2.5], "mae"],
    ["several numbers", layer(2), [[0.5, 1], [1, 2], [0, 1]], "mae"],
  ])("%s", async (_name, model, y, metric) => {
    const run = finetune(model, { x, y }, { epochs: 1 });
    await run.train();
    expect(Object.keys(run.history[0]!.metrics)).toEqual(["loss", metric]);
  });

  it("saturated logits train on, where probabilities would give NaN or nothing", async () => {
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [1], activation: "softmax", useBias: false })] });
    model.layers[0]!.setWeights([tf.tensor2d([[300, -300]])]);
    const run = finetune(model, { x: [[1]], y: [1] }, { optimizer: "sgd", learningRate: 1, epochs: 1 } satisfies FinetuneOptions);
    await run.train();
    expect(run.steps.metrics["loss"]![0]).toBeCloseTo(600, 3);
    expect(Array.from(model.getWeights()[0]!.dataSync())).toEqual([299, -299]);
  });
});
