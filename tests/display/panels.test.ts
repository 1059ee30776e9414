import { expect, test } from "vitest";
import { endLabels } from "../../kernel/lib/display/end-labels.js";
import { headline } from "../../kernel/lib/display/headline.js";
import { chartModel, smoothed } from "../../kernel/lib/display/panels.js";
import { runView } from "../../kernel/lib/display/run-view.js";
import type { RunView } from "../../kernel/lib/display/views.js";
import { smallRun } from "./runs.js";

const counts = { trainable: 18, parameters: 42 };

async function trained(): Promise<RunView> {
  const run = smallRun(4);
  await run.train();
  return runView(run, counts);
}

test("a finished run: loss first, validation beside training, the best ringed, epochs as ticks", async () => {
  const view = await trained();
  const model = chartModel(view);
  expect(model.panels.map(({ metric }) => metric)).toEqual(["loss", "accuracy"]);
  const [loss] = model.panels;
  expect(loss?.batches?.steps).toHaveLength(32);
  expect(loss?.training?.steps).toEqual([8, 16, 24, 32]);
  expect(loss?.gap?.steps).toEqual([8, 16, 24, 32]);
  expect(loss?.best).toMatchObject({ role: "validation", step: view.best?.step });
  expect(model.x).toMatchObject({ domain: [0, 32], title: "epoch", grid: [8, 16, 24, 32] });
  expect(model.x.ticks.map(({ label }) => label)).toEqual(["1", "2", "3", "4"]);
});

test("a young run leaves room for its epoch, and counts in steps", async () => {
  const run = smallRun(50);
  await run.step(3);
  const model = chartModel(runView(run, counts));
  expect(model.x).toMatchObject({ domain: [0, 8], title: "step" });
  expect(model.panels[0]?.training).toBeUndefined();
  run.dispose();
});

test("a run that has not begun has an empty panel", () => {
  const run = smallRun(2);
  const model = chartModel(runView(run, counts));
  expect(model.panels).toHaveLength(1);
  expect(model.panels[0]?.domain).toEqual([0, 1]);
  run.dispose();
});

test("smoothing is debiased: a constant stays, from the first point on", () => {
  expect(smoothed({ steps: [1, 2, 3, 9], values: [2, 2, null, 2] }, 10).values).toEqual([2, 2, null, 2].map((value) => (value === null ? null : expect.closeTo(value, 12))));
});

test("a wild first batch does not flatten the curve, and a line on the edge is seen whole", async () => {
  const view = await trained();
  const wild = view.series.find(({ name, every }) => name === "loss" && every === "step")!;
  wild.values[0] = 1e6;
  const [loss, accuracy] = chartModel(view).panels;
  expect(loss!.domain[1]).toBeLessThan(2);
  const perfect = { ...view, series: view.series.map((one) => (one.metric === "accuracy" ? { ...one, values: one.values.map(() => 1) } : one)) };
  expect(chartModel(perfect).panels[1]!.domain[1]).toBeGreaterThan(1);
  expect(accuracy!.domain[1]).toBeLessThan(1.05);
});

test("names at the ends of lines keep apart", async () => {
  const [loss] = chartModel(await trained()).panels;
  const labels = endLabels(loss!, 190);
  expect(labels.map(({ name }) => name).sort()).toEqual(["training", "validation"]);
  expect(labels[1]!.y - labels[0]!.y).toBeGreaterThanOrEqual(26);
  const flat = { steps: [1, 2], values: [0.001, 0.001] };
  const low = { ...loss!, training: flat, validation: { steps: [1, 2], values: [0.002, 0.002] }, domain: [0, 9] as [number, number] };
  expect(endLabels(low, 190).map(({ name }) => name)).toEqual(["validation", "training"]);
});

test("the header says state, progress and the best", async () => {
  const view = await trained();
  expect(headline(view)).toMatchObject({ state: "finished", tone: "good", progress: 1, trainable: "18 of 42 trainable (43%)" });
  expect(headline(view).best).toMatch(/^best validation loss \d\.\d+ \(epoch \d\)$/);
  const half = headline({ ...view, state: "running", step: 16, epoch: 2, stepsPerSecond: 8 });
  expect(half.facts).toEqual(["epoch 2 of 4", "step 16 of 32", "8.0 steps/s", "2.0 s left"]);
});
