import { describe, expect, it } from "vitest";
import { bundleOf } from "../../kernel/lib/display/show.js";
import { betweenSteps, findLearningRate, finetune, LearningRateCurve } from "../../kernel/lib/training/index.js";
import { hashes, smallCnn, stripes, tf } from "./small.js";

const { x, y } = stripes(60);
const options = { batchSize: 12, seed: 2, dropout: 0 } as const;

describe("a search for a learning rate", () => {
  it("leaves model and tensors as they were, repeats itself, and shows a picture", async () => {
    const model = smallCnn();
    model.layers[0]!.trainable = false;
    const before = hashes(model);
    const first = await findLearningRate(model, { x, y, validation: 0.2 }, options);
    const tensors = tf.memory().numTensors;
    const second = await findLearningRate(model, { x, y, validation: 0.2 }, options);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(second.losses).toEqual(first.losses);
    expect(hashes(model)).toEqual(before);
    expect(model.layers[0]!.trainable).toBe(false);
    expect(first.rates[0]).toBe(1e-7);
    const shown = await bundleOf(first);
    expect(Object.keys(shown!.data)).toEqual(["image/png", "text/plain"]);
    expect(shown!.data["text/plain"]).toMatch(/small: suggested learning rate/);
  });

  it("suggests a rate at which the model learns, where others do not", async () => {
    const found = await findLearningRate(smallCnn(), { x, y }, { ...options, optimizer: "sgd" });
    const after = async (learningRate: number): Promise<number> => {
      const run = finetune(smallCnn(), { x, y }, { ...options, optimizer: "sgd", epochs: 8, learningRate, chart: false });
      await run.train();
      run.dispose();
      return run.history.at(-1)!.metrics["loss"]!;
    };
    const rate = found.suggestion!;
    expect(rate).toBeGreaterThan(1e-4);
    expect(rate).toBeLessThan(2);
    expect(await after(rate)).toBeLessThan((await after(rate / 1000)) - 0.2);
  });

  it("works on a stream, and spares one that can be run through once", async () => {
    const batches = () => [0, 1, 2, 3, 4].map((at) => ({ x: x.slice(at * 12 * 36, (at + 1) * 12 * 36), y: y.slice(at * 12, (at + 1) * 12) }));
    const found = await findLearningRate(smallCnn(), batches, { seed: 2, steps: 30, from: 1e-5, to: 1 });
    expect(found.rates.length).toBeGreaterThan(10);
    const once = (async function* () { yield* batches(); })();
    await expect(findLearningRate(smallCnn(), once)).rejects.toThrow(/would use up a stream/);
    expect((await once.next()).done).toBe(false);
  });

  it("is interrupted between steps, and leaves nothing behind", async () => {
    const model = smallCnn();
    await findLearningRate(model, { x, y }, { ...options, steps: 20 });
    const tensors = tf.memory().numTensors;
    const release = betweenSteps(() => {
      throw Object.assign(new Error("interrupted"), { name: "KeyboardInterrupt" });
    });
    await expect(findLearningRate(model, { x, y }, options)).rejects.toThrow("interrupted");
    release();
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it("refuses a range that makes no sense", async () => {
    await expect(findLearningRate(smallCnn(), { x, y }, { from: 1, to: 0.1 })).rejects.toThrow(/from is 1 and to is 0.1/);
    await expect(findLearningRate(smallCnn(), { x, y }, { steps: 3 })).rejects.toThrow(/steps must be a whole number from 10 on; it is 3/);
  });
});

describe("what is read off the curve", () => {
  const rates = Array.from({ length: 81 }, (_, index) => 1e-6 * 10 ** (index / 10));
  it("is where the loss falls fastest, if that is not too near to where it is least", () => {
    // A fall around 1e-3, the least at 1e-1, and away.
    const losses = rates.map((rate) => 2 - 1.5 / (1 + (1e-3 / rate) ** 2) + (rate > 0.1 ? (rate - 0.1) * 5 : 0) - 1e-3 * Math.log10(rate));
    const curve = new LearningRateCurve("m", rates, losses, losses, true);
    expect(curve.rates[curve.lowest]).toBeCloseTo(0.1, 2);
    expect(curve.steepest! / 1e-3).toBeGreaterThan(0.7);
    expect(curve.steepest! / 1e-3).toBeLessThan(1.5);
    expect(curve.suggestion).toBe(Number(curve.steepest!.toPrecision(2)));
  });
  it("is a tenth of the least otherwise, and nothing where the loss never falls", () => {
    const cliff = rates.map((rate) => (rate < 5e-3 ? 2 : rate < 1e-2 ? 1 : 2 + rate));
    const curve = new LearningRateCurve("m", rates, cliff, cliff, true);
    expect(curve.suggestion).toBeLessThanOrEqual(1e-3);
    const rising = rates.map((_, index) => 1 + index);
    expect(new LearningRateCurve("m", rates, rising, rising, true).suggestion).toBeUndefined();
    expect(String(new LearningRateCurve("m", rates, rising, rising, true))).toContain("no learning rate made the loss fall");
  });
});
