import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import { finetune, freeze, optimizers, schedules, unfreeze } from "../../kernel/lib/training/index.js";
import type { FinetuneOptions, Run } from "../../kernel/lib/training/index.js";
import { leastMissed, Snapshots } from "../../kernel/lib/training/runs/snapshots.js";
import { hashes, smallCnn, stripes, tf } from "./small.js";

const data = { ...stripes(60), validation: stripes(30) };
const options: FinetuneOptions = { epochs: 4, batchSize: 16, learningRate: 5e-3, schedule: schedules.cosine(), seed: 1 };

/** Everything that a person can see of where a run stands. */
function standing(run: Run) {
  return {
    hashes: hashes(run.model),
    step: run.currentStep,
    history: run.history.map(({ epoch, metrics }) => ({ epoch, metrics })),
    losses: [...run.steps.metrics["loss"]!],
    norms: [...run.gradientNorms],
    marks: [...run.marks],
    best: run.best,
  };
}

describe("rewind", () => {
  it("goes to every step exactly, forth again too, and trains on to the same end", async () => {
    const seen: ReturnType<typeof standing>[] = [];
    const run = finetune(smallCnn(), data, options);
    for await (const step of run) seen[step.step] = standing(run);
    const end = standing(run);
    expect(run.state).toBe("finished");
    for (const step of [15, 9, 8, 3, 1]) {
      await run.rewind({ step });
      expect(standing(run), `step ${step}`).toEqual(seen[step]);
    }
    expect(run.state).toBe("paused");
    await run.train();
    expect(standing(run)).toEqual(end);
    await run.rewind({ epoch: 2 });
    expect([run.currentStep, run.history.length]).toEqual([8, 2]);
    await run.rewind({ step: 0 });
    expect([run.state, run.history.length]).toEqual(["ready", 0]);
    await run.train();
    expect(standing(run)).toEqual(end);
  });

  it("replays what was frozen when", async () => {
    const run = finetune(smallCnn(), data, options);
    freeze(run.model, "conv1", "norm");
    await run.step(2);
    unfreeze(run.model, "norm");
    await run.step(3);
    const there = hashes(run.model);
    unfreeze(run.model);
    await run.train();
    await run.rewind({ step: 5 });
    expect(hashes(run.model)).toEqual(there);
    expect(run.marks.filter(({ kind }) => kind !== "note")).toEqual([{ step: 2, kind: "thaw", label: "thawed norm" }]);
    expect(run.model.getLayer("conv1").trainable).toBe(false);
    await run.rewind({ step: 1 });
    expect(run.model.getLayer("norm").trainable).toBe(false);
    expect(run.marks.filter(({ kind }) => kind !== "note")).toEqual([]);
  });

  it("finds the best weights of its past again", async () => {
    const early: FinetuneOptions = { ...options, epochs: 40, learningRate: 0.05, schedule: schedules.constant(), earlyStopping: { patience: 3 } };
    const run = finetune(smallCnn(), data, early);
    await run.train();
    const end = standing(run);
    expect(run.state).toBe("stopped");
    await run.rewind({ epoch: 2 });
    await run.train();
    expect(standing(run)).toEqual(end);
  });

  it("takes a run up again that ended in NaN", async () => {
    let broken = true;
    const loss = (y: import("@tensorflow/tfjs-node").Tensor, p: import("@tensorflow/tfjs-node").Tensor) => {
      const value = tf.losses.meanSquaredError(y, p);
      return broken && run.currentStep === 6 ? tf.mul(value, NaN) : value;
    };
    const run: Run = finetune(smallCnn(), { x: data.x, y: tf.oneHot(tf.tensor1d(data.y, "int32"), 3) }, { ...options, loss });
    await expect(run.train()).rejects.toThrow("Step 7");
    broken = false;
    await run.rewind({ step: 5 });
    expect(run.marks.filter(({ kind }) => kind !== "note")).toEqual([]);
    await run.train();
    expect(run.state).toBe("finished");
  });

  it("notices what cannot be repeated", async () => {
    const x = Float32Array.from(data.x);
    const run = finetune(smallCnn(), { x, y: data.y }, options);
    await run.step(3);
    const there = standing(run);
    x.fill(0.5, 0, 1000);
    await expect(run.rewind({ step: 2 })).rejects.toThrow(/^Step 1 cannot be repeated: its loss was .* Has the data been changed/);
    expect(standing(run)).toEqual(there);
    expect(run.state).toBe("paused");
  });

  it("refuses what lies ahead", async () => {
    const run = finetune(smallCnn(), data, options);
    await run.step(3);
    await expect(run.rewind({ step: 4 })).rejects.toThrow("rewind({ step: 4 }): small can go back to the steps 0 to 3");
    await expect(run.rewind({ epoch: 1 })).rejects.toThrow("rewind({ epoch: 1 })");
  });
});

