import { expect, test } from "vitest";
import { lastStep, mergeDelta } from "../../kernel/lib/display/delta.js";
import { MOST_POINTS } from "../../kernel/lib/display/downsample.js";
import type { RunView, Series } from "../../kernel/lib/display/views.js";

const series = (steps: number[], more: Partial<Series> = {}): Series => ({ name: "loss", metric: "loss", role: "training", every: "step", steps, values: steps.map((step) => 1 / step), ...more });

const view = (step: number, all: Series[]): RunView => ({
  version: 1,
  id: "r",
  name: "net",
  state: "running",
  step,
  steps: 100,
  stepsPerEpoch: 10,
  epoch: 1,
  epochs: 10,
  seconds: 1,
  trainable: 1,
  parameters: 2,
  series: all,
  learningRate: { steps: all[0]?.steps ?? [], values: (all[0]?.steps ?? []).map(() => 0.1) },
  marks: [],
});

test("new points join, the rest is the delta's", () => {
  const merged = mergeDelta(view(3, [series([1, 2, 3])]), { ...view(5, [series([3, 4, 5])]), state: "paused" });
  expect(merged.series[0]?.steps).toEqual([1, 2, 3, 4, 5]);
  expect(merged.learningRate.steps).toEqual([1, 2, 3, 4, 5]);
  expect([merged.state, merged.step]).toEqual(["paused", 5]);
});

test("the same delta twice changes nothing more", () => {
  const delta = view(5, [series([3, 4, 5])]);
  const once = mergeDelta(view(3, [series([1, 2, 3])]), delta);
  expect(mergeDelta(once, delta)).toEqual(once);
});

test("validation joins as a series of its own, by name and by how often it is measured", () => {
  const epoch = series([10], { every: "epoch" });
  const validation = series([10], { name: "val_loss", role: "validation", every: "epoch" });
  const merged = mergeDelta(view(10, [series([9, 10])]), view(10, [epoch, validation]));
  expect(merged.series.map(({ name, every, steps }) => [name, every, steps])).toEqual([
    ["loss", "step", [9, 10]],
    ["loss", "epoch", [10]],
    ["val_loss", "epoch", [10]],
  ]);
});

test("a long run stays small in the page", () => {
  let now = view(1, [series([1])]);
  for (let from = 2; from < 20_000; from += 100) now = mergeDelta(now, view(from + 99, [series(Array.from({ length: 100 }, (_, index) => from + index))]));
  expect(now.series[0]?.steps.length).toBeLessThanOrEqual(2 * MOST_POINTS);
  expect([now.series[0]?.steps[0], lastStep(now)]).toEqual([1, now.step]);
});
