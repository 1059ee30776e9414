/** Runs that are well: no rule may speak. Watched, so that every rule can. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { diagnose, gather } from "../../kernel/lib/diagnosis/index.js";
import { replaceHead, type LayersModel } from "../../kernel/lib/models/index.js";
import { finetune, freeze, freezeAllBut, schedules, unfreeze, type FinetuneOptions, type TrainingData } from "../../kernel/lib/training/index.js";
import { convolutional, curve, dense, pictures, table } from "./runs.js";

const told = vi.spyOn(console, "warn").mockImplementation(() => undefined);
afterEach(() => told.mockClear());

const digits = (): TrainingData => ({ ...pictures(600, 1), validation: pictures(200, 2) });

async function silent(model: LayersModel, data: TrainingData, options: FinetuneOptions): Promise<void> {
  const run = finetune(model, data, { seed: 1, watch: true, ...options });
  await run.train();
  const { findings } = diagnose(run);
  expect(findings.map(({ what, evidence }) => ({ what, evidence }))).toEqual([]);
  expect(told.mock.calls).toEqual([]);
  expect(gather(run).run.step).toBe(run.plan.steps);
}

describe("no alarm on", () => {
  it("dense layers on pictures", () => silent(dense(64, [32, 10]), digits(), { epochs: 8 }));
  it("dense layers, stochastic gradient descent", () => silent(dense(64, [32, 32, 10]), digits(), { epochs: 8, optimizer: "sgd", learningRate: 0.1 }));
  it("convolutions", () => silent(convolutional(), digits(), { epochs: 6 }));
  it("convolutions with batch normalization", () => silent(convolutional({ normalized: true }), digits(), { epochs: 6 }));
  it("dropout", () => silent(dense(64, [64, 10], { dropout: 0.4 }), digits(), { epochs: 8 }));
  it("yes or no from a table, a share held back", () => silent(dense(10, [16, 1], { end: "sigmoid" }), { ...table(800, 1), validation: 0.25 }, { epochs: 8 }));
  it("two classes that cannot be told apart wholly", () => silent(dense(10, [16, 2]), { ...table(1500, 1, 1.5), validation: 0.3 }, { epochs: 8 }));
  it("a regression", () => silent(dense(5, [32, 1], { end: "linear" }), { ...curve(600, 1), validation: curve(200, 2) }, { epochs: 15, learningRate: 3e-3 }));
  it("tanh between the layers", () => silent(dense(64, [32, 32, 10], { activation: "tanh" }), digits(), { epochs: 8 }));
  it("one sigmoid layer", () => silent(dense(64, [32, 10], { activation: "sigmoid" }), digits(), { epochs: 12, learningRate: 5e-3 }));
  it("a warm-up and a cosine", () => silent(dense(64, [32, 10]), digits(), { epochs: 8, learningRate: 3e-3, schedule: schedules.cosine({ warmup: 0.2 }) }));
  it("AdamW with decay and clipping", () => silent(dense(64, [32, 10]), digits(), { epochs: 8, optimizer: "adamw", weightDecay: 0.05, clipNorm: 1 }));
  it("no validation data", () => silent(dense(64, [32, 10]), pictures(600, 1), { epochs: 5 }));

  async function pretrained(): Promise<LayersModel> {
    const model = convolutional({ normalized: true });
    await finetune(model, digits(), { epochs: 5, seed: 1, chart: false }).train();
    return model;
  }
  const five = (rows: ReturnType<typeof pictures>) => ({ x: rows.x, y: rows.y.map((label) => label % 5) });

  it("a new head on frozen layers", async () => {
    const model = replaceHead(await pretrained(), { classes: 5, seed: 2 });
    freezeAllBut(model, "head");
    await silent(model, { ...five(pictures(600, 5)), validation: five(pictures(200, 6)) }, { epochs: 20, learningRate: 3e-3 });
  });

  it("a head first, then the layers below", async () => {
    const model = replaceHead(await pretrained(), { classes: 5, seed: 2 });
    freezeAllBut(model, "head");
    const run = finetune(model, { ...five(pictures(600, 5)), validation: five(pictures(200, 6)) }, { epochs: 8, seed: 1, watch: true });
    await run.epoch(4);
    unfreeze(model, "conv2");
    await run.train();
    expect(diagnose(run).findings.map(({ what }) => what)).toEqual([]);
    expect(told.mock.calls).toEqual([]);
  });

  it("all layers at a fiftieth of the usual rate", async () => {
    const model = await pretrained();
    await silent(model, { ...pictures(600, 5), validation: pictures(200, 6) }, { epochs: 3, learningRate: 2e-5 });
  });

  it("a model without a weight that trains below the head, in the middle of the run", async () => {
    const model = dense(64, [32, 10]);
    freeze(model, "dense1");
    const run = finetune(model, digits(), { epochs: 8, seed: 1 });
    await run.step(30);
    expect(diagnose(run).findings).toEqual([]);
  });
});
