import { afterEach, describe, expect, it, vi } from "vitest";
import { diagnose, watchRuns } from "../../kernel/lib/diagnosis/index.js";
import { weightEntries, type LayersModel } from "../../kernel/lib/models/index.js";
import { hashTensor } from "../../kernel/lib/tensorflow/index.js";
import { finetune } from "../../kernel/lib/training/index.js";
import { dense, pictures, tf, weight } from "./runs.js";

const told = vi.spyOn(console, "warn").mockImplementation(() => undefined);
afterEach(() => told.mockClear());

const hashes = (model: LayersModel) => weightEntries(model).map(({ path, variable }) => `${path} ${hashTensor(variable.read())}`);
const data = () => ({ ...pictures(200, 1), validation: pictures(60, 2) });

function dying(): LayersModel {
  const model = dense(64, [32, 24, 10]);
  weight(model, "dense2", 1).write(tf.fill([24], -1000));
  return model;
}

describe("a watched run", () => {
  it("tells each finding once, as it comes, and marks it on the chart", async () => {
    const run = finetune(dying(), data(), { epochs: 4, seed: 1, watch: true, chart: false });
    await run.epoch();
    const lines = () => told.mock.calls.map(([line]) => String(line)).filter((line) => line.includes("dead"));
    expect(lines().length).toBeGreaterThan(0);
    expect(lines()[0]).toMatch(/^net, step 7: 24 of 24 units of dense2 are dead.* Look closer with diagnose\(run\)\.$/);
    const before = told.mock.calls.length;
    await run.train();
    expect(new Set(told.mock.calls.map(([line]) => line)).size).toBe(told.mock.calls.length);
    expect(lines().filter((line) => line.includes("units of dense2")).length).toBe(1);
    expect(told.mock.calls.length).toBeGreaterThanOrEqual(before);
    expect(run.marks.filter(({ label }) => label === "dead units: dense2")).toEqual([{ step: 7, kind: "note", label: "dead units: dense2" }]);
  });

  it("says nothing unless asked to watch", async () => {
    await finetune(dying(), data(), { epochs: 2, seed: 1 }).train();
    expect(told).not.toHaveBeenCalled();
  });

  it("tells whoever follows, until it stops following", async () => {
    const lines: string[] = [];
    const stop = watchRuns((line) => lines.push(line));
    await finetune(dying(), data(), { epochs: 1, seed: 1, watch: true }).train();
    stop();
    const before = lines.length;
    expect(before).toBeGreaterThan(0);
    await finetune(dying(), data(), { epochs: 1, seed: 1, watch: true }).train();
    expect(lines.length).toBe(before);
  });
});

describe("a diagnosis", () => {
  it("changes nothing in a run: its weights go on to the same bits, and no tensor is left behind", async () => {
    const plain = finetune(dense(64, [32, 10], { dropout: 0.3 }), data(), { epochs: 3, seed: 1 });
    await plain.train();
    const looked = finetune(dense(64, [32, 10], { dropout: 0.3 }), data(), { epochs: 3, seed: 1 });
    await looked.step(4);
    diagnose(looked);
    const tensors = tf.memory().numTensors;
    diagnose(looked);
    expect(tf.memory().numTensors).toBe(tensors);
    await looked.step(3);
    diagnose(looked);
    await looked.train();
    expect(hashes(looked.model)).toEqual(hashes(plain.model));
  });

  it("can be asked of a run that has not begun, is paused and has ended", async () => {
    const run = finetune(dense(64, [32, 10]), data(), { epochs: 1, seed: 1 });
    expect(diagnose(run).findings).toEqual([]);
    await run.step();
    expect(diagnose(run)).toMatchObject({ run: "net", step: 1, epoch: 1 });
    await run.train();
    expect(diagnose(run).unchecked.map(({ what }) => what)).toContain("vanishing gradients");
    expect(() => diagnose(run, { thresholds: { inputs: { largest: Number.NaN } } })).toThrow("thresholds.inputs.largest must be a number");
  });
});
