import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LayersModel, Tensor } from "@tensorflow/tfjs-node";
import { afterEach, describe, expect, it, vi } from "vitest";
import { copyModel, forward, fromScratch } from "../../kernel/lib/models/index.js";
import { TrainingSession } from "../../kernel/lib/tensorflow/graph/index.js";
import { finetune, fisher, freeze, regularizers } from "../../kernel/lib/training/index.js";
import type { FinetuneOptions, Importance, Regularizer } from "../../kernel/lib/training/index.js";
import { planOf } from "../../kernel/lib/training/plan/plan.js";
import { beta } from "../../kernel/lib/training/objective/regularization/mixup.js";
import { farthest, hashes, smallCnn, stripes, tf, valuesOf } from "./small.js";

interface Taken {
  losses: number[];
  kernel: number[][];
  bias: number[];
}
interface References {
  weights: { x: number[][]; y: number[]; kernel: number[][]; bias: number[] };
  regularizers: Record<"l2" | "l2sp" | "ewc" | "distill" | "together", Taken> & { importance: [number[][], number[]]; anchors: [number[][], number[]] };
}
const references = JSON.parse(readFileSync(new URL("references.json", import.meta.url), "utf8")) as References;
const { x, y } = references.weights;
const { l2, l2sp, ewc, distill, mixup, rDrop, replay } = regularizers;

function linear(): LayersModel {
  const model = tf.sequential({ name: "linear", layers: [tf.layers.dense({ name: "linear", units: 3, inputShape: [3] })] });
  model.layers[0]!.setWeights([tf.tensor2d(references.weights.kernel), tf.tensor1d(references.weights.bias)]);
  return model;
}

/** Dropout, normalization and a head, without the cost of a convolution. */
function small(): LayersModel {
  const { layers } = tf;
  const model = tf.sequential({
    name: "small",
    layers: [layers.dense({ name: "features", inputShape: [36], units: 4, activation: "relu" }), layers.batchNormalization({ name: "norm", momentum: 0.9 }), layers.dropout({ name: "drop", rate: 0.3 }), layers.dense({ name: "head", units: 3, activation: "softmax" })],
  });
  return fromScratch(model, { seed: 4 });
}

const flat = (values: number[] | number[][]) => Float32Array.from(values.flat());
const { importance, anchors } = references.regularizers;
const known: Importance = {
  samples: 1,
  weights: new Map([
    ["linear/kernel", { fisher: flat(importance[0]), values: flat(anchors[0]) }],
    ["linear/bias", { fisher: flat(importance[1]), values: flat(anchors[1]) }],
  ]),
};

/** Long enough to be compiled. */
const sgd: FinetuneOptions = { optimizer: "sgd", learningRate: 0.1, epochs: 30, batchSize: 8, shuffle: false };

afterEach(() => vi.restoreAllMocks());

describe.each(["auto", "off"] as const)("a term adds to the loss what it adds in PyTorch, compile: %s", (compile) => {
  it.each<[keyof Omit<References["regularizers"], "importance" | "anchors">, Regularizer[]]>([
    ["l2", [l2(0.3)]],
    ["l2sp", [l2sp(0.5)]],
    ["ewc", [ewc(known, 0.8)]],
    ["distill", [distill(0.7)]],
    ["together", [l2(0.3), distill(0.7)]],
  ])("%s", async (name, regularize) => {
    const calls = vi.spyOn(TrainingSession.prototype, "step");
    for (const changes of [{}, { batchSize: 3, accumulate: 3 }]) {
      const model = linear();
      const run = finetune(model, { x, y }, { ...sgd, ...changes, regularize, compile });
      await run.step(5);
      expect(farthest(run.steps.metrics["loss"]!, references.regularizers[name].losses)).toBeLessThan(1e-5);
      expect(farthest(valuesOf(model, "linear/kernel"), references.regularizers[name].kernel.flat())).toBeLessThan(1e-5);
      expect(farthest(valuesOf(model, "linear/bias"), references.regularizers[name].bias)).toBeLessThan(1e-5);
      run.dispose();
    }
    expect(calls.mock.calls.length > 0).toBe(compile === "auto");
  });
});

