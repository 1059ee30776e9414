/** Runs with a planted fault: it is found, and where it was planted. Fixes are taken and compared. */
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Tensor } from "@tensorflow/tfjs-node";
import { diagnose, type Finding, type FindingKind } from "../../kernel/lib/diagnosis/index.js";
import type { LayersModel } from "../../kernel/lib/models/index.js";
import { finetune, freeze, type FinetuneOptions, type Run, type TrainingData } from "../../kernel/lib/training/index.js";
import { convolutional, curve, dense, pictures, table, take, tf, weight } from "./runs.js";

const told = vi.spyOn(console, "warn").mockImplementation(() => undefined);
afterEach(() => told.mockClear());

const digits = (): TrainingData => ({ ...pictures(600, 1), validation: pictures(200, 2) });

async function trained(model: LayersModel, data: TrainingData, options: FinetuneOptions): Promise<Run> {
  const run = finetune(model, data, { seed: 1, watch: true, ...options });
  await run.train().catch((error: unknown) => {
    if (run.state !== "failed") throw error;
  });
  return run;
}

/** The finding of this kind; the test fails with what was found instead. */
function found(run: Run, kind: FindingKind): Finding {
  const { findings } = diagnose(run);
  expect(findings.map((finding) => finding.kind)).toContain(kind);
  return findings.find((finding) => finding.kind === kind)!;
}

const lastLoss = (run: Run, name = "loss") => run.history.at(-1)!.metrics[name]!;

describe("overfitting", () => {
  const few = (): TrainingData => ({ ...table(40, 3, 1.2), validation: table(300, 4, 1.2) });
  const run = () => trained(dense(10, [64, 64, 2]), few(), { epochs: 60, batchSize: 8, learningRate: 3e-3 });

  it("is found on forty rows, from its epoch on", async () => {
    const overfitted = await run();
    const { where, evidence, fixes } = found(overfitted, "overfitting");
    const best = overfitted.history.reduce((a, b) => (b.metrics["val_loss"]! < a.metrics["val_loss"]! ? b : a));
    expect(where.epochs).toEqual([best.epoch + 1, 60]);
    expect(evidence).toMatchObject({ bySlope: 1, byGap: 1, bestEpoch: best.epoch, validationLossThere: best.metrics["val_loss"] });
    expect(fixes[0]!.code).toBe("await run.rewind({ step: 0 }); const better = run.fork({ earlyStopping: { patience: 2 } }); await better.train();");
    expect(told.mock.calls.filter(([line]) => /overfit/i.test(String(line))).length).toBe(1);
    expect(overfitted.marks.some(({ label }) => label === "overfitting")).toBe(true);
  });

  it("its first fix ends at a lower validation loss, and its fix by decay from the best epoch too", async () => {
    const overfitted = await run();
    const { fixes } = found(overfitted, "overfitting");
    const worst = lastLoss(overfitted, "val_loss");
    const stopped = await fixes[0]!.apply!(overfitted);
    await stopped.train();
    expect(stopped.best!.value).toBeLessThan(0.8 * worst);
    expect(diagnose(stopped).findings.filter(({ kind, evidence }) => kind === "overfitting" && evidence["bySlope"] === 1)).toEqual([]);
    const fewer = await fixes.find(({ freeze: layers }) => layers)!.apply!(overfitted);
    await fewer.train();
    expect(lastLoss(fewer, "val_loss")).toBeLessThan(worst);
  });

  it("of a regression is found by the losses", async () => {
    const fitted = await trained(dense(5, [64, 64, 1], { end: "linear" }), { ...take(curve(300, 1), 0, 25), validation: curve(200, 2) }, { epochs: 150, batchSize: 8, learningRate: 3e-3 });
    expect(found(fitted, "overfitting").evidence["lossRatio"]).toBeGreaterThan(1);
  });
});

