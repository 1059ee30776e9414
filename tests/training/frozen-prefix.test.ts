import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import type { LayersModel } from "@tensorflow/tfjs-node";
import { afterEach, describe, expect, it, vi } from "vitest";
import { fromScratch } from "../../kernel/lib/models/index.js";
import { betweenSteps, finetune, freeze, freezeAllBut, regularizers, unfreeze } from "../../kernel/lib/training/index.js";
import type { FinetuneOptions, Run } from "../../kernel/lib/training/index.js";
import { openStores } from "../../kernel/lib/training/steps/feature-store.js";
import { farthest, hashes, smallCnn, stripes, tf, valuesOf } from "./small.js";

const data = { ...stripes(50), validation: stripes(21) };
const options: FinetuneOptions = { epochs: 4, batchSize: 6, learningRate: 5e-3, seed: 1 };
const notes = (run: Run) => run.marks.filter(({ kind, label }) => kind === "note" && /cache/.test(label)).map(({ label }) => label);

/** Two branches, one of them nested, and a layer that is called twice. */
function branched(): LayersModel {
  const { layers } = tf;
  const inner = tf.sequential({ name: "inner", layers: [layers.dense({ name: "one", units: 5, inputShape: [6], activation: "relu" }), layers.dropout({ name: "drop", rate: 0.3 }), layers.dense({ name: "two", units: 6, activation: "relu" })] });
  const input = tf.input({ shape: [6, 6, 1] });
  const flat = layers.flatten({ name: "flat" }).apply(input) as ReturnType<typeof tf.input>;
  const narrow = layers.dense({ name: "narrow", units: 6 });
  const first = narrow.apply(flat) as ReturnType<typeof tf.input>;
  const deep = inner.apply(inner.apply(first) as ReturnType<typeof tf.input>) as ReturnType<typeof tf.input>;
  const sum = layers.add({ name: "sum" }).apply([first, deep]) as ReturnType<typeof tf.input>;
  return fromScratch(tf.model({ name: "branched", inputs: input, outputs: layers.dense({ name: "head", units: 3, activation: "softmax" }).apply(sum) as ReturnType<typeof tf.input> }), { seed: 3 });
}

afterEach(() => vi.restoreAllMocks());

describe.each(["auto", "off"] as const)("the frozen prefix, compile %s", (compile) => {
  it.each<[string, () => LayersModel, string]>([
    ["a sequential model", () => freezeAllBut(smallCnn(), "head"), "features"],
    ["its middle, with a dropout that stays on", () => freezeAllBut(smallCnn(), "features", "head"), "flat"],
    ["branches", () => freezeAllBut(branched(), "head"), "sum"],
    ["a nested model's end", () => freezeAllBut(branched(), "inner/two", "head"), "narrow, inner/one"],
  ])("gives what is computed without it, but for rounding: %s", async (_name, make, last) => {
    const [cached, plain] = [make(), make()];
    const run = finetune(cached, data, { ...options, compile });
    await run.train();
    const other = finetune(plain, data, { ...options, compile, cache: "off" });
    await other.train();
    expect(farthest(run.steps.metrics["loss"]!, other.steps.metrics["loss"]!)).toBeLessThan(1e-3);
    expect(farthest(run.history.map(({ metrics }) => metrics["val_loss"]!), other.history.map(({ metrics }) => metrics["val_loss"]!))).toBeLessThan(1e-3);
    expect(farthest(valuesOf(cached, "head/kernel"), valuesOf(plain, "head/kernel"))).toBeLessThan(1e-3);
    expect(notes(other)).toEqual([]);
    expect(notes(run)[0]).toMatch(new RegExp(`^cached what .*${last.split(",")[0]}.* for 50 samples: \\S+ kB in memory$`));
  });

  it("is computed once a sample", async () => {
    const model = freezeAllBut(smallCnn(), "head");
    const seen = vi.spyOn(model.getLayer("conv1"), "call");
    const run = finetune(model, data, { ...options, compile });
    await run.train();
    // 4 and 2 chunks of 16, and the first once more, to see whether it gives the same.
    expect(seen).toHaveBeenCalledTimes(7);
    await run.rewind({ step: 5 });
    expect(seen).toHaveBeenCalledTimes(7);
  });

  it("is shared with forks, as long as they have the same prefix", async () => {
    const model = freezeAllBut(smallCnn(), "head");
    const run = finetune(model, { ...data, validation: 0.3 }, { ...options, compile });
    await run.epoch();
    const [same, other] = [run.fork({ learningRate: 0.1 }), run.fork()];
    freezeAllBut(other.model, "features", "head");
    const seen = [same, other].map((fork) => vi.spyOn(fork.model.getLayer("conv1"), "call"));
    await run.train();
    run.dispose();
    await same.train();
    await other.train();
    expect(seen.map(({ mock }) => mock.calls.length > 0)).toEqual([false, true]);
    expect(same.state).toBe("finished");
  });

  it("is told while it is computed, and can be interrupted there", async () => {
    const run = finetune(freezeAllBut(smallCnn(), "head"), { ...data, ...stripes(200) }, { ...options, batchSize: 100, compile });
    const told = new Set<string>();
    let count = 0;
    const release = betweenSteps(() => {
      if (run.message?.startsWith("caching")) told.add(run.message);
      if (++count !== 4) return;
      const error = new Error("interrupted by the person");
      error.name = "KeyboardInterrupt";
      throw error;
    });
    await expect(run.train()).rejects.toThrow("interrupted by the person");
    expect(run.currentStep).toBe(0);
    await run.train();
    release();
    expect([...told].slice(0, 3)).toEqual(["caching 16/200", "caching 32/200", "caching 48/200"]);
    expect(told.has("caching 200/200")).toBe(true);
    expect(run.message).toBeUndefined();
  });

  it("leaves rewinds, forks and other ways of stepping exact", async () => {
    const model = freezeAllBut(smallCnn(), "head");
    const run = finetune(model, data, { ...options, compile });
    await run.train();
    const end = hashes(model);
    await run.rewind({ step: 17 });
    await run.step(3);
    const fork = run.fork();
    await run.train();
    await fork.train();
    expect(hashes(model)).toEqual(end);
    expect(hashes(fork.model)).toEqual(end);
    const stepped = freezeAllBut(smallCnn(), "head");
    const slow = finetune(stepped, data, { ...options, compile });
    for await (const _step of slow);
    expect(hashes(stepped)).toEqual(end);
  });

  it("is made anew when a layer thaws, or its weights are set", async () => {
    const train = async (cache: "auto" | "off") => {
      const model = freezeAllBut(smallCnn(), "head");
      const run = finetune(model, data, { ...options, compile, cache });
      await run.step(12);
      unfreeze(model, "features");
      await run.step(6);
      model.getLayer("conv1").setWeights([tf.fill([3, 3, 1, 3], 0.2), tf.zeros([3])]);
      await run.step(6);
      freeze(model, "features");
      await run.step(6);
      const losses = [...run.steps.metrics["loss"]!];
      await run.rewind({ step: 15 });
      return { losses, again: run.steps.metrics["loss"]! };
    };
    const [cached, plain] = [await train("auto"), await train("off")];
    expect(farthest(cached.losses, plain.losses)).toBeLessThan(2e-3);
    expect(cached.again).toEqual(cached.losses.slice(0, 15));
  });
});

