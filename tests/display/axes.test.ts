import { expect, test } from "vitest";
import { epochStride, niceTicks, quantile, tickLabels } from "../../kernel/lib/display/axes.js";

test("ticks are round, and inside the axis", () => {
  expect(niceTicks(0, 2.3, 5)).toEqual([0, 0.5, 1, 1.5, 2]);
  expect(niceTicks(0.12, 1, 4)).toEqual([0.25, 0.5, 0.75, 1]);
  expect(niceTicks(0, 230, 6)).toEqual([0, 50, 100, 150, 200]);
  expect(niceTicks(3, 3, 5)).toEqual([3]);
});

test("labels have as many decimals as their neighbours", () => {
  expect(tickLabels([0, 0.25, 0.5])).toEqual(["0.00", "0.25", "0.50"]);
  expect(tickLabels([0, 100, 200])).toEqual(["0", "100", "200"]);
  expect(tickLabels([0, 0.0001])).toEqual(["0", "1e-4"]);
});

test("epoch ticks thin out by 1, 2, 5, 10", () => {
  expect([5, 12, 13, 30, 100, 1000].map((epochs) => epochStride(epochs, 12))).toEqual([1, 1, 2, 5, 10, 100]);
});

test("quantiles", () => expect([0, 0.5, 1].map((q) => quantile([1, 2, 3, 4, 50], q))).toEqual([1, 3, 50]));
