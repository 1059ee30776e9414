import { describe, expect, it, vi } from "vitest";
import { weightEntries } from "../../kernel/lib/models/index.js";
import { betweenSteps, finetune, freeze, onRunStarted, quietly, unfreeze } from "../../kernel/lib/training/index.js";
import type { FinetuneOptions, ObservableRun, RunEvent } from "../../kernel/lib/training/index.js";
import { hashes, smallCnn, stripes, tf } from "./small.js";

const data = { ...stripes(60), validation: stripes(30) };
const options: FinetuneOptions = { epochs: 3, batchSize: 16, learningRate: 5e-3, seed: 1 };

describe("a run is exact", () => {
  it("gives the same weights and figures twice, dropout and order included", async () => {
    const trained = async (seed: number) => {
      const model = smallCnn();
      const run = finetune(model, data, { ...options, seed });
      await run.train();
      return { hashes: hashes(model), history: run.history.map(({ metrics }) => metrics), losses: run.steps.metrics["loss"] };
    };
    const first = await trained(1);
    expect(await trained(1)).toEqual(first);
    expect((await trained(2)).hashes).not.toEqual(first.hashes);
  });

  it("comes to the same weights however it is cut into calls", async () => {
    const whole = smallCnn();
    await finetune(whole, data, options).train();
    const pieces = smallCnn();
    const run = finetune(pieces, data, options);
    await run.step();
    await run.step(2);
    await run.epoch();
    expect(run.currentStep).toBe(4);
    for await (const step of run) if (step.step === 6) break;
    await run.until(({ step }) => step === 9);
    run.gradients();
    await run.train();
    expect(run.state).toBe("finished");
    expect(hashes(pieces)).toEqual(hashes(whole));
  });

  it("splits a validation share off by the seed, from each class alike, and says so once", async () => {
    const held = () => {
      const run = finetune(smallCnn(), { ...stripes(60), validation: 0.2 }, options);
      return run.marks;
    };
    expect(held()).toEqual([{ step: 0, kind: "note", label: "12 of 60 samples held back for validation, from each class alike (seed 1)" }]);
    expect(finetune(smallCnn(), { ...stripes(60), validation: 0.2 }, options).plan).toEqual({ epochs: 3, stepsPerEpoch: 3, steps: 9, batchSize: 16 });
  });
});

describe("what is frozen", () => {
  it("stays, to the bit, moving averages and all, and is not touched by decay", async () => {
    const model = smallCnn();
    freeze(model, "conv1", "norm");
    const before = hashes(model);
    await finetune(model, data, { ...options, optimizer: "adamw", weightDecay: 0.1 }).train();
    const after = hashes(model);
    const moved = Object.keys(after).filter((path) => after[path] !== before[path]);
    expect(moved).toEqual(["features/kernel", "features/bias", "head/kernel", "head/bias"]);
  });

  it("may change between two steps, at once: exchanging layers too", async () => {
    const model = smallCnn();
    freeze(model, "features");
    const run = finetune(model, data, options);
    await run.step(2);
    const middle = hashes(model);
    // As many weights as before: tfjs' fit would notice nothing.
    unfreeze(model, "features");
    freeze(model, "conv1");
    await run.step(2);
    const after = hashes(model);
    expect(after["conv1/kernel"]).toBe(middle["conv1/kernel"]);
    expect(after["features/kernel"]).not.toBe(middle["features/kernel"]);
    expect(run.marks.filter(({ kind }) => kind !== "note")).toEqual([
      { step: 2, kind: "thaw", label: "thawed features" },
      { step: 2, kind: "freeze", label: "froze conv1" },
    ]);
  });

  it("does not mix up the optimizer's slots: a thawed layer does not get another's moments", async () => {
    // Features frozen for two steps, thawed for one: its step must be Adam's first, of the size of the rate.
    const model = smallCnn();
    freeze(model, "features");
    const run = finetune(model, data, { ...options, dropout: 0 });
    await run.step(2);
    const entry = weightEntries(model).find(({ path }) => path === "features/bias")!;
    const before = Array.from(entry.variable.read().dataSync());
    unfreeze(model, "features");
    await run.step();
    const gradient = run.gradients()["features/bias"]!;
    const after = Array.from(entry.variable.read().dataSync());
    const steps = after.map((value, index) => before[index]! - value);
    Array.from(gradient.dataSync()).forEach((g, index) => {
      if (Math.abs(g) > 1e-5) expect(Math.abs(steps[index]! - Math.sign(g) * 5e-3)).toBeLessThan(1e-5);
    });
  });

  it("of everything is an error that says what to do", async () => {
    const model = smallCnn();
    freeze(model);
    await expect(finetune(model, data, options).train()).rejects.toThrow("Nothing trains: every weight of small is frozen. unfreeze(model, …)");
  });
});

