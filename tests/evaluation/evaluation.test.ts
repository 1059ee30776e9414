import { describe, expect, it } from "vitest";
import { compare, comparisons, confusionMatrix, evaluate, summary } from "../../kernel/lib/evaluation/index.js";
import { requireTf } from "../../kernel/lib/tensorflow/index.js";

const tf = requireTf();

/** Gives its input as logits: what it predicts is known. */
function identity() {
  const model = tf.sequential({ layers: [tf.layers.dense({ units: 3, inputShape: [3], activation: "softmax", useBias: false })] });
  model.layers[0]!.setWeights([tf.eye(3)]);
  return model;
}
const x = [[5, 0, 0], [0, 5, 0], [0, 0, 5], [5, 0, 0]];
const y = [0, 1, 1, 0];

describe("evaluate", () => {
  it("gives loss and accuracy", async () => {
    const { loss, accuracy } = await evaluate(identity(), { x, y });
    const right = Math.log(1 + 2 * Math.exp(-5));
    expect(accuracy).toBe(0.75);
    expect(loss).toBeCloseTo((3 * right + right + 5) / 4, 5);
  });

  it("takes more samples than one pass holds, and leaves no tensor behind", async () => {
    const model = identity();
    const many = { x: Array.from({ length: 1000 }, (_, row) => x[row % 4]!), y: Array.from({ length: 1000 }, (_, row) => y[row % 4]!) };
    const before = tf.memory().numTensors;
    expect((await evaluate(model, many))["accuracy"]).toBeCloseTo(0.75, 12);
    expect(tf.memory().numTensors).toBe(before);
  });
});

it("confusionMatrix counts true classes by row and predicted ones by column", async () => {
  const matrix = await confusionMatrix(identity(), { x, y }, ["a", "b", "c"]);
  expect(matrix.values).toEqual([[2, 0, 0], [0, 1, 1], [0, 0, 0]]);
  expect([matrix.columns, matrix.index]).toEqual([["a", "b", "c"], ["a", "b", "c"]]);
  await expect(confusionMatrix(identity(), { x, y }, ["a"])).rejects.toThrow("the model tells 3 classes apart, and there are 1 names");
});

describe("compare", () => {
  it("runs every approach with every seed, in turn", async () => {
    const calls: string[] = [];
    const found = await comparisons({ a: (seed) => (calls.push(`a${seed}`), seed), b: async (seed) => (calls.push(`b${seed}`), { good: 2 * seed, bad: 1 }) }, { seeds: [1, 3] });
    expect(calls).toEqual(["a1", "b1", "a3", "b3"]);
    expect(found.map(({ approach, metric, values, mean }) => [approach, metric, values, mean])).toEqual([
      ["a", "score", [1, 3], 2],
      ["b", "good", [2, 6], 4],
      ["b", "bad", [1, 1], 1],
    ]);
  });

  it("sums up with the deviation of a sample", () => {
    expect(summary([1, 2, 3, 4])).toEqual({ mean: 2.5, spread: Math.sqrt(5 / 3), least: 1, most: 4 });
  });

  it("is a frame", async () => {
    const table = await compare({ a: (seed) => seed }, { seeds: 3 });
    expect(table.columns).toEqual(["approach", "metric", "runs", "mean", "spread", "least", "most"]);
    expect(table.values).toEqual([["a", "score", 3, 2, 1, 1, 3]]);
    await expect(compare({ a: () => 1 }, { seeds: 0 })).rejects.toThrow("seeds: a whole number from 1 on, or whole numbers; got 0");
  });
});
