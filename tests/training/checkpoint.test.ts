import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { finetune, freeze, optimizers, schedules } from "../../kernel/lib/training/index.js";
import type { FinetuneOptions, Run } from "../../kernel/lib/training/index.js";
import { listCheckpoints, prune } from "../../kernel/lib/training/runs/checkpoint/directory.js";
import { hashes, smallCnn, stripes, tf } from "./small.js";

const root = mkdtempSync(join(tmpdir(), "thawbook-checkpoint-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;
const place = () => join(root, String((count += 1)));

const data = { ...stripes(60), validation: stripes(30) };
const options: FinetuneOptions = { epochs: 4, batchSize: 16, learningRate: 5e-3, seed: 1, earlyStopping: { patience: 9, restoreBest: false } };
const steps = (directory: string) => listCheckpoints(directory).map(({ step }) => step);

function standing(run: Run) {
  return { hashes: hashes(run.model), step: run.currentStep, history: run.history.map(({ epoch, metrics }) => ({ epoch, metrics })), losses: [...run.steps.metrics["loss"]!], rates: [...run.steps.learningRate], norms: [...run.gradientNorms], best: run.best };
}

async function whole() {
  const run = finetune(smallCnn(), data, options);
  await run.train();
  return standing(run);
}

describe("a run with checkpoints", () => {
  it("is taken up by another model, or by none, and comes to the same end", async () => {
    const directory = place();
    const model = freeze(smallCnn(), "conv1");
    const run = finetune(model, data, { ...options, checkpoint: { directory, every: { steps: 3 } } });
    await run.step(7);
    const reference = finetune(freeze(smallCnn(), "conv1"), data, options);
    await reference.train();
    const given = await finetune.resume(directory, smallCnn(9), data);
    expect([given.state, given.currentStep, given.name, given.model.getLayer("conv1").trainable]).toEqual(["paused", 6, "small", false]);
    expect(given.marks.at(-1)).toEqual({ step: 6, kind: "note", label: expect.stringMatching(/^resumed from \d{6}-step-6$/) });
    await given.train();
    expect(standing(given)).toEqual(standing(reference));
    expect((given.proof().values as string[][]).map(([weight, verdict]) => `${weight} ${verdict}`)).toEqual((reference.proof().values as string[][]).map(([weight, verdict]) => `${weight} ${verdict}`));
    const built = await finetune.resume(directory, data);
    expect(built.state).toBe("finished");
    expect(standing(built)).toEqual(standing(reference));
    await expect(built.rewind({ step: 2 })).rejects.toThrow("it was taken up from a checkpoint there");
  });

  it("takes its options up too, and goes on writing as it did", async () => {
    const directory = place();
    await finetune(smallCnn(), data, { ...options, checkpoint: { directory, every: { steps: 3 }, keep: 2 } }).step(3);
    await (await finetune.resume(directory, data)).step(3);
    // The fourth ends the best epoch so far.
    expect(steps(directory)).toEqual([3, 4, 6]);
  });

  it("keeps the last few, and the best epoch's", async () => {
    const directory = place();
    const run = finetune(smallCnn(), data, { ...options, epochs: 8, learningRate: 0.05, checkpoint: { directory, every: { steps: 1 }, keep: 2 } });
    await run.train();
    const expected = [...new Set([run.best!.step, 31, 32])].sort((a, b) => a - b);
    expect(steps(directory)).toEqual(expected);
    expect(readdirSync(directory)).toHaveLength(expected.length);
  });

  it("keeps within its budget", async () => {
    const directory = place();
    const run = finetune(smallCnn(), data, { ...options, checkpoint: { directory, every: { steps: 1 }, keep: 100 } });
    await run.step(6);
    const sizes = listCheckpoints(directory).map(({ bytes }) => bytes);
    expect(sizes).toHaveLength(6);
    const budget = sizes.at(-1)! + sizes.at(-2)! + 10;
    expect(prune(directory, { keep: 100, budget, best: 1, beyond: 6 }).map(({ step }) => step)).toEqual([1, 6]);
    expect(prune(directory, { keep: 100, budget: 1, best: 1, beyond: 6 }).map(({ step }) => step)).toEqual([6]);
  });

  it("forgets a future that a rewind gave up", async () => {
    const directory = place();
    const run = finetune(smallCnn(), data, { ...options, checkpoint: { directory, every: { steps: 2 }, keep: 9 } });
    await run.step(8);
    await run.rewind({ step: 3 });
    freeze(run.model, "features");
    await run.step();
    const there = standing(run);
    expect(steps(directory)).toEqual([2, 4]);
    expect(standing(await finetune.resume(directory, data))).toEqual(there);
  });

  it("puts the best weights back at the end, from a checkpoint too", async () => {
    const early: FinetuneOptions = { ...options, epochs: 40, learningRate: 0.05, earlyStopping: { patience: 3 } };
    const reference = finetune(smallCnn(), data, early);
    await reference.train();
    const directory = place();
    await finetune(smallCnn(), data, { ...early, checkpoint: directory }).epoch(reference.best!.epoch + 1);
    const run = await finetune.resume(directory, data);
    await run.train();
    expect([run.state, run.message]).toEqual([reference.state, reference.message]);
    expect(hashes(run.model)).toEqual(hashes(reference.model));
    const ended = await finetune.resume(directory, data);
    expect([ended.state, ended.message]).toEqual([reference.state, reference.message]);
    expect(hashes(ended.model)).toEqual(hashes(reference.model));
  });

  it("does not write over another run's", async () => {
    const directory = place();
    await finetune(smallCnn(), data, { ...options, checkpoint: directory }).epoch();
    expect(() => finetune(smallCnn(), data, { ...options, checkpoint: directory })).toThrow(/has checkpoints already, the last of step 4\. Go on from there with finetune\.resume/);
    finetune(smallCnn(), data, { ...options, checkpoint: { directory, overwrite: true } });
    expect(steps(directory)).toEqual([]);
  });

  it("leaves them to itself when it is forked", async () => {
    const directory = place();
    const run = finetune(smallCnn(), data, { ...options, checkpoint: { directory, every: { steps: 1 } } });
    await run.step(2);
    await run.fork({ learningRate: 1e-3 }).step(2);
    expect(steps(directory)).toEqual([1, 2]);
  });
});

describe("a damaged checkpoint", () => {
  const newest = (directory: string, file: string) => join(directory, listCheckpoints(directory).at(-1)!.name, file);
  it.each<[string, (directory: string) => void, RegExp]>([
    ["cut off", (directory) => truncateSync(newest(directory, "state.safetensors"), 100), /state\.safetensors has 100 bytes, and had \d+/],
    ["with a bit turned over", (directory) => flip(newest(directory, "state.safetensors"), 900), /state\.safetensors is not what was written: its SHA-256 differs/],
    ["with a bit turned over in its description", (directory) => flip(newest(directory, "run.json"), 50), /run\.json is not what was written/],
    ["with a bit turned over in its manifest", (directory) => flip(newest(directory, "manifest.json"), 40), /is damaged/],
    ["without its manifest", (directory) => rmSync(newest(directory, "manifest.json")), /manifest\.json cannot be read \(ENOENT\)/],
    ["without its numbers", (directory) => rmSync(newest(directory, "state.safetensors")), /state\.safetensors cannot be read \(ENOENT\)/],
  ])("%s is named, and the one before is used", async (_name, damage, said) => {
    const directory = place();
    await finetune(smallCnn(), data, { ...options, checkpoint: { directory, every: { steps: 2 } } }).step(6);
    damage(directory);
    const written = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const run = await finetune.resume(directory, data);
    expect(written.mock.calls.join()).toMatch(said);
    written.mockRestore();
    expect(run.currentStep).toBe(4);
    expect(run.marks.at(-1)!.label).toMatch(/^resumed from \d{6}-step-4 \(\d{6}-step-6 is damaged/);
    await run.train();
    expect(standing(run)).toEqual(await whole());
  });

  it("that is the only one is an error that names it", async () => {
    const directory = place();
    await finetune(smallCnn(), data, { ...options, checkpoint: directory }).epoch();
    flip(newest(directory, "state.safetensors"), 900);
    await expect(finetune.resume(directory, data)).rejects.toThrow(/No checkpoint in .* is sound: 000000-step-4 is damaged \(state\.safetensors is not what was written/);
    await expect(finetune.resume(place(), data)).rejects.toThrow("There is no checkpoint in");
  });

  it("half-written by a process that has ended is cleared away", async () => {
    const directory = place();
    const run = finetune(smallCnn(), data, { ...options, checkpoint: directory });
    await run.epoch();
    const half = join(directory, ".000001-step-8.999999999.tmp");
    mkdirSync(half);
    copyFileSync(newest(directory, "run.json"), join(half, "run.json"));
    await finetune.resume(directory, data);
    expect(readdirSync(directory)).toEqual(["000000-step-4"]);
  });
});

describe("resume refuses what would be another run", () => {
  const schedule = schedules.linear();
  const directory = place();
  const made = async () => {
    if (steps(directory).length === 0) await finetune(smallCnn(), data, { ...options, schedule, optimizer: optimizers.sgd({ momentum: 0.9 }), checkpoint: directory }).epoch();
    return directory;
  };
  const again = { schedule, optimizer: optimizers.sgd({ momentum: 0.9 }) };
  const other = () => tf.sequential({ layers: [tf.layers.flatten({ inputShape: [6, 6, 1], name: "flat" }), tf.layers.dense({ units: 3, name: "head" })] });
  it.each<[string, (directory: string) => Promise<Run>, RegExp]>([
    ["functions left out", (at) => finetune.resume(at, data), /schedule, optimizer cannot be kept in a file: give them again, finetune\.resume\(directory, data, \{ schedule, optimizer \}\)/],
    ["another option", (at) => finetune.resume(at, data, { ...again, learningRate: 1 }), /learningRate was 0\.005 and is 1.*run\.fork/],
    ["another optimizer's settings", (at) => finetune.resume(at, data, { ...again, optimizer: optimizers.sgd({ momentum: 0.8 }) }), /optimizer was .* and is/],
    ["another schedule", (at) => finetune.resume(at, data, { ...again, schedule: schedules.linear({ final: 0.5 }) }), /the learning rate at step 2 was .*the schedule is another/],
    ["other data", (at) => finetune.resume(at, { ...stripes(61), validation: stripes(30) }, again), /the training data differ \(60 rows then, 61 now\)/],
    ["other validation data", (at) => finetune.resume(at, { ...stripes(60), validation: stripes(31) }, again), /the validation data differ/],
    ["another model", (at) => finetune.resume(at, other(), data, again), /the model differs: it had conv1 \(Conv2D kernel\[3, 3, 1, 3\] bias\[3\]\), norm .* and has .*head \(Dense/],
    ["no data", (at) => finetune.resume(at, undefined as never), /wants the data again/],
  ])("%s", async (_name, resume, message) => {
    await expect(resume(await made())).rejects.toThrow(message);
  });

  it("and notes another environment", async () => {
    const at = await made();
    const file = join(at, listCheckpoints(at).at(-1)!.name, "run.json");
    const text = readFileSync(file, "utf8").replace(/"number of threads":"[^"]*"/, '"number of threads":"64"');
    writeFileSync(file, text);
    const manifest = join(file, "..", "manifest.json");
    const { createHash } = await import("node:crypto");
    const content = JSON.parse(readFileSync(manifest, "utf8")) as Record<string, unknown>;
    content["run.json"] = { bytes: Buffer.byteLength(text), sha256: createHash("sha256").update(text).digest("hex") };
    writeFileSync(manifest, JSON.stringify(content));
    const written = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    await finetune.resume(at, data, again);
    expect(written.mock.calls.join()).toMatch(/number of threads was 64 and is \d+.*; the last bits may differ/);
    written.mockRestore();
  });
});

function flip(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at]! ^= 4;
  writeFileSync(file, bytes);
}
