import { describe, expect, it } from "vitest";
import { differenceOf } from "../../kernel/lib/training/steps/step-check.js";
import type { Expected } from "../../kernel/lib/training/steps/step-check.js";

/** A large weight, one that moves by a tenth as much, one of noise in part, one that is frozen, and what is kept beside them. */
const expected: Expected = {
  loss: 1,
  gradientNorm: 1,
  told: [
    { path: "a/kernel", elements: [true, true] },
    { path: "b/kernel", elements: [true, true] },
    { path: "c/bias", elements: [true, false] },
    { path: "d/kernel", elements: "all" },
    { path: "average", elements: undefined },
  ],
  start: [[0, 0], [5, 5], [0, 0], [100, 100], [1]],
  end: [[1, -1], [5.1, 4.9], [0.1, 0.1], [100, 100], [1.1]],
};
const taken = { applied: true, loss: 1, gradientNorm: 1 } as const;
const differing = (change: Record<number, number[]>) => differenceOf(expected, taken as Parameters<typeof differenceOf>[1], expected.end.map((values, index) => change[index] ?? values));

describe("the end of a compiled step is held against the step op by op", () => {
  it.each<[string, Record<number, number[]>]>([
    ["the same", {}],
    ["rounding in an element that tells nothing", { 2: [0.1, -0.1] }],
    ["the last digit of a large weight", { 3: [100.00001, 100] }],
    ["what is kept beside the weights", { 4: [0.9] }],
  ])("%s passes", (_, change) => {
    expect(differing(change)).toBeUndefined();
  });

  it.each<[string, Record<number, number[]>, RegExp]>([
    ["the largest", { 0: [-1, 1] }, /^it ends 2\.8\d* away from where it ends op by op$/],
    ["one whose update is a tenth, turned round", { 1: [4.9, 5.1] }, /^it ends 0\.28\d* away from where it ends op by op in b\/kernel$/],
    ["one that did not move", { 1: [5, 5] }, /in b\/kernel$/],
    ["an element that tells something", { 2: [-0.1, 0.1] }, /in c\/bias$/],
    ["a frozen one", { 3: [100.1, 100] }, /in d\/kernel$/],
    ["one that is no number", { 1: [NaN, 5] }, /^it ends NaN away/],
  ])("%s is found", (_, change, message) => {
    expect(differing(change)).toMatch(message);
  });
});
