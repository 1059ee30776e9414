import { describe, expect, it } from "vitest";
import { toPoints, toUnits } from "../../kernel/lib/gateway/code-points.js";
import { History } from "../../kernel/lib/gateway/history.js";
import { excerpt } from "../../kernel/lib/gateway/traceback.js";

const plain = (lines: string[]): string[] => lines.map((line) => line.replaceAll(/\u001b\[\d+m/g, ""));

describe("places in code points", () => {
  it("count an emoji once", () => {
    const text = "a😀b😀";
    expect([0, 1, 2, 3, 4, 9].map((points) => toUnits(text, points))).toEqual([0, 1, 3, 4, 6, 6]);
    expect([0, 1, 3, 4, 6, 9].map((units) => toPoints(text, units))).toEqual([0, 1, 2, 3, 4, 4]);
    expect(toUnits(text, -3)).toBe(0);
  });
});

describe("a source line in a traceback", () => {
  it("stands marked between its neighbours", () => {
    expect(plain(excerpt(["one", "two", "\tthree()", "four"], 3, 2))).toEqual([
      "      1 | one", "      2 | two", "----> 3 | \tthree()", "        | \t^", "      4 | four",
    ]);
  });

  it("survives places outside the source", () => {
    expect(plain(excerpt(["one"], 9, 1))).toEqual([]);
    expect(plain(excerpt(["one"], 1, 99))).toEqual(["----> 1 | one"]);
  });
});

describe("history", () => {
  const history = new History();
  for (const [number, code] of [[1, "a = 1"], [2, "b(2)"], [3, "a = 1"]] as const) history.add(number, code);
  history.setOutput(2, "two");

  it("gives the tail, a range and what matches", () => {
    expect(history.ask({ hist_access_type: "tail", n: 2 })).toEqual([[1, 2, "b(2)"], [1, 3, "a = 1"]]);
    expect(history.ask({ hist_access_type: "range", session: 0, start: 2, stop: 3, output: true })).toEqual([[1, 2, ["b(2)", "two"]]]);
    expect(history.ask({ hist_access_type: "search", pattern: "a*", unique: true })).toEqual([[1, 3, "a = 1"]]);
    expect(history.ask({ hist_access_type: "search", pattern: "b(?)" })).toHaveLength(1);
    expect(history.ask({ hist_access_type: "nonsense" })).toEqual([]);
  });
});
