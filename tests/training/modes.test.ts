import { describe, expect, it } from "vitest";
import { finetune, freeze, freezeAllBut } from "../../kernel/lib/training/index.js";
import { farthest, smallCnn, stripes, tf } from "./small.js";

const data = stripes(32);

/** The loss of the first step tells whether dropout acted: with the same weights it differs from evaluation. */
async function firstLoss(model: ReturnType<typeof smallCnn>, more: object = {}): Promise<{ training: number; evaluation: number }> {
  const run = finetune(model, data, { epochs: 1, batchSize: 32, learningRate: 1e-30, optimizer: "sgd", ...more });
  await run.train();
  return { training: run.steps.metrics["loss"]![0]!, evaluation: run.history[0]!.metrics["loss"]! };
}

describe("a frozen BatchNormalization", () => {
  it("stays, or adapts its averages where it is told to, as one that trains with a rate of 0", async () => {
    const after = async (freezes: boolean, options: object) => {
      const model = smallCnn();
      if (freezes) freeze(model, "norm");
      const run = finetune(model, data, { epochs: 3, batchSize: 16, seed: 1, ...options });
      await run.train();
      const verdicts = new Map((run.proof().values as string[][]).map(([weight, verdict]) => [weight, verdict]));
      return { norm: run.weights("norm"), head: Array.from(run.weights("head/kernel")["head/kernel"]!.dataSync()), average: verdicts.get("norm/moving_mean"), scale: verdicts.get("norm/gamma") };
    };
    const still = await after(true, {});
    expect([still.average, still.scale]).toEqual(["locked", "locked"]);
    const adapts = await after(true, { frozenBatchNorm: "training" });
    expect([adapts.average, adapts.scale]).toEqual(["learning", "locked"]);
    const slow = await after(false, { rates: { norm: 0 } });
    for (const [path, tensor] of Object.entries(adapts.norm)) expect(farthest(tensor.dataSync(), slow.norm[path]!.dataSync()), path).toBeLessThan(1e-5);
    expect(farthest(adapts.head, slow.head)).toBeLessThan(1e-4);
    expect(() => finetune(smallCnn(), data, { frozenBatchNorm: "on" as never })).toThrow('frozenBatchNorm must be "inference" or "training"; it is "on"');
  });
});

describe("dropout", () => {
  it("acts on what trains", async () => {
    const model = smallCnn();
    freeze(model, "conv1", "norm");
    const { training, evaluation } = await firstLoss(model);
    expect(Math.abs(training - evaluation)).toBeGreaterThan(1e-3);
  });

  it("is off inside the frozen prefix", async () => {
    // flat and drop lie below features, which is frozen.
    const { training, evaluation } = await firstLoss(freezeAllBut(smallCnn(), "head"));
    expect(training).toBeCloseTo(evaluation, 6);
  });

  it("stays on between the last frozen weight and the head", async () => {
    const base = smallCnn();
    const model = tf.sequential({ layers: [...base.layers.slice(0, -1), tf.layers.dropout({ name: "before", rate: 0.5 }), base.layers.at(-1)!] });
    const { training, evaluation } = await firstLoss(freezeAllBut(model, "head"));
    expect(Math.abs(training - evaluation)).toBeGreaterThan(1e-3);
  });

  it("takes its rate from outside", async () => {
    const model = () => {
      const made = smallCnn();
      freeze(made, "conv1", "norm");
      return made;
    };
    const off = await firstLoss(model(), { dropout: 0 });
    expect(off.training).toBeCloseTo(off.evaluation, 6);
    const some = await firstLoss(model(), { dropout: { "dr*": 0.9 } });
    expect(some.training).not.toBe((await firstLoss(model(), { dropout: 0.1 })).training);
  });

  it.each([
    ["gaussianDropout", tf.layers.gaussianDropout({ rate: 0.3 })],
    ["gaussianNoise", tf.layers.gaussianNoise({ stddev: 0.5 })],
    ["alphaDropout", tf.layers.alphaDropout({ rate: 0.3 })],
    ["an LSTM's own", tf.layers.lstm({ units: 4, dropout: 0.4, recurrentDropout: 0.4 })],
  ])("%s is seeded too", async (name, noisy) => {
    const start = name.startsWith("an") ? [tf.layers.reshape({ targetShape: [6, 6], inputShape: [6, 6, 1] })] : [tf.layers.flatten({ inputShape: [6, 6, 1] })];
    const model = tf.sequential({ layers: [...start, noisy, tf.layers.dense({ units: 3, activation: "softmax" })] });
    const first = await firstLoss(model);
    expect((await firstLoss(model)).training).toBe(first.training);
    expect((await firstLoss(model, { seed: 2 })).training).not.toBe(first.training);
    expect(first.training).not.toBe(first.evaluation);
  });
});

describe("gradient accumulation", () => {
  it("takes the step of the whole batch, a short last batch included", async () => {
    const train = async (batchSize: number, accumulate: number) => {
      const model = smallCnn();
      freeze(model, "norm");
      const run = finetune(model, stripes(30), { epochs: 2, batchSize, accumulate, dropout: 0, seed: 1 });
      await run.train();
      return { losses: run.steps.metrics["loss"]!, steps: run.currentStep };
    };
    const whole = await train(16, 1);
    const parts = await train(4, 4);
    expect(parts.steps).toBe(whole.steps);
    whole.losses.forEach((loss, index) => expect(parts.losses[index]).toBeCloseTo(loss, 5));
  });
});

describe("rates of parts", () => {
  it("multiply the run's rate; 0 is not frozen but does not move", async () => {
    const model = smallCnn();
    const before = model.getLayer("conv1").getWeights()[0]!.arraySync();
    await finetune(model, data, { epochs: 1, rates: { "conv*": 0 } }).train();
    expect(model.getLayer("conv1").getWeights()[0]!.arraySync()).toEqual(before);
  });
});