describe("the learning rate", () => {
  it.each([["adam", 10], ["sgd", 30]] as const)("of %s at %d is too high, and the fix helps", async (optimizer, learningRate) => {
    const run = await trained(dense(64, [32, 10]), digits(), { epochs: 4, optimizer, learningRate });
    const { fixes, evidence } = found(run, "learning rate too high");
    expect(evidence["learningRate"]).toBe(learningRate);
    const better = await fixes[0]!.apply!(run);
    await better.train();
    expect(lastLoss(better)).toBeLessThan(0.5 * evidence["lastLoss"]!);
    expect(diagnose(better).findings.map(({ kind }) => kind)).not.toContain("learning rate too high");
  });

  it("of 1e-7 is too low, and the fix helps", async () => {
    const run = await trained(dense(64, [32, 10]), digits(), { epochs: 4, learningRate: 1e-7 });
    const before = lastLoss(run);
    const { fixes, evidence } = found(run, "learning rate too low");
    expect(evidence).toMatchObject({ learningRate: 1e-7, typicalLearningRate: 1e-3 });
    expect(diagnose(run).findings.length).toBe(1);
    const better = await fixes[0]!.apply!(run);
    await better.train();
    expect(lastLoss(better)).toBeLessThan(0.5 * before);
  });
});

describe("gradients", () => {
  it("vanish in a stack of sigmoids, and reach its lowest layers least", async () => {
    const run = await trained(dense(64, [16, 16, 16, 16, 16, 16, 16, 10], { activation: "sigmoid" }), digits(), { epochs: 2, optimizer: "sgd", learningRate: 0.01 });
    const { where, evidence } = found(run, "vanishing gradients");
    expect(where.layers![0]).toBe("dense1");
    expect(where.layers).not.toContain("head");
    expect(evidence["ratio"]).toBeLessThan(1e-3);
  });

  it("explode where steps are too long", async () => {
    const run = await trained(dense(5, [8, 1], { activation: "linear" as "relu", end: "linear" }), curve(400, 1), { epochs: 4, optimizer: "sgd", learningRate: 0.6 });
    const { evidence, fixes } = found(run, "exploding gradients");
    expect(evidence["growth"]).toBeGreaterThan(100);
    expect(fixes[0]!.options).toEqual({ clipNorm: 1 });
  });
});

describe("units", () => {
  it("are dead below a huge negative bias", async () => {
    const model = dense(64, [32, 24, 10]);
    weight(model, "dense2", 1).write(tf.fill([24], -1000));
    const run = await trained(model, digits(), { epochs: 2 });
    const dead = found(run, "dead units");
    expect(dead.where.layers).toEqual(["dense2"]);
    expect(dead.evidence).toMatchObject({ dead: 24, units: 24 });
    expect(found(run, "trainable but still").where.layers).toContain("dense1");
  });

  it("are saturated by large weights", async () => {
    const model = dense(64, [32, 24, 10], { activation: "tanh" });
    weight(model, "dense2", 0).write(tf.mul(weight(model, "dense2", 0).read(), 300));
    const { where } = found(await trained(model, digits(), { epochs: 1 }), "saturated units");
    expect(where.layers).toEqual(["dense2"]);
  });
});

describe("NaN", () => {
  it("is traced to the layer that gave it first, and the rows", async () => {
    const data = table(200, 1);
    data.x[37 * 10] = 3e38;
    const model = dense(10, [16, 8, 2]);
    weight(model, "dense1", 0).write(tf.mul(weight(model, "dense1", 0).read(), 50));
    const run = await trained(model, data, { epochs: 2, optimizer: "sgd", learningRate: 0.01 });
    expect(run.state).toBe("failed");
    const { where } = found(run, "not finite");
    expect(where.layers).toEqual(["dense1"]);
    expect(where.rows).toEqual({ of: "training", numbers: [37] });
    expect(where.steps![0]).toBe(run.currentStep + 1);
  });

  it("of a loss of one's own is not blamed on a layer", async () => {
    const loss = (targets: Tensor, outputs: Tensor) => tf.mean(tf.log(tf.sub(tf.sum(tf.mul(targets, outputs), -1), 2)), -1);
    const run = await trained(dense(10, [16, 2]), { ...table(200, 1), y: tf.oneHot(tf.tensor1d([...table(200, 1).y], "int32"), 2) }, { loss });
    const { where, reason } = found(run, "not finite");
    expect(where.layers).toBeUndefined();
    expect(reason).toContain("a function of your own");
  });
});

