import type { LayersModel, Tensor } from "@tensorflow/tfjs-node";
import { afterEach, describe, expect, it, vi } from "vitest";
import { weightEntries } from "../../kernel/lib/models/index.js";
import { CompiledStepper } from "../../kernel/lib/training/steps/compiled-stepper.js";
import { finetune, freeze, optimizers, unfreeze } from "../../kernel/lib/training/index.js";
import type { FinetuneOptions, Run } from "../../kernel/lib/training/index.js";
import { TrainingSession } from "../../kernel/lib/tensorflow/graph/index.js";
import { planOf } from "../../kernel/lib/training/plan/plan.js";
import { farthest, hashes, smallCnn, stripes, tf, valuesOf } from "./small.js";

const data = { ...stripes(150), validation: stripes(30) };
const options: FinetuneOptions = { epochs: 2, batchSize: 4, learningRate: 5e-3, seed: 1 };

/** What was said on stderr while `work` went on. */
async function said(work: () => Promise<void>): Promise<string[]> {
  const lines: string[] = [];
  const spy = vi.spyOn(process.stderr, "write").mockImplementation((text) => lines.push(String(text)) > 0);
  try {
    await work();
  } finally {
    spy.mockRestore();
  }
  return lines.filter((line) => line.startsWith("Steps of"));
}

function named(name: string): LayersModel {
  const model = smallCnn();
  model.name = name;
  return model;
}

let factor = 1;

afterEach(() => vi.restoreAllMocks());

