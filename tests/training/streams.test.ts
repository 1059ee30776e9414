import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { diagnose } from "../../kernel/lib/diagnosis/index.js";
import { betweenSteps, finetune } from "../../kernel/lib/training/index.js";
import type { FinetuneData, StreamElement } from "../../kernel/lib/training/index.js";
import { hashes, smallCnn, stripes, tf } from "./small.js";

const { x, y } = stripes(20);
const image = (row: number) => x.slice(row * 36, row * 36 + 36);
const options = { epochs: 3, batchSize: 8, shuffle: false, seed: 1, chart: false, compile: "off" } as const;
const { shuffle: _own, ...streamed } = options;

async function* samples(): AsyncGenerator<StreamElement> {
  for (let row = 0; row < 20; row++) {
    if (row % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
    yield { x: image(row), y: y[row]! };
  }
}
async function* batches(): AsyncGenerator<StreamElement> {
  for (let start = 0; start < 20; start += 8) yield { x: x.slice(start * 36, (start + 8) * 36), y: y.slice(start, start + 8) };
}

async function trained(data: FinetuneData, given: object): Promise<Record<string, string>> {
  const model = smallCnn();
  const run = finetune(model, data, given);
  await run.train();
  const made = hashes(model);
  run.dispose();
  return made;
}

describe("a stream trains as the same samples in memory", () => {
  const all = () => trained({ x, y }, options);
  const sources: [string, () => FinetuneData, object][] = [
    ["a function of samples", () => samples, streamed],
    ["a function of batches", () => batches, streamed],
    ["batches as they come", () => batches, { ...streamed, batchSize: undefined }],
    ["batches that are cut anew", () => ({ stream: async function* () { yield { x: x.slice(0, 5 * 36), y: y.slice(0, 5) }; yield { x: x.slice(5 * 36), y: y.slice(5) }; } }), streamed],
    ["an array of batches", () => ({ stream: [{ x: x.slice(0, 360), y: y.slice(0, 10) }, { x: x.slice(360), y: y.slice(10) }] }), streamed],
    ["tf.data of samples", () => tf.data.array(Array.from(y, (label, row) => ({ xs: tf.tensor3d(image(row), [6, 6, 1]), ys: label }))) as unknown as FinetuneData, { ...streamed, epochs: 1 }],
    ["tf.data of batches", () => tf.data.generator(function* () { for (let row = 0; row < 20; row++) yield { xs: tf.tensor3d(image(row), [6, 6, 1]), ys: y[row]! }; }).batch(8) as unknown as FinetuneData, streamed],
    ["one pass that is written to the disk", () => ({ stream: samples(), spool: true }), streamed],
    ["one pass, once", () => samples(), { ...streamed, epochs: 1 }],
  ];
  it.each(sources)("%s", async (_name, data, given) => {
    const { epochs } = given as { epochs: number };
    expect(await trained(data(), given)).toEqual(epochs === 3 ? await all() : await trained({ x, y }, { ...options, epochs }));
  });

  it("in compiled steps, several in a call", async () => {
    const long = { ...options, epochs: 12, compile: "auto" } as const;
    const { shuffle: _shuffle, ...given } = long;
    expect(await trained(samples, { ...given, stepsPerEpoch: 3 })).toEqual(await trained({ x, y }, long));
    // The length of an epoch is counted in the first.
    expect(await trained(samples, given)).toEqual(await trained({ x, y }, long));
  });
});

describe("a run on a stream", () => {
  it("knows how long it is when the first epoch has ended", async () => {
    const run = finetune(smallCnn(), samples, streamed);
    expect(run.plan.steps).toBe(Infinity);
    await run.step(2);
    expect(run.currentEpoch).toBe(1);
    const record = await run.epoch();
    expect([record.epoch, record.step, run.plan.stepsPerEpoch, run.plan.steps]).toEqual([1, 3, 3, 9]);
    await run.train();
    expect(run.history.map(({ step }) => step)).toEqual([3, 6, 9]);
    run.dispose();
  });

  it("is rewound and forked exactly", async () => {
    const model = smallCnn();
    const run = finetune(model, samples, { ...streamed, epochs: 4 });
    await run.step(5);
    const there = hashes(model);
    const fork = run.fork();
    await run.train();
    const end = hashes(model);
    await fork.train();
    expect(hashes(fork.model)).toEqual(end);
    await run.rewind({ step: 5 });
    expect(hashes(model)).toEqual(there);
    await run.train();
    expect(hashes(model)).toEqual(end);
    [run, fork].forEach((each) => each.dispose());
  });

  it("goes on from a checkpoint to the same bits, and skips what it has seen", async () => {
    const directory = mkdtempSync(join(tmpdir(), "thawbook-test-stream-"));
    const expected = await trained(samples, { ...streamed, epochs: 4 });
    const first = finetune(smallCnn(), samples, { ...streamed, epochs: 4, checkpoint: { directory, every: { steps: 5 } } });
    await first.step(5);
    const elsewhere = mkdtempSync(join(tmpdir(), "thawbook-test-stream-"));
    const other = await finetune.resume(directory, () => batchesOf(x.map((value) => value + 1)), { checkpoint: elsewhere });
    await expect(other.train()).rejects.toThrow(/Step 4 cannot be repeated: the stream gives other samples/);
    const again = await finetune.resume(directory, samples);
    await again.train();
    expect(hashes(again.model)).toEqual(expected);
    expect(again.history.at(-1)).toMatchObject({ epoch: 4, step: 12 });
    [first, again, other].forEach((each) => each.dispose());
  });

  it("takes one pass up again where it is given anew, and says where it is another", async () => {
    const directory = mkdtempSync(join(tmpdir(), "thawbook-test-stream-"));
    const expected = await trained(samples(), { ...streamed, epochs: 1 });
    const first = finetune(smallCnn(), samples(), { ...streamed, epochs: 1, checkpoint: { directory, every: { steps: 2 } } });
    await first.step(2);
    const again = await finetune.resume(directory, samples());
    await again.train();
    expect(hashes(again.model)).toEqual(expected);
    first.dispose();
    again.dispose();
  });

  it("says that one pass cannot be gone back in, and where a stream gives something else", async () => {
    const once = finetune(smallCnn(), samples(), { ...streamed, epochs: 1 });
    expect(once.marks.map(({ label }) => label).join()).toContain("the data can be run through once only");
    await once.step(2);
    await expect(once.rewind({ step: 0 })).rejects.toThrow(/cannot be rewound: its stream can be run through once only.*spool: true/);
    expect(() => once.fork()).toThrow(/cannot be forked/);
    expect(() => finetune(smallCnn(), samples(), { ...streamed, epochs: 2 })).toThrow(/epochs: 2, but the stream can be run through once/);

    let calls = 0;
    const moody = finetune(smallCnn(), () => batchesOf(x.map((value) => value + calls++ * 0)).map((batch, index) => ({ ...batch, x: batch.x.map((value) => value + (calls > 1000 && index === 0 ? calls : 0)) })), streamed);
    await moody.step(3);
    calls = 2000;
    await expect(moody.rewind({ step: 2 })).rejects.toThrow(/Step 1 cannot be repeated: the stream gives other samples/);
    // Nothing has changed.
    expect(moody.currentStep).toBe(3);
    [once, moody].forEach((each) => each.dispose());
  });

  it("refuses what makes no sense, with a way out", async () => {
    const wrong = (data: FinetuneData, given: object) => () => finetune(smallCnn(), data, given);
    expect(wrong({ x, y }, { stepsPerEpoch: 3 })).toThrow(/stepsPerEpoch belongs to data that stream/);
    expect(wrong(samples, { shuffle: true })).toThrow(/own order/);
    expect(wrong(samples, { schedule: () => 1 })).toThrow(/give stepsPerEpoch/);
    expect(wrong(samples, { classWeights: "balanced" })).toThrow(/give weights in the stream/);
    await expect(finetune(smallCnn(), async function* () {}, streamed).train()).rejects.toThrow(/The stream is empty/);
    await expect(finetune(smallCnn(), () => [{ x: [1, 2], y: 0 }], streamed).train()).rejects.toThrow(/stream, element 0: x/);
    await expect(finetune(smallCnn(), samples, { ...streamed, stepsPerEpoch: 5 }).train()).rejects.toThrow(/ended after 3 steps of epoch 1; an epoch has 5/);
    await expect(finetune(smallCnn(), () => [{ y: 0 } as never], streamed).train()).rejects.toThrow(/has no x/);
    const broken = finetune(smallCnn(), async function* () { yield { x: image(0), y: 0 }; throw new Error("the disk is gone"); }, streamed);
    await expect(broken.train()).rejects.toThrow("the disk is gone");
  });

  it("is measured on a validation that streams, and diagnosed by its first samples", async () => {
    const run = finetune(smallCnn(), { stream: samples, validation: batches }, { ...streamed, trainingSample: 10 });
    await run.train();
    expect(run.history[0]!.metrics).toHaveProperty("val_loss");
    expect(diagnose(run).findings).toBeInstanceOf(Array);
    run.dispose();
  });

  it("is diagnosed before it begins, and where a step was refused", async () => {
    const early = finetune(smallCnn(), samples, streamed);
    expect(diagnose(early).findings).toEqual([]);
    const model = tf.sequential({ layers: [tf.layers.flatten({ inputShape: [6, 6, 1] }), tf.layers.dense({ units: 1 })] });
    const failed = finetune(model, () => batchesOf(x).map((batch) => ({ x: batch.x, y: Float32Array.from(batch.y) })), { ...streamed, optimizer: "sgd", learningRate: 1e30 });
    await expect(failed.train()).rejects.toThrow(/Step \d+ \(epoch 1, batch \d+\): the loss is/);
    expect(diagnose(failed).findings.map(({ kind }) => kind)).toContain("not finite");
    [early, failed].forEach((run) => run.dispose());
  });

  it("shares what was written to the disk with its forks", async () => {
    const run = finetune(smallCnn(), { stream: samples(), spool: true }, streamed);
    await run.step(4);
    const fork = run.fork({ name: "again" });
    await run.rewind({ step: 1 });
    await Promise.all([run.train(), fork.train()]);
    expect(hashes(fork.model)).toEqual(hashes(run.model));
    expect(hashes(run.model)).toEqual(await trained({ x, y }, options));
    [run, fork].forEach((each) => each.dispose());
  });

  it("counts a sample that weighs nothing for nothing", async () => {
    const weights = Array.from(y, (_, row) => (row % 5 === 0 ? 0 : 1));
    const weighted = async function* () { for (let row = 0; row < 20; row++) yield { x: image(row), y: y[row]!, weights: weights[row]! }; };
    expect(await trained(weighted, streamed)).toEqual(await trained({ x, y, weights }, options));
  });

  it("reads ahead while a step is taken, and closes what it has opened", async () => {
    let [read, closed] = [0, 0];
    const run = finetune(smallCnn(), async function* () {
      try {
        for (const batch of batchesOf(x)) {
          read += 1;
          yield batch;
        }
      } finally {
        closed += 1;
      }
    }, { ...streamed, trainingSample: 1, stepsPerEpoch: 3 });
    await run.step();
    await new Promise((resolve) => setImmediate(resolve));
    expect(read).toBe(2);
    run.dispose();
    await new Promise((resolve) => setImmediate(resolve));
    expect(closed).toBe(1);
  });

  it("can be interrupted while it waits for a sample, and goes on when it comes", async () => {
    let come: () => void = () => undefined;
    const stalled = new Promise<void>((resolve) => (come = resolve));
    const run = finetune(smallCnn(), async function* () {
      const [first, ...rest] = batchesOf(x);
      yield first!;
      await stalled;
      yield* rest;
    }, { ...streamed, trainingSample: 1, stepsPerEpoch: 3 });
    await run.step();
    let times = 0;
    const release = betweenSteps(() => {
      if (times++ === 2) throw Object.assign(new Error("interrupted"), { name: "KeyboardInterrupt" });
    });
    await expect(run.step()).rejects.toThrow("interrupted");
    release();
    expect([run.state, run.currentStep]).toEqual(["interrupted", 1]);
    come();
    await run.epoch();
    expect(run.currentStep).toBe(3);
    run.dispose();
  });

  it("leaves no tensor behind", async () => {
    const model = smallCnn();
    const data = () => tf.data.generator(function* () { for (let row = 0; row < 20; row++) yield { xs: tf.tensor3d(image(row), [6, 6, 1]), ys: y[row]! }; }).batch(8) as unknown as FinetuneData;
    const count = async (): Promise<number> => {
      const run = finetune(model, data(), { ...streamed, compile: "off" });
      await run.train();
      run.dispose();
      return tf.memory().numTensors;
    };
    const before = await count();
    expect(await count()).toBe(before);
  });
});

function batchesOf(values: Float32Array): { x: Float32Array; y: Int32Array }[] {
  return [0, 8, 16].map((start) => ({ x: values.slice(start * 36, (start + 8) * 36), y: y.slice(start, start + 8) }));
}

describe("a frame with a column of labels", () => {
  const frame = { columns: ["kind", "width", "height"], values: [["b", 1, 2], ["a", 0, 1], ["b", 2, 2], ["a", 0, 0]] };
  const model = () => tf.sequential({ layers: [tf.layers.dense({ units: 2, activation: "softmax", inputShape: [2], kernelInitializer: tf.initializers.glorotUniform({ seed: 1 }) })] });
  it("is taken apart into inputs and classes", async () => {
    const [one, other] = [model(), model()];
    await finetune(one, { frame, label: "kind" }, { epochs: 2, seed: 1 }).train();
    await finetune(other, { x: [[1, 2], [0, 1], [2, 2], [0, 0]], y: [1, 0, 1, 0] }, { epochs: 2, seed: 1 }).train();
    expect(Object.values(hashes(one))).toEqual(Object.values(hashes(other)));
    expect(() => finetune(model(), { frame, label: "sort" })).toThrow(/no column sort; there are kind, width, height/);
    expect(() => finetune(model(), { frame, label: "width" })).toThrow(/column kind holds "b" in row 0/);
  });
});