describe("weights", () => {
  it("that are frozen and written by a cell are named", async () => {
    const model = dense(64, [32, 24, 10]);
    freeze(model, "dense1", "dense2");
    const run = finetune(model, digits(), { epochs: 2, seed: 1 });
    await run.epoch();
    expect(diagnose(run).findings).toEqual([]);
    const { kernel } = { kernel: weight(model, "dense2", 0) };
    kernel.write(tf.add(kernel.read(), 0.01));
    await run.step(3);
    const { where, fixes } = found(run, "frozen but moving");
    expect(where.layers).toEqual(["dense2"]);
    const again = await fixes[0]!.apply!(run);
    await again.train();
    expect(diagnose(again).findings.map(({ kind }) => kind)).not.toContain("frozen but moving");
  });
});

describe("data", () => {
  it("validation rows in the training data are found, with the rows", async () => {
    const training = pictures(600, 1);
    const validation = pictures(200, 2);
    for (const [to, from] of [[3, 17], [50, 400], [199, 599]] as const) {
      validation.x.set(training.x.subarray(from * 64, (from + 1) * 64), to * 64);
      validation.y[to] = training.y[from]!;
    }
    const run = finetune(dense(64, [32, 10]), { ...training, validation }, { seed: 1 });
    const { where, what, evidence } = found(run, "leakage");
    expect(where.rows).toEqual({ of: "validation", numbers: [3, 50, 199] });
    expect(what).toContain("50 is training row 400");
    expect(evidence).toMatchObject({ rows: 3, sameTarget: 3, looked: 200 });
  });

  it("near duplicates are found", () => {
    const training = pictures(600, 1);
    const validation = pictures(200, 2);
    for (let row = 0; row < 40; row++) for (let pixel = 0; pixel < 64; pixel++) validation.x[row * 64 + pixel] = training.x[(row + 100) * 64 + pixel]! + 1e-3 * ((row + pixel) % 3);
    const run = finetune(dense(64, [32, 10]), { ...training, validation }, { seed: 1 });
    const { where, evidence } = found(run, "near duplicates");
    expect(evidence["rows"]).toBe(40);
    expect(where.rows!.numbers.slice(0, 3)).toEqual([0, 1, 2]);
  });

  it("rows that are few by nature are no leak", () => {
    const bits = (rows: number) => ({ x: Float32Array.from({ length: rows * 2 }, (_, at) => (at >> (at % 2)) % 2), y: Float32Array.from({ length: rows }, (_, row) => row % 2) });
    const run = finetune(dense(2, [8, 2]), { ...bits(64), validation: bits(16) }, { seed: 1 });
    expect(diagnose(run).findings).toEqual([]);
  });

  it("inputs that are not scaled are found", async () => {
    const raw = pictures(600, 1);
    const data = { x: raw.x.map((value) => Math.round(255 * value)), y: raw.y };
    const { fixes, evidence } = found(await trained(convolutional(), data, { epochs: 1 }), "inputs not scaled");
    expect(evidence["max"]).toBe(255);
    expect(fixes[0]!.code).toContain("/ 255");
    const ages = table(200, 1);
    for (let row = 0; row < 200; row++) ages.x[row * 10 + 4] = 20 + (row % 60);
    expect(found(finetune(dense(10, [16, 2]), ages), "inputs not scaled").evidence).toMatchObject({ largeFeatures: 1, features: 10 });
  });

  it("a split of sorted rows drifts, in labels and in features", () => {
    const drawn = table(600, 1);
    const order = [...drawn.y.keys()].sort((a, b) => drawn.y[a]! - drawn.y[b]!);
    const sorted = { x: Float32Array.from(order.flatMap((row) => [...drawn.x.subarray(row * 10, row * 10 + 10)])), y: Float32Array.from(order, (row) => drawn.y[row]!) };
    const run = finetune(dense(10, [16, 2]), { ...take(sorted, 0, 450), validation: take(sorted, 450, 600) });
    expect(found(run, "label drift").evidence["value"]).toBeGreaterThan(0.3);
    const features = found(run, "feature drift");
    expect([0, 1]).toContain(features.evidence["feature"]);
  });

  it("accuracy of a rare class is questioned", async () => {
    const rare = (rows: number, seed: number) => {
      const { x } = table(rows, seed);
      return { x, y: Float32Array.from({ length: rows }, (_, row) => Number(row % 20 === 0)) };
    };
    const run = await trained(dense(10, [8, 2]), { ...rare(600, 1), validation: rare(200, 2) }, { epochs: 3 });
    expect(found(run, "class imbalance").evidence).toMatchObject({ share: 0.95, largestClass: 0 });
  });
});

