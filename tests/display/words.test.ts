import { describe, expect, test } from "vitest";
import { count, duration, figure, metricTitle, outputShape, share, trainableOf } from "../../kernel/lib/display/words.js";

describe("counts", () => {
  test.each([
    [0, "0"],
    [1290, "1,290"],
    [99_999, "99,999"],
    [100_000, "100 k"],
    [999_949, "1.0 M"],
    [1_234_567, "1.2 M"],
    [66_362_880, "66 M"],
    [7_000_000_000, "7.0 G"],
  ])("%d is %s", (n, text) => expect(count(n)).toBe(text));

  test("a total reads as in the diagram", () => expect(trainableOf(1_190_000, 66_000_000)).toBe("1.2 M of 66 M trainable (1.8%)"));

  test.each([
    [0, 10, "0%"],
    [10, 10, "100%"],
    [54_106, 54_202, "99.8%"],
    [999_999, 1_000_000, "> 99.9%"],
    [1, 1_000_000, "< 0.01%"],
    [1, 1_500, "0.07%"],
    [0, 0, "0%"],
  ])("%d of %d is %s", (part, whole, text) => expect(share(part, whole)).toBe(text));
});

test.each([
  [0.41, "0.4 s"],
  [12.4, "12 s"],
  [59.7, "1 min 00 s"],
  [185, "3 min 05 s"],
  [7_810, "2 h 10 min"],
])("%d seconds are %s", (seconds, text) => expect(duration(seconds)).toBe(text));

test.each([
  [0.213412, "0.2134"],
  [2.3, "2.3"],
  [0.000012, "1.2e-5"],
  [0, "0"],
  [12_345.6, "12346"],
  [null, "NaN"],
])("%s is written %s", (value, text) => expect(figure(value)).toBe(text));

test("names of metrics are words", () => {
  expect(metricTitle("val_loss")).toBe("validation loss");
  expect(metricTitle("meanSquaredError")).toBe("mean squared error");
});

test("shapes leave the batch out", () => {
  expect(outputShape([null, 28, 28, 8])).toBe("28 × 28 × 8");
  expect(outputShape([null, null, 384])).toBe("any × 384");
  expect(outputShape([])).toBe("varies");
});
