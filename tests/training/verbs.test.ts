/** What the verbs of a run do where something came between. */
import { describe, expect, it, vi } from "vitest";
import { finetune } from "../../kernel/lib/training/index.js";
import type { FinetuneOptions } from "../../kernel/lib/training/index.js";
import { hashes, smallCnn, stripes, tf } from "./small.js";

const data = stripes(60);
const options: FinetuneOptions = { epochs: 3, batchSize: 16, learningRate: 5e-3, seed: 1, chart: false };

describe("a disposed run", () => {
  it("takes no verb, and says what to do", async () => {
    const run = finetune(smallCnn(), data, options);
    await run.step(2);
    run.dispose();
    run.dispose();
    const said = /small has been disposed, and its optimizer and snapshots with it; make another with finetune\(run\.model, …\)/;
    for (const verb of [() => run.step(), () => run.train(), () => run.epoch(), () => run.until(() => true), () => run.rewind({ step: 1 })]) await expect(verb()).rejects.toThrow(said);
    for (const verb of [() => run.fork(), () => run.gradients(), () => run.activations(), () => run.averaged()]) expect(verb).toThrow(said);
    expect(run.currentStep).toBe(2);
  });

  it("is none while it trains", async () => {
    const run = finetune(smallCnn(), data, options);
    const training = run.train();
    expect(() => run.dispose()).toThrow("small is training (train()); call run.stop() and await that before run.dispose()");
    await training;
    run.dispose();
  });
});

describe("for await", () => {
  it("is held by a pause between its steps, until resume", async () => {
    const run = finetune(smallCnn(), data, options);
    const seen: number[] = [];
    const held = vi.fn();
    run.subscribe(({ kind }) => {
      if (kind !== "state" || run.state !== "paused" || seen.length !== 3 || held.mock.calls.length > 0) return;
      held();
      setTimeout(() => {
        expect(seen).toEqual([1, 2, 3]);
        run.resume();
      }, 120);
    });
    for await (const { step } of run) {
      seen.push(step);
      if (step === 3) run.pause();
    }
    expect(held).toHaveBeenCalledTimes(1);
    expect(seen).toHaveLength(12);
  });

  it("goes on where pause was taken back, and ends where the pause is stopped", async () => {
    const run = finetune(smallCnn(), data, options);
    const seen: number[] = [];
    for await (const { step } of run) {
      seen.push(step);
      run.pause();
      if (step < 3) run.resume();
      else setTimeout(() => run.stop(), 50);
    }
    expect([seen, run.state]).toEqual([[1, 2, 3], "stopped"]);
    run.pause();
    await run.train();
    expect(run.state).toBe("finished");
  });
});

describe("a call that is stopped first", () => {
  it("gives the last figures, and where there are none an error", async () => {
    const run = finetune(smallCnn(), data, options);
    run.subscribe(({ kind }) => kind === "state" && run.state === "running" && run.stop());
    await expect(run.step()).rejects.toThrow("small was stopped before its first step; there are no figures of a step yet");
    await expect(run.until(() => true)).rejects.toThrow("before its first step");
    await expect(run.epoch()).rejects.toThrow("epoch(1): small was stopped after step 0, before the end of its first epoch; there are no figures of an epoch yet");
    const steps = [];
    for await (const step of run) steps.push(step);
    expect(steps).toEqual([]);

    const other = finetune(smallCnn(), data, options);
    await other.epoch();
    other.subscribe((event) => event.kind === "step" && event.step === 6 && other.stop());
    expect((await other.epoch()).epoch).toBe(1);
    expect((await other.step()).step).toBe(7);
  });
});

describe("who looks on", () => {
  it("and fails does not end the run; it is told once", async () => {
    const lines: string[] = [];
    const spy = vi.spyOn(process.stderr, "write").mockImplementation((text) => lines.push(String(text)) > 0);
    const run = finetune(smallCnn(), data, options);
    let told = 0;
    run.subscribe(() => {
      throw new Error("no such element");
    });
    run.subscribe(() => (told += 1));
    await run.train().finally(() => spy.mockRestore());
    expect([run.state, run.currentStep]).toEqual(["finished", 12]);
    expect(told).toBeGreaterThan(12);
    expect(lines.filter((line) => line.includes("a listener of run.subscribe failed (Error: no such element"))).toHaveLength(1);
  });

  it("as a probe that fails is named, and the run can go on", async () => {
    const whole = smallCnn();
    await finetune(whole, data, options).train();
    const model = smallCnn();
    let broken = false;
    const run = finetune(model, data, { ...options, probes: { old: () => {
      if (broken) throw new Error("the file is gone");
      return 1;
    } } });
    await run.step();
    broken = true;
    await expect(run.train()).rejects.toThrow("probes.old failed: the file is gone");
    expect([run.state, run.currentStep, run.message]).toEqual(["paused", 4, "probes.old failed: the file is gone"]);
    broken = false;
    await run.train();
    expect(run.history.map(({ epoch }) => epoch)).toEqual([0, 1, 2, 3]);
    expect(hashes(model)).toEqual(hashes(whole));
  });
});

it("a fork whose epochs are over already is refused", async () => {
  const run = finetune(smallCnn(), data, options);
  await run.step(9);
  expect(() => run.fork({ epochs: 2 })).toThrow("fork({ epochs: 2 }): epochs count from the beginning, 2 are 8 steps, and 9 have been taken; give at least epochs: 3");
  const fork = run.fork({ epochs: 3 });
  await fork.train();
  expect(fork.currentStep).toBe(12);
});

it("a stateful recurrent layer is refused, and one that is not is taken", () => {
  const recurrent = tf.layers.lstm({ name: "memory", units: 2, stateful: true, batchInputShape: [4, 3, 1] });
  const model = tf.sequential({ name: "carrying", layers: [recurrent, tf.layers.dense({ units: 1 })] });
  const sequences = { x: tf.ones([8, 3, 1]), y: tf.ones([8, 1]) };
  expect(() => finetune(model, sequences, { batchSize: 4 })).toThrow("memory is stateful: it carries its state from one batch to the next, and finetune shuffles batches and repeats steps. Make it with stateful: false, and give whole sequences as samples");
  const plain = tf.sequential({ layers: [tf.layers.lstm({ units: 2, inputShape: [3, 1] }), tf.layers.dense({ units: 1 })] });
  expect(() => finetune(plain, sequences, { batchSize: 4 })).not.toThrow();
});

it.each([["op by op", { compile: "off" }], ["in a short run", {}], ["in a longer one", { epochs: 8 }]] as const)("a loss with randomness of its own draws the same again: %s", async (how, changes) => {
  const spy = vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  const target = { x: data.x, y: tf.oneHot(tf.tensor1d(data.y, "int32"), 3) };
  const run = finetune(smallCnn(), target, { ...options, metrics: [], ...changes, loss: (y, p) => tf.mul(tf.losses.meanSquaredError(y, tf.add(p, tf.randomNormal(p.shape, 0, 0.1))), 1 + Math.random()) });
  try {
    await run.step(7);
    const losses = [...run.steps.metrics["loss"]!];
    await run.rewind({ step: 3 });
    await run.step(4);
    expect(run.steps.metrics["loss"]).toEqual(losses);
    expect(run.marks.some(({ label }) => /^Steps of small are not compiled \(.*Math\.random/.test(label))).toBe(how === "in a longer one");
  } finally {
    spy.mockRestore();
  }
});