describe("the last layer", () => {
  const oneHot = (rows: ReturnType<typeof pictures>) => ({ x: rows.x, y: tf.oneHot(tf.tensor1d([...rows.y], "int32"), 10) });

  it("a softmax under a loss that takes logits is found, and the fix helps", async () => {
    const loss = (targets: Tensor, outputs: Tensor) => tf.neg(tf.sum(tf.mul(targets, tf.logSoftmax(outputs as never)), -1));
    const run = await trained(dense(64, [32, 10]), { ...oneHot(pictures(600, 1)), validation: oneHot(pictures(200, 2)) }, { loss, metrics: ["accuracy"], epochs: 3 });
    const { where, fixes } = found(run, "wrong last layer");
    expect(where.layers).toEqual(["head"]);
    const before = lastLoss(run, "val_loss");
    // The best that the wrong loss can do on ten classes: the right one at a probability of 1, all others at 0.
    expect(before).toBeGreaterThan(Math.log(Math.E + 9) - 1);
    const better = await fixes[0]!.apply!(run);
    await better.train();
    expect(lastLoss(better, "val_loss")).toBeLessThan(before);
    expect(diagnose(better).findings).toEqual([]);
  });

  it("logits under a loss that takes probabilities are found, and a sound loss of one's own is not", () => {
    const ofProbabilities = (targets: Tensor, outputs: Tensor) => tf.neg(tf.sum(tf.mul(targets, tf.log(tf.clipByValue(outputs, 1e-7, 1))), -1));
    found(finetune(dense(64, [32, 10], { end: "linear" }), oneHot(pictures(100, 1)), { loss: ofProbabilities }), "wrong last layer");
    expect(diagnose(finetune(dense(64, [32, 10]), oneHot(pictures(100, 1)), { loss: ofProbabilities })).findings).toEqual([]);
    const squares = (targets: Tensor, outputs: Tensor) => tf.mean(tf.square(tf.sub(targets, outputs)), -1);
    expect(diagnose(finetune(dense(64, [32, 10]), oneHot(pictures(100, 1)), { loss: squares })).findings).toEqual([]);
  });

  it("a sigmoid cannot reach targets beyond 1", () => {
    const { x, y } = curve(100, 1);
    const { evidence } = found(finetune(dense(5, [16, 1], { end: "sigmoid" }), { x, y }, { loss: "mse" }), "wrong last layer");
    expect(evidence["min"]).toBeLessThan(0);
  });

  it("linear layers in a row are found", () => {
    const model = tf.sequential({ layers: [tf.layers.dense({ name: "a", units: 32, inputShape: [10] }), tf.layers.dropout({ rate: 0.1 }), tf.layers.dense({ name: "b", units: 2, activation: "softmax" })] });
    expect(found(finetune(model, table(100, 1)), "linear hidden layer").where.layers).toEqual(["a", "b"]);
  });
});
