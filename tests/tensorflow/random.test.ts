import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { hashTensor, permutation, requireTf, softmaxCrossEntropy, statelessUniform, tfLoaded, withSeededMathRandom } from "../../kernel/lib/tensorflow/index.js";

const site = { seed: 1, site: "dropout#0", step: 3 };

describe("loading", () => {
  it("happens at the first call only, and gives the one tfjs-node", () => {
    const code = `
      const { requireTf, tfLoaded } = require("./kernel/lib/tensorflow/index.js");
      const before = tfLoaded();
      console.log(before, requireTf() === require("@tensorflow/tfjs-node"), requireTf().getBackend());`;
    expect(execFileSync(process.execPath, ["-e", code], { encoding: "utf8" }).trim()).toBe("false true tensorflow");
  });

  it("restores what Node 23 took from util", () => {
    requireTf();
    const util = createRequire(import.meta.url)("node:util") as { isNullOrUndefined(value: unknown): boolean };
    expect(util.isNullOrUndefined(null)).toBe(true);
    expect(util.isNullOrUndefined(0)).toBe(false);
    expect(tfLoaded()).toBe(true);
  });
});

describe("random numbers", () => {
  it("depend on seed, site and step alone", () => {
    const draw = (change: object = {}) => Array.from(statelessUniform([4], { ...site, ...change }).dataSync());
    const first = draw();
    draw({ step: 9 });
    expect(draw()).toEqual(first);
    for (const change of [{ seed: 2 }, { site: "dropout#1" }, { step: 4 }]) expect(draw(change)).not.toEqual(first);
  });

  it("are uniform", () => {
    const values = Array.from(statelessUniform([20_000], site).dataSync());
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean).toBeCloseTo(0.5, 2);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
  });

  it("are the same in another process", () => {
    const code = `
      const { permutation, statelessUniform } = require("./kernel/lib/tensorflow/index.js");
      const site = ${JSON.stringify(site)};
      console.log(JSON.stringify([[...statelessUniform([3], site).dataSync()], [...permutation(7, site)]]));`;
    const there = JSON.parse(execFileSync(process.execPath, ["-e", code], { encoding: "utf8" })) as unknown;
    expect(there).toEqual([[...statelessUniform([3], site).dataSync()], [...permutation(7, site)]]);
  });

  it("make permutations, every order equally often", () => {
    const counts = new Map<string, number>();
    for (let step = 0; step < 1200; step++) {
      const order = [...permutation(3, { ...site, step })].join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(["012", "021", "102", "120", "201", "210"]);
    for (const count of counts.values()) expect(Math.abs(count - 200)).toBeLessThan(60);
    expect([...permutation(0, site)]).toEqual([]);
  });

  it("can stand in for Math.random, and only for a while", () => {
    const own = Math.random;
    const draw = () => withSeededMathRandom(site, () => [Math.random(), Math.random()]);
    expect(draw()).toEqual(draw());
    expect(() => withSeededMathRandom(site, () => { throw new Error("within"); })).toThrow("within");
    expect(Math.random).toBe(own);
  });
});

describe("hashes", () => {
  it("tell values, shapes and types apart", () => {
    const tf = requireTf();
    const hashes = [tf.tensor1d([1, 2]), tf.tensor1d([1, 2.0000002]), tf.tensor2d([[1, 2]]), tf.tensor1d([1, 2], "int32")].map(hashTensor);
    expect(new Set(hashes).size).toBe(4);
    expect(hashTensor(tf.tensor1d([1, 2]))).toBe(hashes[0]);
  });
});

describe("softmaxCrossEntropy", () => {
  it("is exact where a softmax saturates", () => {
    const tf = requireTf();
    const loss = softmaxCrossEntropy(tf.tensor2d([[1, 0]]), tf.tensor2d([[-200, 200]]));
    expect(loss.arraySync()).toEqual([400]);
  });

  it("has the gradient softmax minus target", () => {
    const tf = requireTf();
    const target = tf.tensor2d([[0, 1, 0]]);
    const logits = tf.tensor2d([[1, 2, 3]]);
    const gradient = tf.grad((x) => softmaxCrossEntropy(target, x).sum())(logits);
    const expected = tf.sub(tf.softmax(logits), target);
    expect(tf.max(tf.abs(tf.sub(gradient, expected))).dataSync()[0]).toBeLessThan(1e-6);
  });
});
