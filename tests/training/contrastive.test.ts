import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { finetune, losses, measureModel } from "../../kernel/lib/training/index.js";
import type { FinetuneOptions, TrainingData } from "../../kernel/lib/training/index.js";
import { farthest, hashes, tf, valuesOf } from "./small.js";

type Reference = Record<"contrastive" | "symmetric" | "with negatives" | "triplet" | "triplet, other margin", number> & Record<"anchors" | "positives" | "negatives", number[][]>;
const reference = (JSON.parse(readFileSync(new URL("references.json", import.meta.url), "utf8")) as { pairs: Reference }).pairs;
const { anchors: x, positives: y, negatives } = reference;

function identity() {
  const model = tf.sequential({ name: "embedder", layers: [tf.layers.dense({ name: "embed", units: 3, inputShape: [3], useBias: false })] });
  model.layers[0]!.setWeights([tf.eye(3)]);
  return model;
}

describe("a loss of pairs has the value that PyTorch gives", () => {
  it.each<[keyof Reference, TrainingData, NonNullable<FinetuneOptions["loss"]>]>([
    ["contrastive", { x, y }, "contrastive"],
    ["symmetric", { x, y }, losses.contrastive({ temperature: 0.2, symmetric: true })],
    ["with negatives", { x, y, negatives }, losses.contrastive()],
    ["triplet", { x, y, negatives }, "triplet"],
    ["triplet, other margin", { x, y, negatives }, losses.triplet({ margin: 0.3 })],
  ])("%s", async (name, data, loss) => {
    expect((await measureModel(identity(), data, { loss }))["loss"]).toBeCloseTo(reference[name] as number, 4);
    const compiled = finetune(identity(), data, { loss, epochs: 30, shuffle: false, learningRate: 0.01 });
    const eager = finetune(identity(), data, { loss, epochs: 30, shuffle: false, learningRate: 0.01, compile: "off" });
    await compiled.step(5);
    await eager.step(5);
    expect(compiled.steps.metrics["loss"]![0]).toBeCloseTo(reference[name] as number, 4);
    expect(farthest(compiled.steps.metrics["loss"]!, eager.steps.metrics["loss"]!)).toBeLessThan(1e-4);
    expect(farthest(valuesOf(compiled.model, "embed/kernel"), valuesOf(eager.model, "embed/kernel"))).toBeLessThan(1e-3);
  });
});

it("learns to find what belongs together, and is rewound to the bit", async () => {
  const rows = Array.from({ length: 24 }, (_, row) => [0, 1, 2, 3, 4, 5].map((column) => Math.sin(row * 7.3 + column * 2.1)));
  // What belongs together shares the last three numbers only.
  const other = rows.map((row, index) => [...[0, 1, 2].map((column) => Math.cos(index * 3.7 + column)), ...row.slice(3)]);
  const model = tf.sequential({ name: "embedder", layers: [tf.layers.dense({ name: "embed", units: 4, inputShape: [6], kernelInitializer: tf.initializers.glorotUniform({ seed: 1 }) })] });
  const run = finetune(model, { x: rows, y: other, validation: 0.25 }, { loss: "contrastive", epochs: 120, batchSize: 6, learningRate: 0.03 });
  await run.step(10);
  const there = hashes(model);
  await run.rewind({ step: 4 });
  await run.step(6);
  expect(hashes(model)).toEqual(there);
  await run.train();
  expect(Object.keys(run.history[0]!.metrics)).toEqual(["loss", "accuracy", "val_loss", "val_accuracy"]);
  expect(run.history.at(-1)!.metrics["accuracy"]).toBeGreaterThan(0.85);
  expect(run.history[0]!.metrics["accuracy"]).toBeLessThan(0.8);
});

it.each<[string, TrainingData, FinetuneOptions, string]>([
  ["no negatives for triplets", { x, y }, { loss: "triplet" }, "training data: triplet wants negatives beside x and y"],
  ["negatives for classes", { x, y: [0, 1, 2, 0], negatives }, {}, "training data: negatives belong to a loss of pairs; the loss here is crossentropy"],
  ["pairs of different length", { x, y: y.slice(1) }, { loss: "contrastive" }, "training data: the inputs of a pair must be alike; x is [4, 3] and another [3, 3]"],
])("%s: refused", (_name, data, options, message) => {
  expect(() => finetune(identity(), data, options)).toThrow(message);
});

it("says that accumulated batches have fewer negatives", () => {
  expect(finetune(identity(), { x, y }, { loss: "contrastive", batchSize: 2, accumulate: 2 }).marks[0]!.label).toBe("accumulated batches are not one large batch here: contrastive tells the samples of each apart from one another; use a larger batchSize");
});
