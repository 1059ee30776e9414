import { expect, it } from "vitest";
import { diagnose } from "../../kernel/lib/diagnosis/index.js";
import { chartModel } from "../../kernel/lib/display/panels.js";
import { runView } from "../../kernel/lib/display/run-view.js";
import { finetune, measureModel, regularizers } from "../../kernel/lib/training/index.js";
import { smallCnn, stripes } from "./small.js";

const data = stripes(24);
const old = { x: data.x, y: data.y.map((value) => (value + 1) % 3) };

it.each(["auto", "off"] as const)("probes are measured before the run and at each epoch's end, compile: %s", async (compile) => {
  const model = smallCnn();
  const before = await measureModel(model, old);
  const run = finetune(model, data, { epochs: 5, batchSize: 4, learningRate: 0.01, compile, probes: { old, half: (given) => given.countParams() / 2 } });
  await run.train();
  expect(run.history.map(({ epoch, step }) => [epoch, step])).toEqual([[0, 0], [1, 6], [2, 12], [3, 18], [4, 24], [5, 30]]);
  expect(run.history[0]!.metrics).toEqual({ "probe/old": before["accuracy"], "probe/half": model.countParams() / 2 });
  expect(Object.keys(run.history[1]!.metrics)).toEqual(["loss", "accuracy", "probe/old", "probe/half"]);
  expect(run.history[5]!.metrics["probe/old"]).toBeCloseTo((await measureModel(model, old))["accuracy"]!, 6);
  const history = run.history.map(({ metrics }) => metrics);
  await run.rewind({ epoch: 2 });
  expect(run.history).toHaveLength(3);
  await run.train();
  expect(run.history.map(({ metrics }) => metrics)).toEqual(history);
  const { panels } = chartModel(runView(run, { trainable: 1, parameters: 1 }));
  const panel = panels.find(({ metric }) => metric === "probe/old")!;
  expect(panel.title).toBe("retention: old");
  expect(panel.training!.steps).toEqual([0, 6, 12, 18, 24, 30]);
  await diagnose(run);
});

it("an averaged run's probes are of the averaged weights", async () => {
  const run = finetune(smallCnn(), data, { epochs: 2, batchSize: 4, learningRate: 0.05, averaging: { kind: "ema", decay: 0.9 }, probes: { own: async (model) => (await measureModel(model, data))["loss"]! } });
  await run.train();
  for (const { metrics } of run.history.slice(1)) expect(metrics["probe/own"]).toBeCloseTo(metrics["loss"]!, 5);
});

it("replay keeps what is forgotten without it", async () => {
  // The new task: the same stripes inverted, named in another order.
  const task = { x: data.x.map((value) => -value), y: data.y.map((value) => (value + 1) % 3) };
  const options = { epochs: 40, batchSize: 8, learningRate: 0.01, dropout: 0 } as const;
  const scores: number[] = [];
  for (const regularize of [[], [regularizers.replay(data, { share: 0.4 })]]) {
    const model = smallCnn();
    await finetune(model, data, { ...options, seed: 1 }).train();
    const run = finetune(model, task, { ...options, seed: 2, regularize, probes: { data } });
    await run.train();
    expect(run.history[0]!.metrics["probe/data"]).toBeGreaterThan(0.9);
    scores.push(run.history.at(-1)!.metrics["probe/data"]!);
  }
  expect(scores[1]).toBeGreaterThan(scores[0]! + 0.2);
});

it.each([
  [{ old: { x: data.x, y: [0] } }, "probes.old: y has 1 rows and x has 24"],
])("probes that do not fit are refused", (probes, message) => {
  expect(() => finetune(smallCnn(), data, { probes })).toThrow(message);
});

it("a probe gives a number", async () => {
  await expect(finetune(smallCnn(), data, { probes: { bad: (() => "1") as never } }).step()).rejects.toThrow("probes.bad gives string; it must give a number");
});