describe("fork", () => {
  it("without changes comes to the same end, and leaves the first run alone", async () => {
    const whole = finetune(smallCnn(), data, options);
    await whole.train();
    const run = finetune(smallCnn(), data, options);
    await run.step(6);
    const there = standing(run);
    const fork = run.fork();
    expect(hashes(fork.model)).toEqual(there.hashes);
    expect([fork.state, fork.currentStep, fork.name]).toEqual(["paused", 6, "small, forked"]);
    await fork.train();
    expect(hashes(fork.model)).toEqual(hashes(whole.model));
    expect(fork.history.map(({ metrics }) => metrics)).toEqual(whole.history.map(({ metrics }) => metrics));
    expect(fork.marks).toEqual([{ step: 6, kind: "fork", label: "forked from small" }]);
    expect(standing(run)).toEqual(there);
    await run.train();
    expect(hashes(run.model)).toEqual(hashes(whole.model));
  });

  it("says what becomes of what the optimizer has gathered, where that is changed", async () => {
    const run = finetune(smallCnn(), data, { ...options, optimizer: "adam" });
    const mark = (optimizer: FinetuneOptions["optimizer"]) => run.fork({ optimizer }).marks.at(-1)!.label;
    expect(mark(optimizers.adam({ beta1: 0.5 }))).not.toContain("gathered");
    await run.step(2);
    expect(mark(optimizers.adam({ beta1: 0.5 }))).toMatch(/^forked from small: optimizer .*; what adam has gathered is kept$/);
    expect(mark("rmsprop")).toBe("forked from small: optimizer rmsprop; rmsprop begins anew");
  });

  it("changes what is asked from there on, and can be rewound as far", async () => {
    const run = finetune(smallCnn(), data, options);
    await run.step(6);
    const fork = run.fork({ dropout: 0, learningRate: 1e-3 });
    await run.step();
    await fork.step();
    expect(fork.steps.metrics["loss"]!.slice(0, 6)).toEqual(run.steps.metrics["loss"]!.slice(0, 6));
    expect(fork.steps.metrics["loss"]![6]).not.toBe(run.steps.metrics["loss"]![6]);
    expect(fork.marks.at(-1)).toEqual({ step: 6, kind: "fork", label: "forked from small: dropout 0, learningRate 0.001" });
    const there = hashes(fork.model);
    await fork.train();
    await fork.rewind({ step: 7 });
    expect(hashes(fork.model)).toEqual(there);
    await expect(fork.rewind({ step: 5 })).rejects.toThrow("can go back to the steps 6 to 7; it was forked there");
  });

  it("begins the slots of another optimizer anew, and keeps the split under another seed", async () => {
    const run = finetune(smallCnn(), { ...stripes(60), validation: 0.2 }, options);
    await run.step(3);
    const fork = run.fork({ optimizer: optimizers.sgd({ momentum: 0.9 }), seed: 9 });
    await fork.train();
    expect(fork.state).toBe("finished");
    expect(fork.marks[0]!.label).toBe("12 of 60 samples held back for validation, from each class alike (seed 1)");
  });

  it("takes a finished run further", async () => {
    const run = finetune(smallCnn(), data, { ...options, epochs: 1 });
    await run.train();
    const fork = run.fork({ epochs: 3 });
    await fork.train();
    expect(fork.currentStep).toBe(12);
  });

  it("refuses what would shift the data", async () => {
    const run = finetune(smallCnn(), data, options);
    await run.step(2);
    expect(() => run.fork({ batchSize: 8 })).toThrow("fork({ batchSize }): it decides what a step is, and 2 have been taken");
    await run.rewind({ step: 0 });
    expect(run.fork({ batchSize: 8 }).plan.stepsPerEpoch).toBe(8);
  });
});