describe("the cache", () => {
  it("is on disk where it is told to be, or memory does not hold it, and leaves nothing there", async () => {
    const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith("thawbook-features-"));
    const before = folders();
    const [memory, disk, small] = await Promise.all(([{}, { cache: "disk" }, { cacheMemory: 100 }] as FinetuneOptions[]).map(async (more) => {
      const model = freezeAllBut(smallCnn(), "head");
      const run = finetune(model, data, { ...options, ...more });
      await run.train();
      const found = { end: hashes(model), notes: notes(run) };
      run.dispose();
      return found;
    }));
    expect(disk!.notes[0]).toContain("on disk");
    expect(small!.notes[0]).toContain("on disk");
    expect(disk!.end).toEqual(memory!.end);
    expect(small!.end).toEqual(memory!.end);
    expect(folders()).toEqual(before);
  });

  it("is left off where nothing would be gained: in one epoch, and where no weight is frozen below", async () => {
    const once = finetune(freezeAllBut(smallCnn(), "head"), data, { ...options, epochs: 1 });
    await once.train();
    const model = smallCnn();
    freeze(model, "head");
    const above = finetune(model, data, options);
    await above.epoch(2);
    expect([...notes(once), ...notes(above)]).toEqual([]);
  });

  it("is refused, and the reason noted once, where a layer gives something else each time", async () => {
    const model = freezeAllBut(smallCnn(), "head");
    const features = model.getLayer("features") as unknown as { call(inputs: unknown, kwargs: unknown): ReturnType<typeof tf.zeros> };
    const own = features.call.bind(features);
    let calls = 0;
    features.call = (inputs, kwargs) => tf.mul(own(inputs, kwargs), 1 + 0.001 * calls++);
    const run = finetune(model, data, { ...options, compile: "off" });
    await run.step(3);
    expect(notes(run)).toEqual(["what features gives is computed at every step, not cached: it gives something else for the same sample each time"]);
  });

  it("says what is wrong with its options", () => {
    expect(() => finetune(smallCnn(), data, { cache: "on" as "off" })).toThrow('cache must be "auto", "off" or "disk"; it is "on"');
    expect(() => finetune(smallCnn(), data, { cacheMemory: -1 })).toThrow("cacheMemory must be a number from 0 on; it is -1");
  });

  it("keeps rows as they are, on disk as in memory", () => {
    for (const memory of [1e6, 0]) {
      const [floats, integers] = openStores([{ rows: 4, width: 3, dtype: "float32" }, { rows: 4, width: 1, dtype: "int32" }], memory) as Exclude<ReturnType<typeof openStores>, string>;
      floats!.write(2, Float32Array.of(1.5, -0, NaN));
      floats!.write(0, new Float32Array([9, 1, 2, 3]).subarray(1));
      integers!.write(3, Int32Array.of(-7));
      const [target, whole] = [new Float32Array(6), new Int32Array(2)];
      floats!.read(2, target, 3);
      floats!.read(0, target, 0);
      integers!.read(3, whole, 1);
      expect([...target]).toEqual([1, 2, 3, 1.5, -0, NaN]);
      expect([...whole]).toEqual([0, -7]);
      [floats, integers].forEach((store) => store!.close());
    }
    expect(openStores([{ rows: 1e9, width: 1e6, dtype: "float32" }], 0)).toMatch(/they would take 4000000.0 GB, more than half of what is free in/);
  });
});

describe("samples that are made anew, or looked at", () => {
  it.each([
    ["mixup", regularizers.mixup(0.2), "the samples are made anew at every step"],
    ["distill", regularizers.distill(0.5), "distill looks at the samples themselves"],
  ])("are not cached: %s", async (_name, regularizer, reason) => {
    const y = Array.from(data.y, (label) => [0, 1, 2].map((each) => Number(each === label)));
    const run = finetune(freezeAllBut(smallCnn(), "head"), { x: data.x, y }, { ...options, loss: "crossentropy", regularize: [regularizer] });
    await run.epoch(2);
    expect(notes(run)).toEqual([`what features gives is computed at every step, not cached: ${reason}`]);
  });
});