describe("a compiled run", () => {
  it.each<[string, FinetuneOptions]>([
    ["adam", {}],
    ["adamw, clipped, with rates of parts", { optimizer: "adamw", clipNorm: 0.5, rates: { "conv*": 0.1 } }],
    ["sgd", { optimizer: "sgd", learningRate: 0.05 }],
    ["rmsprop", { optimizer: "rmsprop", learningRate: 1e-3 }],
    ["adafactor", { optimizer: "adafactor", learningRate: 1e-2 }],
    ["accumulated", { accumulate: 2 }],
  ])("does what the run op by op does, but for rounding: %s", async (_name, changes) => {
    const calls = vi.spyOn(TrainingSession.prototype, "step");
    const [compiled, eager] = [smallCnn(), smallCnn()];
    const first = finetune(compiled, data, { ...options, ...changes });
    await first.step(10);
    expect(calls.mock.calls.length).toBeGreaterThan(0);
    calls.mockClear();
    const second = finetune(eager, data, { ...options, ...changes, compile: "off" });
    await second.step(10);
    expect(calls).not.toHaveBeenCalled();
    expect(farthest(first.steps.metrics["loss"]!, second.steps.metrics["loss"]!)).toBeLessThan(2e-3);
    expect(farthest(first.gradientNorms, second.gradientNorms)).toBeLessThan(2e-2);
    expect(farthest(valuesOf(compiled, "head/kernel"), valuesOf(eager, "head/kernel"))).toBeLessThan(5e-3);
    first.dispose();
    second.dispose();
  });

  it("takes an epoch's last, smaller batch with the graph of the others, where samples do not touch one another", async () => {
    const keys = async (model: LayersModel, compile: "auto" | "off") => {
      const calls = vi.spyOn(TrainingSession.prototype, "step");
      calls.mockClear();
      const run = finetune(model, data, { ...options, batchSize: 8, epochs: 3, compile });
      await run.train();
      return { graphs: new Set(calls.mock.calls.map(([key]) => key)).size, losses: run.steps.metrics["loss"]!, head: valuesOf(model, "head/kernel"), hashes: hashes(model) };
    };
    const still = () => {
      const model = smallCnn();
      freeze(model, "norm");
      return model;
    };
    const compiled = await keys(still(), "auto");
    expect(compiled.graphs).toBe(1);
    expect((await keys(still(), "auto")).hashes).toEqual(compiled.hashes);
    const eager = await keys(still(), "off");
    expect(farthest(compiled.losses, eager.losses)).toBeLessThan(2e-3);
    expect(farthest(compiled.head, eager.head)).toBeLessThan(5e-3);
    // Normalized by the batch, a sample that is there twice counts twice.
    expect((await keys(smallCnn(), "auto")).graphs).toBe(2);
  });

  it("comes to the same bits whether steps are taken together or one by one", async () => {
    const together = smallCnn();
    const calls = vi.spyOn(TrainingSession.prototype, "step");
    const run = finetune(together, data, options);
    await run.train();
    expect(calls.mock.calls.some(([, , feed]) => feed.steps.length > 1)).toBe(true);
    calls.mockClear();
    const alone = smallCnn();
    const watched = finetune(alone, data, options);
    const seen: Record<number, Record<string, string>> = {};
    watched.subscribe((event) => {
      if (event.kind === "step") seen[event.step] = hashes(alone);
    });
    await watched.train();
    expect(calls.mock.calls.every(([, , feed]) => feed.steps.length === 1)).toBe(true);
    expect(hashes(alone)).toEqual(hashes(together));
    expect(watched.steps).toEqual(run.steps);
    expect(watched.history.map(({ metrics }) => metrics)).toEqual(run.history.map(({ metrics }) => metrics));
    // A listener sees the weights of the step that it is told of.
    for (const step of [60, 37, 2]) {
      await run.rewind({ step });
      expect(hashes(together), `step ${step}`).toEqual(seen[step]);
    }
    const fork = run.fork();
    await fork.train();
    expect(hashes(fork.model)).toEqual(hashes(alone));
  });

  it("takes the update of a rule of one's own, also of one made from another", async () => {
    const still: FinetuneOptions["optimizer"] = { ...optimizers.sgd(), update: (gradient) => ({ step: tf.mul(gradient, 0), slots: [] }) };
    const model = smallCnn();
    const before = valuesOf(model, "head/kernel");
    await finetune(model, data, { ...options, optimizer: still }).step(3);
    expect(valuesOf(model, "head/kernel")).toEqual(before);
  });

  it("takes over what the person assigns between two steps", async () => {
    const both = await Promise.all((["auto", "off"] as const).map(async (compile) => {
      const model = smallCnn();
      const run = finetune(model, data, { ...options, compile });
      await run.step(3);
      model.getLayer("head").setWeights([tf.zeros([6, 3]), tf.zeros([3])]);
      await run.step();
      return { loss: run.steps.metrics["loss"]![3]!, head: valuesOf(model, "head/kernel"), run };
    }));
    expect(both[0]!.loss).toBeCloseTo(Math.log(3), 5);
    expect(both[1]!.loss).toBeCloseTo(Math.log(3), 5);
    expect(Math.max(...both[0]!.head.map(Math.abs))).toBeLessThanOrEqual(5e-3 * 1.01 * 3);
  });

  it("keeps weights apart that were set to one tensor", async () => {
    const layer = (name: string) => tf.layers.dense({ name, units: 3, inputShape: [3], useBias: false });
    const model = tf.sequential({ name: "twins", layers: [layer("a"), layer("b")] });
    const shared = tf.eye(3);
    model.setWeights([shared, shared]);
    const copy = tf.sequential({ name: "twins", layers: [layer("a"), layer("b")] });
    copy.setWeights([shared, shared]);
    const x = [[1, 0, 2], [0, 1, 0], [3, 1, 1], [0.5, 2, 1]];
    const y = [[0, 1, 0], [1, 0, 0], [0, 0, 1], [0, 2, 1]];
    for (const [each, compile] of [[model, "auto"], [copy, "off"]] as const) {
      await finetune(each, { x, y }, { epochs: 20, batchSize: 2, loss: "mse", optimizer: "sgd", learningRate: 0.05, compile }).train();
    }
    for (const path of ["a/kernel", "b/kernel"]) expect(farthest(valuesOf(model, path), valuesOf(copy, path)), path).toBeLessThan(1e-5);
  });

  it("leaves frozen weights the tensors that they were, so that snapshots share them", async () => {
    const model = smallCnn();
    freeze(model, "conv1", "norm");
    const tensor = () => weightEntries(model).find(({ path }) => path === "conv1/kernel")!.variable.read().dataId;
    const run = finetune(model, data, options);
    await run.step(2);
    const there = tensor();
    await run.epoch();
    expect(tensor()).toBe(there);
    unfreeze(model, "conv1");
    await run.step();
    expect(tensor()).not.toBe(there);
  });

  it("tells where a step is not finite, with the weights of the step before", async () => {
    const x = Float32Array.from(data.x);
    const model = smallCnn();
    const run = finetune(model, { x, y: data.y }, { ...options, shuffle: false });
    await run.step(5);
    const before = hashes(model);
    x.fill(3e38, 7 * 4 * 36, 8 * 4 * 36);
    await expect(run.train()).rejects.toThrow(/^Step 8 \(epoch 1, batch 8 of 38\): .*weights are those of step 7/);
    expect(run.currentStep).toBe(7);
    expect(hashes(model)).not.toEqual(before);
    expect(run.marks.at(-1)).toMatchObject({ kind: "nan", step: 8 });
  });
});