describe("the verbs", () => {
  it("tell followers and subscribers", async () => {
    const started: ObservableRun[] = [];
    const unfollow = onRunStarted((run) => started.push(run));
    const events: RunEvent[] = [];
    const run = finetune(smallCnn(), data, { ...options, epochs: 1 });
    run.subscribe((event) => events.push(event));
    expect(started).toEqual([]);
    await run.step();
    await run.train();
    unfollow();
    expect(started).toEqual([run]);
    expect(events.map(({ kind }) => kind)).toEqual(["state", "step", "state", "state", "step", "step", "step", "epoch", "state"]);
    expect(run.state).toBe("finished");
    expect(run.history).toHaveLength(1);
    expect(run.steps.step).toEqual([1, 2, 3, 4]);
    expect(Object.keys(run.history[0]!.metrics)).toEqual(["loss", "accuracy", "val_loss", "val_accuracy"]);
    await expect(run.train()).rejects.toThrow("has ended (finished)");
  });

  it("go unfollowed where the chart is not wanted, and in a comparison", async () => {
    let started = 0;
    const unfollow = onRunStarted(() => (started += 1));
    await finetune(smallCnn(), data, { ...options, chart: false }).step();
    await quietly(() => finetune(smallCnn(), data, options).step());
    expect(started).toBe(0);
    await finetune(smallCnn(), data, options).step();
    unfollow();
    expect(started).toBe(1);
  });

  it("pause within a step, and resume where it was", async () => {
    const run = finetune(smallCnn(), data, options);
    run.subscribe((event) => {
      if (event.kind === "step" && event.step === 5) run.pause();
    });
    const paused = new Promise<void>((resolve) => run.subscribe(() => run.state === "paused" && resolve()));
    const done = run.train();
    await paused;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect([run.state, run.currentStep]).toEqual(["paused", 5]);
    await expect(run.step()).rejects.toThrow("is training already (train())");
    run.resume();
    await done;
    expect(run.state).toBe("finished");
  });

  it("stop after the batch, keep the model, and can go on", async () => {
    const run = finetune(smallCnn(), data, options);
    run.subscribe((event) => {
      if (event.kind === "step" && event.step === 3) run.stop();
    });
    await run.train();
    expect([run.state, run.currentStep, run.message]).toEqual(["stopped", 3, "stopped by hand after step 3"]);
    await run.train();
    expect(run.state).toBe("finished");
  });

  it("end with the hook's KeyboardInterrupt, between steps and in a pause", async () => {
    let interrupt = false;
    const release = betweenSteps(() => {
      if (!interrupt) return;
      interrupt = false;
      const error = new Error("interrupted by the person");
      error.name = "KeyboardInterrupt";
      throw error;
    });
    const run = finetune(smallCnn(), data, options);
    await run.step(2);
    interrupt = true;
    await expect(run.train()).rejects.toThrow("interrupted by the person");
    expect([run.state, run.currentStep]).toEqual(["interrupted", 2]);
    run.subscribe((event) => {
      if (event.kind === "step") run.pause();
    });
    const paused = run.train();
    setTimeout(() => (interrupt = true), 100);
    await expect(paused).rejects.toThrow("interrupted by the person");
    release();
  });

  it("give the event loop a turn at least every 10 ms", async () => {
    const run = finetune(smallCnn(), data, { ...options, epochs: 10 });
    let turns = 0;
    let next = setImmediate(function tick() {
      turns += 1;
      next = setImmediate(tick);
    });
    const clock = vi.spyOn(performance, "now").mockImplementation(() => now);
    let now = 1e6;
    const seen: number[] = [];
    run.subscribe((event) => {
      if (event.kind !== "step") return;
      now += 5;
      seen.push(turns);
    });
    await run.train();
    clearImmediate(next);
    clock.mockRestore();
    expect(seen).toHaveLength(run.plan.steps);
    expect(seen.filter((turn, step) => step >= 2 && turn === seen[step - 2])).toEqual([]);
  });
});

