import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { evaluateSlices, slices, wilson } from "../../kernel/lib/evaluation/index.js";
import { tf } from "../training/small.js";

const references = (JSON.parse(readFileSync(new URL("../training/references.json", import.meta.url), "utf8")) as { wilson: [number, number, number, number, number][] }).wilson;

/** Says class 1 where x is above the bound. */
function above(bound: number) {
  const model = tf.sequential({ name: "above", layers: [tf.layers.dense({ units: 2, inputShape: [1], activation: "softmax" })] });
  model.layers[0]!.setWeights([tf.tensor2d([[-10, 10]]), tf.tensor1d([10 * bound, -10 * bound])]);
  return model;
}

const x = [[0.1], [0.2], [0.3], [0.6], [0.7], [0.8], [0.9], [0.95]];
const y = [0, 0, 1, 1, 1, 1, 0, 1];
const groups = ["day", "day", "night", "night", "night", "day", "night", "day"];

it.each(references)("wilson: %d of %d at %d is SciPy's", (hits, count, confidence, low, high) => {
  const [own, other] = wilson(hits / count, count, confidence);
  expect(own).toBeCloseTo(low, 7);
  expect(other).toBeCloseTo(high, 7);
});

describe("slices", () => {
  it("measure each group and all, with Wilson's interval for a share", async () => {
    const found = await slices(above(0.5), { x, y }, groups);
    expect(found.map(({ group, metric, samples, value }) => [group, metric, samples, value])).toEqual([["all", "accuracy", 8, 0.75], ["day", "accuracy", 4, 1], ["night", "accuracy", 4, 0.5]]);
    expect([found[2]!.low, found[2]!.high]).toEqual(wilson(0.5, 4, 0.95));
  });

  it("say what changed since before, on the same samples", async () => {
    const found = await slices(above(0.5), { x, y }, groups, { before: above(0.25), seed: 1 });
    const night = found[2]!;
    expect([night.before, night.value, night.change]).toEqual([0.75, 0.5, -0.25]);
    // Of four samples one got worse: a resample has it 0 to 4 times, mostly up to 3.
    expect(night.changeHigh).toBe(0);
    expect(night.changeLow).toBeLessThanOrEqual(-0.5);
    expect(found[1]!.change).toBe(0);
    expect(await slices(above(0.5), { x, y }, groups, { before: above(0.25), seed: 1 })).toEqual(found);
  });

  it("give other metrics an interval by the bootstrap", async () => {
    const rows = Array.from({ length: 200 }, (_, row) => row / 200);
    const truth = rows.map((value, row) => Number(value + 0.4 * Math.sin(row * 12.9) > 0.5));
    const [all] = await slices(above(0.5), { x: rows.map((value) => [value]), y: truth }, rows.map((value) => value > 0.9), { metrics: ["f1"] });
    expect(all!.low).toBeLessThan(all!.value);
    expect(all!.high).toBeGreaterThan(all!.value);
    // About two standard errors of a share of 200 on either side.
    expect(all!.high - all!.low).toBeGreaterThan(0.06);
    expect(all!.high - all!.low).toBeLessThan(0.2);
  });

  it("are a frame for people", async () => {
    const frame = await evaluateSlices(above(0.5), { x, y }, { values: groups }, { before: above(0.5) });
    expect(frame.columns).toEqual(["group", "metric", "samples", "value", "low", "high", "before", "change", "changeLow", "changeHigh"]);
    expect(frame.shape).toEqual([3, 10]);
  });

  it("want a label for each sample", async () => {
    await expect(slices(above(0.5), { x, y }, ["day"])).rejects.toThrow("evaluateSlices: there are 1 labels for 8 samples; give one for each");
    await expect(slices(above(0.5), { x, y }, groups, { confidence: 2 })).rejects.toThrow("confidence lies between 0 and 1; it is 2");
  });
});