describe.each(["auto", "off"] as const)("a regularized run is exact, compile: %s", (compile) => {
  const { y: classes, x: pixels } = stripes(24);
  const data = { x: tf.tensor4d(pixels, [24, 6, 6, 1]).reshape([24, 36]), y: classes };
  it.each<[string, (model: LayersModel) => Promise<Regularizer[]> | Regularizer[]]>([
    ["what holds weights", async (model) => [l2(0.01), l2sp(0.1, { fresh: ["head"] }), ewc(await fisher(model, data, { samples: 6 }), 10)]],
    ["what adds to the loss", () => [distill(0.5), rDrop(1)]],
    ["what changes batches", () => [replay(data, { share: 0.3 }), mixup(0.3)]],
  ])("%s: rewound, forked and trained again", async (_name, make) => {
    const model = small();
    const again = small();
    const options = { epochs: 10, batchSize: 4, accumulate: 2, seed: 2, learningRate: 5e-3, compile, averaging: { kind: "ema", decay: 0.9 } } as const;
    const first = finetune(model, data, { ...options, regularize: await make(model) });
    await first.step(2);
    const fork = first.fork();
    await first.step(2);
    const there = hashes(model);
    await fork.step(2);
    expect(hashes(fork.model)).toEqual(there);
    expect(hashes(fork.averaged())).toEqual(hashes(first.averaged()));
    await first.rewind({ step: 1 });
    await first.step(3);
    expect(hashes(model)).toEqual(there);
    const second = finetune(again, data, { ...options, regularize: await make(again) });
    await second.step(4);
    expect(hashes(again)).toEqual(there);
    expect(first.proof()["weight"].values.every((path: string) => !path.startsWith("~"))).toBe(true);
    [first, second, fork].forEach((run) => run.dispose());
  });

  it("is resumed with the anchors, teacher and averages that it had", async () => {
    const directory = join(mkdtempSync(join(tmpdir(), "thawbook-")), "run");
    const model = small();
    const options = { epochs: 10, batchSize: 4, seed: 2, learningRate: 5e-3, compile, regularize: [l2sp(0.1), distill(0.5)], averaging: { kind: "ema", decay: 0.9 } } as const;
    const straight = finetune(model, data, options);
    await straight.step(15);
    await finetune(small(), data, { ...options, checkpoint: { directory, every: { steps: 3 } } }).step(9);
    const resumed = await finetune.resume(directory, small(), data, { regularize: options.regularize });
    await resumed.step(15 - resumed.currentStep);
    expect(hashes(resumed.model)).toEqual(hashes(model));
    expect(hashes(resumed.averaged())).toEqual(hashes(straight.averaged()));
  });

  it("leaves no tensors behind", async () => {
    const model = small();
    const before = tf.memory().numTensors;
    const run = finetune(model, data, { epochs: 10, batchSize: 5, compile, regularize: [l2sp(0.1), distill(1), rDrop(1), mixup()], averaging: { kind: "ema" } });
    await run.epoch(2);
    const during = tf.memory().numTensors;
    await run.epoch(3);
    expect(tf.memory().numTensors).toBe(during);
    run.dispose();
    // Frozen BatchNormalization statistics and weights are the model's own; slots, anchors, averages and the teacher are gone.
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("rDrop", () => {
  it("is the mean of two passes and the divergence between them", async () => {
    const model = smallCnn();
    freeze(model, "norm");
    const data = stripes(4);
    const input = tf.tensor4d(data.x, [4, 6, 6, 1]);
    const pass = (number: number) => forward(model, [input], { beforeActivation: true, train: { seed: 9, step: 0, pass: number, training: (layer) => layer.name !== "norm", dropoutRate: (_path, own) => own, statistics: () => undefined } })[0]!;
    const [p, q] = [pass(0), pass(1)];
    const targets = tf.oneHot(tf.tensor1d(data.y, "int32"), 3);
    const crossentropy = (logits: Tensor) => tf.losses.softmaxCrossEntropy(targets, logits).dataSync()[0]!;
    const divergence = (a: Tensor, b: Tensor) => tf.mean(tf.sum(tf.mul(tf.softmax(a), tf.sub(tf.logSoftmax(a), tf.logSoftmax(b))), -1)).dataSync()[0]!;
    const expected = (crossentropy(p) + crossentropy(q)) / 2 + 3 * ((divergence(p, q) + divergence(q, p)) / 2);
    const run = finetune(model, data, { batchSize: 4, shuffle: false, seed: 9, epochs: 1, regularize: [rDrop(3)] });
    await run.step();
    expect(run.steps.metrics["loss"]![0]).toBeCloseTo(expected, 5);
  });
});

describe("mixup", () => {
  it("mixes inputs and targets of a batch by one share", async () => {
    const seen: { inputs: number[][]; targets: number[][] }[] = [];
    const stage = mixup(0.5).stage!({ model: linear(), loss: { name: "crossentropy", fromLogits: false, targets: "classes", perSample: (targets) => targets }, seed: 4, batchSize: 3, accumulate: 1 });
    const column = (values: number[][]) => ({ values: flat(values), rowSize: 3, shape: [3], dtype: "float32" as const });
    const [a, b] = [[[1, 0, 0], [0, 10, 0], [0, 0, 100]], [[1, 0, 0], [0, 1, 0], [0, 0, 1]]];
    for (let step = 0; step < 40; step++) {
      const mixed = stage({ rows: 3, inputs: [column(a)], targets: column(b) }, { step, pass: 0 });
      const rows = (values: ArrayLike<number>) => [0, 3, 6].map((start) => Array.from(values).slice(start, start + 3));
      seen.push({ inputs: rows(mixed.inputs[0]!.values), targets: rows(mixed.targets.values) });
    }
    for (const { inputs, targets } of seen) {
      for (let row = 0; row < 3; row++) {
        const share = targets[row]![row]!;
        expect(targets[row]!.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
        inputs[row]!.forEach((value, place) => expect(value).toBeCloseTo(targets[row]![place]! * [1, 10, 100][place]!, 3));
        expect(share).toBeGreaterThanOrEqual(0);
      }
    }
    expect(new Set(seen.map(({ targets }) => targets.flat().join())).size).toBeGreaterThan(20);
  });

  it.each([[1, 1], [2, 2]])("weights each of the two losses by its own sample, %i weights a row", (width) => {
    const stage = mixup(0.7).stage!({ model: linear(), loss: { name: "crossentropy", fromLogits: false, targets: "classes", perSample: (targets) => targets }, seed: 4, batchSize: 2, accumulate: 1 });
    const column = (values: number[], rowSize: number) => ({ values: Float32Array.from(values), rowSize, shape: [rowSize], dtype: "float32" as const });
    const weights = [[0.5, 3, 2, 1], [4, 0, 0, 0.25]].map((each) => each.slice(0, width));
    const targets = [[0, 1, 1, 0].slice(0, 2 * width), [1, 0, 0.3, 0.7].slice(0, 2 * width)];
    // The cross-entropy of a row against log-probabilities, by hand.
    const logs = [-0.2, -1.7];
    const entropy = (row: ArrayLike<number>, at: number) => -(row[at]! * logs[0]! + row[at + 1]! * logs[1]!);
    let crossed = 0;
    for (let step = 0; step < 20; step++) {
      // The inputs tell by which share which rows were mixed.
      const mixed = stage({ rows: 2, inputs: [column([1, 0, 0, 1], 2)], targets: column(targets.flat(), 2 * width), weights: column(weights.flat(), width) }, { step, pass: 0 });
      for (let row = 0; row < 2; row++) {
        const shares = mixed.inputs[0]!.values.subarray(2 * row, 2 * row + 2);
        if (shares[0]! > 0 && shares[1]! > 0) crossed += 1;
        for (let time = 0; time < width; time++) {
          const own = Array.from(mixed.targets.values.subarray(row * 2 * width));
          const expected = [0, 1].reduce((sum, each) => sum + shares[each]! * weights[each]![time]! * entropy(targets[each]!, 2 * time), 0);
          expect(mixed.weights!.values[row * width + time]! * entropy(own, 2 * time)).toBeCloseTo(expected, 5);
          expect(own[2 * time]! + own[2 * time + 1]!).toBeCloseTo(1, 5);
        }
      }
    }
    expect(crossed).toBeGreaterThan(5);
  });

  it("draws its share from Beta(alpha, alpha)", () => {
    let state = 1;
    const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
    for (const alpha of [0.2, 1, 4]) {
      const draws = Array.from({ length: 20000 }, () => beta(alpha, random));
      const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length;
      const variance = draws.reduce((sum, value) => sum + (value - mean) ** 2, 0) / draws.length;
      expect(mean).toBeCloseTo(0.5, 1);
      expect(variance / (1 / (4 * (2 * alpha + 1)))).toBeCloseTo(1, 1);
    }
  });
});

describe("replay", () => {
  it("gives old samples the weights of their classes, as the training data have them", () => {
    const old = { x: [[1, 1, 1], [2, 2, 2], [3, 3, 3]], y: [0, 1, 2], weights: [1, 2, 1] };
    const weightsOf = (classWeights: FinetuneOptions["classWeights"]) => {
      const { stages, training } = planOf(linear(), { x: [[4, 4, 4], [5, 5, 5], [6, 6, 6]], y: [0, 0, 1] }, { batchSize: 3, classWeights, regularize: [replay(old, { share: 0.5 })] });
      const { rows, inputs, weights } = stages[0]!(training, { step: 0, pass: 0 });
      return new Map(Array.from({ length: rows }, (_, row) => [inputs[0]!.values[3 * row]!, weights!.values[row]!]));
    };
    expect(Object.fromEntries(weightsOf({ 0: 3, 1: 5, 2: 7 }))).toEqual({ 1: 3, 2: 10, 3: 7, 4: 3, 5: 3, 6: 5 });
    // 3 samples, 2 classes that are there.
    expect(Object.fromEntries(weightsOf("balanced"))).toEqual({ 1: 0.75, 2: 3, 3: 0, 4: 0.75, 5: 0.75, 6: 1.5 });
  });

  it("adds old samples to each batch, each once before one comes again", async () => {
    const stage = replay({ x: [[1, 1, 1], [2, 2, 2], [3, 3, 3]], y: [0, 1, 2] }, { share: 0.5 }).stage!({ model: linear(), loss: { name: "crossentropy", fromLogits: false, targets: "classes", perSample: (targets) => targets }, seed: 4, batchSize: 2, accumulate: 1 });
    const empty = { rows: 0, inputs: [{ values: new Float32Array(0), rowSize: 3, shape: [3], dtype: "float32" as const }], targets: { values: new Float32Array(0), rowSize: 3, shape: [3], dtype: "float32" as const } };
    const drawn = [0, 1, 2].flatMap((step) => Array.from(stage(empty, { step, pass: 0 }).inputs[0]!.values).filter((_, index) => index % 3 === 0));
    expect(drawn).toHaveLength(6);
    expect(drawn.slice(0, 3).sort()).toEqual([1, 2, 3]);
    expect(drawn.slice(3).sort()).toEqual([1, 2, 3]);
  });
});

describe("fisher", () => {
  it("is the mean squared gradient of the log-likelihood, by hand", async () => {
    const model = linear();
    const { weights, samples } = await fisher(model, { x, y }, { labels: "data" });
    expect(samples).toBe(8);
    const logits = tf.add(tf.matMul(tf.tensor2d(x), tf.tensor2d(references.weights.kernel)), tf.tensor1d(references.weights.bias));
    const errors = (tf.sub(tf.softmax(logits), tf.oneHot(tf.tensor1d(y, "int32"), 3)).arraySync()) as number[][];
    const kernel = [0, 1, 2].flatMap((input) => [0, 1, 2].map((unit) => errors.reduce((sum, error, row) => sum + (error[unit]! * x[row]![input]!) ** 2, 0) / 8));
    expect(farthest(weights.get("linear/kernel")!.fisher, kernel)).toBeLessThan(1e-5);
    expect(farthest(weights.get("linear/kernel")!.values, references.weights.kernel.flat())).toBeLessThan(1e-7);
  });

  it("draws labels as likely as the model finds them", async () => {
    const model = tf.sequential({ name: "one", layers: [tf.layers.dense({ name: "one", units: 2, inputShape: [1], useBias: false, activation: "softmax" })] });
    model.layers[0]!.setWeights([tf.tensor2d([[Math.log(4), 0]])]);
    const { weights } = await fisher(model, { x: Array.from({ length: 500 }, () => [1]), y: new Int32Array(500) }, { samples: 500, seed: 3 });
    // p (1 - p) for p = 0.8: the variance of a draw.
    expect(weights.get("one/kernel")!.fisher[0]).toBeCloseTo(0.16, 1);
  });
});

describe("what does not fit is refused before anything is computed", () => {
  const attempt = (regularize: unknown[], options: FinetuneOptions = {}) => () => finetune(linear(), { x, y }, { ...options, regularize: regularize as Regularizer[] });
  it.each<[string, () => unknown, string]>([
    ["no regularizer", attempt(["l2"]), 'regularize: "l2" is none; they are made by regularizers.l2, l2sp, ewc, distill, mixup, rDrop, replay'],
    ["rDrop without dropout", attempt([rDrop()]), "rDrop wants dropout in what trains, without which both passes are the same; linear has none there"],
    ["rDrop of numbers", () => finetune(linear(), { x, y: x }, { loss: "mse", regularize: [rDrop()] }), "rDrop compares the probabilities of classes; the loss here is mse"],
    ["a strength below 0", () => l2sp(-1), "l2sp: strength must be a number from 0 on; it is -1"],
    ["a share of all", () => replay({ x, y }, { share: 1 }), "replay: share lies between 0 and 1; it is 1"],
    ["fresh layers that are not there", attempt([l2sp(1, { fresh: ["haed"] })]), 'l2sp: fresh "haed" matches no layer; there are linear'],
    ["the importance of another model", attempt([ewc({ samples: 1, weights: new Map([["other/kernel", { fisher: new Float32Array(1), values: new Float32Array(1) }]]) }, 1)]), "ewc: none of the 1 weights of the importance is in linear with the same name and shape"],
    ["a teacher with more classes", attempt([distill(1, { teacher: tf.sequential({ name: "wide", layers: [tf.layers.dense({ units: 4, inputShape: [3] })] }) })]), "distill: the teacher wide gives [4] and linear [3]; it may have as many classes or fewer"],
    ["mixed words", () => {
      const input = tf.input({ shape: [3], dtype: "int32", name: "words" });
      const model = tf.model({ name: "words", inputs: input, outputs: tf.layers.dense({ units: 3 }).apply(tf.layers.flatten().apply(tf.layers.embedding({ inputDim: 4, outputDim: 2 }).apply(input))) as never });
      return finetune(model, { x: [[1, 2, 3]], y: [0] }, { regularize: [mixup()] });
    }, "mixup mixes numbers; the input words of words takes whole numbers, as of words"],
  ])("%s", (_name, make, message) => {
    expect(make).toThrow(message);
  });
});

it("distill keeps the first classes of a teacher that knows fewer", async () => {
  const model = tf.sequential({ name: "grown", layers: [tf.layers.dense({ name: "linear", units: 4, inputShape: [3] })] });
  const teacher = copyModel(linear());
  const before = hashes(teacher);
  const run = finetune(model, { x, y }, { ...sgd, regularize: [distill(5, { teacher })], learningRate: 0.3, epochs: 200 });
  await run.train();
  expect(hashes(teacher)).toEqual(before);
  const logits = (each: LayersModel) => tf.slice(each.predict(tf.tensor2d(x)) as Tensor, [0, 0], [-1, 3]);
  const apart = tf.mean(tf.abs(tf.sub(tf.softmax(tf.div(logits(model), 2)), tf.softmax(tf.div(logits(teacher), 2))))).dataSync()[0]!;
  expect(apart).toBeLessThan(0.05);
});