describe("the model of a compiled run", () => {
  it("has the weights of the last step for whoever reads it, whenever", async () => {
    const [model, plain] = [smallCnn(), smallCnn()];
    const run = finetune(model, data, options);
    const eager = finetune(plain, data, options);
    const seen: number[][] = [];
    const timer = setInterval(() => seen.push(valuesOf(model, "head/kernel")), 1);
    await run.train();
    clearInterval(timer);
    await eager.train();
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.every((values) => values.every(Number.isFinite))).toBe(true);
    expect(hashes(model)).toEqual(hashes(plain));
  });

  it("keeps what was read or cloned as it was then, and predicts as it should", async () => {
    const model = smallCnn();
    const run = finetune(model, data, options);
    await run.step(3);
    const kernel = model.getLayer("head").getWeights()[0]!;
    const clone = kernel.clone();
    const product = tf.mul(kernel, 2);
    const then = Array.from(clone.dataSync());
    await run.step(2);
    expect(Array.from(clone.dataSync())).toEqual(then);
    expect(Array.from(product.dataSync())).toEqual(then.map((value) => Math.fround(2 * value)));
    expect(valuesOf(model, "head/kernel")).not.toEqual(then);
    const predicted = model.predict(tf.tensor(data.x.slice(0, 36), [1, 6, 6, 1])) as Tensor;
    run.dispose();
    expect(Array.from((model.predict(tf.tensor(data.x.slice(0, 36), [1, 6, 6, 1])) as Tensor).dataSync())).toEqual(Array.from(predicted.dataSync()));
  });

  it("takes an assignment made between two steps of one call for what it is", async () => {
    const model = smallCnn();
    const run = finetune(model, data, options);
    await run.step(20);
    const before = valuesOf(model, "head/bias");
    model.getLayer("head").setWeights([model.getLayer("head").getWeights()[0]!, tf.zeros([3])]);
    expect(valuesOf(model, "head/bias")).toEqual([0, 0, 0]);
    await run.step();
    expect(Math.max(...valuesOf(model, "head/bias").map(Math.abs))).toBeLessThan(0.02);
    expect(before.some((value) => value !== 0)).toBe(true);
  });

  it("can be disposed while it has weights that nobody has read", async () => {
    const model = smallCnn();
    const run = finetune(model, data, options);
    await run.step(3);
    const tensors = tf.memory().numTensors;
    model.dispose();
    expect(tf.memory().numTensors).toBe(tensors - 10);
    run.dispose();
  });
});

describe("a constraint", () => {
  it.each(["adam", "sgd", "rmsprop"] as const)("acts after every update of %s", async (optimizer) => {
    const make = () => {
      const model = tf.sequential({ name: "bound", layers: [tf.layers.dense({ name: "one", units: 2, inputShape: [2], kernelConstraint: "nonNeg" })] });
      model.setWeights([tf.tensor2d([[0.3, 0.6], [0.2, 0.9]]), tf.zeros([2])]);
      return model;
    };
    const train = async (compile: "auto" | "off") => {
      const model = make();
      await finetune(model, { x: [[1, 2], [3, 4]], y: [[-1, 3], [0, 2]] }, { epochs: 30, learningRate: 0.01, optimizer, compile }).train();
      return valuesOf(model, "one/kernel");
    };
    const calls = vi.spyOn(TrainingSession.prototype, "step");
    const compiled = await train("auto");
    expect(calls).toHaveBeenCalled();
    expect(Math.min(...compiled)).toBe(0);
    expect(farthest(compiled, await train("off"))).toBeLessThan(1e-4);
  });
});

describe("a step whose norm overflows", () => {
  it.each(["auto", "off"] as const)("is taken, and clipped by its true norm: %s", async (compile) => {
    const model = tf.sequential({ layers: [tf.layers.dense({ name: "one", units: 1, inputShape: [1], useBias: false })] });
    model.setWeights([tf.tensor2d([[0]])]);
    const run = finetune(model, { x: [[1e12], [1e12]], y: [[-1e10], [-1e10]] }, { epochs: 40, optimizer: "sgd", learningRate: 1, clipNorm: 0.5, loss: "mse", compile });
    await run.step(1);
    expect(run.gradientNorms[0]! / 2e22).toBeCloseTo(1, 5);
    expect(valuesOf(model, "one/kernel")[0]).toBeCloseTo(-0.5, 5);
  });
});

