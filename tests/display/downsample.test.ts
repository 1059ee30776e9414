import { describe, expect, test } from "vitest";
import { compactRate, downsample, keptIndices, MOST_POINTS } from "../../kernel/lib/display/downsample.js";

const range = (n: number): number[] => Array.from({ length: n }, (_, index) => index);

describe("down-sampling", () => {
  test("leaves short series as they are", () => expect(downsample(range(5), [3, 1, 4, 1, 5]).values).toEqual([3, 1, 4, 1, 5]));

  test("keeps first, last and every extreme of a million points in at most 2,000", () => {
    const n = 1_000_000;
    const values = Float64Array.from({ length: n }, (_, index) => Math.sin(index / 1000)) as unknown as number[];
    const spiked = [...values];
    spiked[123_456] = 99;
    spiked[654_321] = -99;
    const started = performance.now();
    const { steps, values: kept } = downsample(range(n), spiked);
    expect(performance.now() - started).toBeLessThan(2000);
    expect(steps.length).toBeLessThanOrEqual(MOST_POINTS);
    expect(steps.length).toBeGreaterThan(MOST_POINTS / 2);
    expect([steps[0], steps.at(-1)]).toEqual([0, n - 1]);
    expect([Math.max(...kept), Math.min(...kept)]).toEqual([99, -99]);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect(new Set(steps).size).toBe(steps.length);
  });

  test("every bucket's extremes are among the points kept", () => {
    const values = range(400).map((index) => (index * 7919) % 401);
    const kept = new Set(keptIndices(values, 42));
    for (let bucket = 0; bucket < 20; bucket++) {
      const from = 1 + Math.floor((bucket * 398) / 20);
      const inside = range(400).slice(from, 1 + Math.floor(((bucket + 1) * 398) / 20));
      for (const extreme of [Math.min, Math.max]) {
        const value = extreme(...inside.map((index) => values[index] as number));
        expect(kept.has(inside.find((index) => values[index] === value) as number)).toBe(true);
      }
    }
  });

  test("a NaN is not lost among its neighbours", () => {
    const values: (number | null)[] = range(10_000).map((index) => index % 13);
    values[7777] = null;
    values[3333] = Number.NaN;
    values[5555] = Number.POSITIVE_INFINITY;
    expect(keptIndices(values, 100)).toEqual(expect.arrayContaining([3333, 5555, 7777]));
  });

  test("from a point on", () => {
    expect(downsample(range(10), range(10), 100, 7)).toEqual({ steps: [7, 8, 9], values: [7, 8, 9] });
    expect(keptIndices(range(10_000), 100, 9_000)[0]).toBe(9_000);
    expect(keptIndices(range(10), 100, 10)).toEqual([]);
  });

  test("says what it cannot do", () => {
    expect(() => keptIndices([1, 2], 3)).toThrow(/at least 4/);
    expect(() => downsample([1, 2], [1])).toThrow("2 steps but 1 values");
  });
});

test("a learning rate that stays is two points; one that drops is four", () => {
  expect(compactRate(range(1000), range(1000).map(() => 0.1))).toEqual({ steps: [0, 999], values: [0.1, 0.1] });
  expect(compactRate(range(1000), range(1000).map((step) => (step < 500 ? 0.1 : 0.01))).steps).toEqual([0, 499, 500, 999]);
  const cosine = compactRate(range(100_000), range(100_000).map((step) => Math.cos(step / 1e5)), 300);
  expect(cosine.steps.length).toBeLessThanOrEqual(300);
  expect([cosine.steps[0], cosine.steps.at(-1)]).toEqual([0, 99_999]);
});
