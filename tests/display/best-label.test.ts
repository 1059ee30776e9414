import { expect, test } from "vitest";
import { bestLabelPlace } from "../../kernel/lib/display/best-label.js";
import type { Panel } from "../../kernel/lib/display/panels.js";

const panel = (values: number[], best: number): Panel => ({
  metric: "loss",
  title: "loss",
  validation: { steps: values.map((_, index) => index), values },
  best: { role: "validation", step: best, value: values[best]!, label: "best 0.1474" },
  notANumber: [],
  domain: [0, 1],
});
const x = { domain: [0, 10] as [number, number], title: "epoch" as const, ticks: [], grid: [] };
const place = (values: number[], best: number): ReturnType<typeof bestLabelPlace> => bestLabelPlace(panel(values, best), x, 600, 200, 70);

test("above to the right, where the curve is flat", () => expect(place([0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5], 3)).toMatchObject({ anchor: "start", y: -15 }));

test("not where the curve climbs away from the best point", () => {
  const climbing = place([0.9, 0.7, 0.5, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1], 3);
  expect(climbing!.y).toBeGreaterThan(0);
});

test("inside the panel, also at its edges", () => {
  expect(place([0.1, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9], 0)!.anchor).toBe("start");
  expect(place([0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.97, 0.9], 9)!.y).toBeGreaterThan(0);
});

test("none without a best point", () => {
  const { best: _, ...rest } = panel([1, 2], 0);
  expect(bestLabelPlace(rest, x, 600, 200, 70)).toBeUndefined();
});