describe("what cannot be compiled", () => {
  it("a loss function of one's own that reads values is said once, and runs op by op", async () => {
    const loss = (y: Tensor, p: Tensor) => (p.dataSync()[0]! > 2 ? tf.scalar(0) : tf.losses.meanSquaredError(y, p));
    const train = () => finetune(named("own"), { x: data.x, y: tf.oneHot(tf.tensor1d(data.y, "int32"), 3) }, { ...options, loss }).step(2).then(() => undefined);
    const lines = await said(async () => {
      await train();
      await train();
    });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^Steps of own are not compiled \(\S+: its value is read while the function is recorded; keep values as tensors\); they are taken op by op/);
  });

  it("one kind of step alone: thawed and frozen again, it is repeated exactly", async () => {
    const plan = planOf(smallCnn(), data, options);
    expect(new CompiledStepper(smallCnn(), plan.settings).most).toBe(1);
    const model = named("partly");
    freeze(model, "conv1");
    const original = TrainingSession.prototype.step;
    const lines = await said(async () => {
      vi.spyOn(TrainingSession.prototype, "step").mockImplementation(function (this: TrainingSession, key, define, feed) {
        if (key.startsWith("conv1/kernel")) throw new Error("this cannot be");
        return original.call(this, key, define, feed);
      });
      const run: Run = finetune(model, data, options);
      await run.step(3);
      unfreeze(model, "conv1");
      await run.step(3);
      freeze(model, "conv1");
      await run.step(3);
      const [there, losses] = [hashes(model), [...run.steps.metrics["loss"]!]];
      await run.rewind({ step: 1 });
      for (const step of [3, 6, 9]) {
        if (step === 6) unfreeze(model, "conv1");
        if (step === 9) freeze(model, "conv1");
        await run.step(step - run.currentStep);
      }
      expect(run.steps.metrics["loss"]).toEqual(losses);
      expect(hashes(model)).toEqual(there);
    });
    expect(lines).toEqual(["Steps of partly are not compiled (the step: this cannot be); they are taken op by op, which is slower.\n"]);
  });

  it("is checked at the first step: one that does something else is not used", async () => {
    const model = named("wrong");
    const right = smallCnn();
    await finetune(right, data, { ...options, compile: "off" }).step(3);
    const original = TrainingSession.prototype.step;
    vi.spyOn(TrainingSession.prototype, "step").mockImplementation(function (this: TrainingSession, key, define, feed) {
      return original.call(this, key, define, { ...feed, learningRates: feed.learningRates.map((rate) => 10 * rate) });
    });
    const lines = await said(() => finetune(model, data, options).step(3).then(() => undefined));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^Steps of wrong are not compiled \(step 1: it ends .* away from where it ends op by op\)/);
    expect(hashes(model)).toEqual(hashes(right));
  });

  it.each<[string, number, () => (y: Tensor, p: Tensor) => Tensor]>([
    ["a counter", 1, () => {
      let calls = 0;
      return (y, p) => tf.mul(tf.losses.meanSquaredError(y, p), ++calls);
    }],
    ["a setting that changes with the epoch", 39, () => (y, p) => tf.mul(tf.losses.meanSquaredError(y, p), factor)],
  ])("a loss that follows %s in JavaScript is found at a later step", async (name, step, make) => {
    factor = 1;
    const model = named(name.replaceAll(" ", "-"));
    const lines = await said(async () => {
      const run = finetune(model, { x: data.x, y: tf.oneHot(tf.tensor1d(data.y, "int32"), 3) }, { ...options, loss: make() });
      await run.epoch();
      factor = 3;
      await run.epoch();
    });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(new RegExp(`^Steps of ${model.name} are not compiled \\(step ${step}: its loss is`));
  });

  it("a run of a few steps, which recording would only make longer", async () => {
    const calls = vi.spyOn(TrainingSession.prototype, "step");
    await finetune(smallCnn(), stripes(20), { epochs: 4, batchSize: 4, seed: 1 }).train();
    expect(calls).not.toHaveBeenCalled();
  });

  it("compile is auto or off", () => {
    expect(() => finetune(smallCnn(), data, { ...options, compile: "on" as "off" })).toThrow('compile must be "auto" or "off"; it is "on"');
  });
});
