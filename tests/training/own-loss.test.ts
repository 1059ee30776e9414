import type { Tensor } from "@tensorflow/tfjs-node";
import { describe, expect, it } from "vitest";
import { finetune } from "../../kernel/lib/training/index.js";
import type { FinetuneData, FinetuneOptions } from "../../kernel/lib/training/index.js";
import { farthest, smallCnn, stripes, tf, valuesOf } from "./small.js";

const data = stripes(30);
const options = { batchSize: 10, epochs: 2, seed: 3 };

describe("a loss function of one's own", () => {
  it("gets class numbers as one-hot rows, which is said", async () => {
    const [model, rows] = [smallCnn(), smallCnn()];
    const loss = (y: Tensor, p: Tensor) => tf.losses.softmaxCrossEntropy(y, p);
    const run = finetune(model, data, { ...options, loss });
    expect(run.marks.map(({ label }) => label).join("\n")).toContain("the loss function gets the classes as one-hot rows, [batch, 3]; give y as [[0], [1], …] for the numbers themselves");
    await run.train();
    await finetune(rows, { x: data.x, y: Array.from(data.y, (value) => [0, 1, 2].map((each) => Number(each === value))) }, { ...options, loss }).train();
    expect(farthest(valuesOf(model, "head/kernel"), valuesOf(rows, "head/kernel"))).toBe(0);
  });

  it("gets rows of another shape as they are", async () => {
    const shapes = new Set<string>();
    // Pinball: three quantiles of one number.
    const loss = (y: Tensor, p: Tensor) => {
      shapes.add([...y.shape, ...p.shape].join());
      const error = tf.sub(y, p);
      const share = tf.tensor1d([0.1, 0.5, 0.9]);
      return tf.mean(tf.maximum(tf.mul(share, error), tf.mul(tf.sub(share, 1), error)), 1);
    };
    const run = finetune(smallCnn(), { x: data.x, y: Array.from(data.y, (value) => [value]), validation: 0.2 }, { ...options, batchSize: 8, loss });
    expect(run.marks.map(({ label }) => label).join("\n")).toContain("the loss function gets y as it is, [batch, 1], beside outputs of [batch, 3]");
    await run.train();
    expect(shapes).toContain("8,1,8,3");
  });

  it("that has no gradient is told which op ends it", async () => {
    const step = (loss: (y: Tensor, p: Tensor) => Tensor) => finetune(smallCnn(), data, { ...options, loss }).step();
    await expect(step(function wrong(y, p) {
      return tf.mean(tf.cast(tf.greater(p, y), "float32"), 1);
    })).rejects.toThrow(/^The loss function wrong, or a layer of your own, holds Greater, an op without a gradient/);
    await expect(step(function constant() {
      return tf.scalar(1);
    })).rejects.toThrow("The value of the loss function constant does not depend on any weight that trains");
  });

  it.each([
    ["numbers that are no classes", Array.from(data.y, (value) => value + 0.5), "y holds 0.5 in row 0, which is none of the classes 0 to 2 of small: give one-hot rows, or rows in the shape that the loss function takes ([[0], [1], …] for one number a sample)"],
    ["a flat array of other rows", new Float32Array(60), "y has 2 numbers a row; small gives 3 ([samples, 3]): give one-hot rows"],
  ])("refuses %s", (_, y, message) => {
    expect(() => finetune(smallCnn(), { x: data.x, y } as FinetuneData, { ...options, loss: (t: Tensor, p: Tensor) => tf.losses.meanSquaredError(t, p) } as FinetuneOptions)).toThrow(message);
  });
});