describe("NaN", () => {
  it("stops the run before the update, with step, epoch and batch", async () => {
    const model = smallCnn();
    const broken = (y: import("@tensorflow/tfjs-node").Tensor, p: import("@tensorflow/tfjs-node").Tensor) => {
      steps += 1;
      const loss = tf.losses.meanSquaredError(y, p);
      return steps === 6 ? tf.mul(loss, NaN) : loss;
    };
    let steps = 0;
    const target = { x: data.x, y: tf.oneHot(tf.tensor1d(data.y, "int32"), 3) };
    const run = finetune(model, target, { ...options, loss: broken, trainingSample: 10, metrics: [] });
    let before = {};
    run.subscribe((event) => {
      if (event.kind === "step") before = hashes(model);
    });
    await expect(run.train()).rejects.toThrow(/^Step \d \(epoch 2, batch \d of 4\): the loss is NaN \(every layer.s output is finite: it comes up in the loss itself\)\. The update was not applied; the weights are those of step \d/);
    expect(run.state).toBe("failed");
    expect(hashes(model)).toEqual(before);
    expect(run.marks.at(-1)).toMatchObject({ kind: "nan", step: run.currentStep + 1 });
  });

  it("of a gradient alone is found and its weight named", async () => {
    const model = tf.sequential({ name: "root", layers: [tf.layers.dense({ name: "one", units: 1, inputShape: [1], kernelInitializer: "zeros" })] });
    // The root of zero has no finite slope.
    const run = finetune(model, { x: [[1]], y: [[0]] }, { loss: (_y, p) => tf.sum(tf.sqrt(tf.abs(p))), metrics: [] });
    await expect(run.train()).rejects.toThrow("the gradient of one/kernel, one/bias is not finite");
    expect(model.getWeights()[0]!.dataSync()[0]).toBe(0);
  });
});

describe("early stopping", () => {
  it("puts the best epoch's weights back, and says so", async () => {
    const model = smallCnn();
    const seen: Record<number, Record<string, string>> = {};
    const run = finetune(model, data, { ...options, epochs: 60, learningRate: 0.05, earlyStopping: { patience: 2 } });
    run.subscribe((event) => {
      if (event.kind === "epoch") seen[event.record.epoch] = hashes(model);
    });
    await run.train();
    expect(run.state).toBe("stopped");
    expect(run.message).toMatch(/^no better val_loss for 2 epochs; the best was epoch \d+$/);
    expect(run.currentEpoch).toBe(run.best!.epoch + 2);
    expect(hashes(model)).toEqual(seen[run.best!.epoch]);
  });

  it("puts them back when stopped by hand too, and goes on from where training stood", async () => {
    const whole = smallCnn();
    await finetune(whole, data, { ...options, epochs: 6, learningRate: 0.05 }).train();
    const model = smallCnn();
    const run = finetune(model, data, { ...options, epochs: 6, learningRate: 0.05, earlyStopping: { patience: 50, restoreBest: true } });
    await run.epoch(4);
    run.subscribe((event) => {
      if (event.kind === "step" && event.step === 18) run.stop();
    });
    await run.train();
    expect(run.state).toBe("stopped");
    await run.train();
    expect(run.steps.metrics["loss"]).toHaveLength(24);
    const best = run.best!.epoch;
    if (best === 6) expect(hashes(model)).toEqual(hashes(whole));
    else expect(run.marks.some(({ label }) => label === `weights of epoch ${best} restored`)).toBe(true);
  });
});