describe("snapshots", () => {
  it("keep the first, the last, and more of late than of old", () => {
    const snapshots = new Snapshots();
    const state = { weights: new Map(), slots: new Map() };
    for (let step = 0; step <= 1000; step += 5) snapshots.add({ step, state, best: undefined });
    const { steps } = snapshots;
    expect(steps.length).toBeLessThanOrEqual(64);
    expect([steps[0], steps.at(-1)]).toEqual([0, 1000]);
    expect(steps.filter((step) => step > 800).length).toBeGreaterThan(steps.filter((step) => step < 400).length / 2);
    expect(leastMissed([0, 1, 2, 100])).toBe(1);
  });

  it("stay within their budget", () => {
    const snapshots = new Snapshots({ memory: 1000, disk: 0 });
    const weights = () => new Map([["w", { values: new Float32Array(100), shape: [100], dtype: "float32" as const }]]);
    for (let step = 0; step < 10; step++) snapshots.add({ step, state: { weights: weights(), slots: new Map() }, best: undefined });
    expect(snapshots.steps).toEqual([0, 9]);
    const same = weights();
    const frozen = new Snapshots({ memory: 1000, disk: 0 });
    for (let step = 0; step < 10; step++) frozen.add({ step, state: { weights: same, slots: new Map() }, best: undefined });
    expect(frozen.steps).toHaveLength(10);
  });

  it("go to the disk where memory is short, and come back the same", () => {
    const snapshots = new Snapshots({ memory: 1000, disk: 3000 });
    const frozen = { values: new Float32Array(50).fill(7), shape: [50], dtype: "float32" as const };
    const tensor = (fill: number) => ({ values: new Float32Array(100).fill(fill), shape: [100], dtype: "float32" as const });
    const made = (step: number) => ({ step, state: { weights: new Map([["w", tensor(step)], ["frozen", frozen]]), slots: new Map([["w", { tensors: [tensor(-step)], count: step }]]) }, best: undefined });
    for (let step = 0; step < 10; step++) snapshots.add(made(step));
    expect(snapshots.bytes.disk).toBeGreaterThan(1500);
    expect(snapshots.bytes.disk).toBeLessThanOrEqual(3000);
    const { steps } = snapshots;
    expect([steps[0], steps.at(-1)]).toEqual([0, 9]);
    expect(steps.length).toBeGreaterThan(3);
    for (const step of steps) expect(snapshots.before(step)).toEqual(made(step));
    expect(snapshots.before(steps[2]!)!.state.weights.get("frozen")!.values).toBe(frozen.values);
    snapshots.cut(steps[1]!);
    expect(snapshots.steps).toEqual(steps.slice(0, 2));
    snapshots.clear();
    expect(snapshots.bytes).toEqual({ memory: 0, disk: 0 });
  });

  it("on the disk serve a rewind, and go with the run", async () => {
    const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith(`thawbook-snapshots-${process.pid}-`)).length;
    const run = finetune(smallCnn(), data, { ...options, snapshots: { memory: 1 } });
    await run.train();
    expect(folders()).toBe(1);
    const reference = finetune(smallCnn(), data, options);
    await reference.step(9);
    await run.rewind({ step: 9 });
    expect(hashes(run.model)).toEqual(hashes(reference.model));
    run.dispose();
    expect(folders()).toBe(0);
  });
});
