import type { LayersModel } from "@tensorflow/tfjs-node";
import { afterEach, describe, expect, it, vi } from "vitest";
import { TrainingSession } from "../../kernel/lib/tensorflow/graph/index.js";
import type { TrainingStep } from "../../kernel/lib/tensorflow/graph/index.js";
import { StepBatches } from "../../kernel/lib/training/data/step-batches.js";
import type { FinetuneOptions } from "../../kernel/lib/training/index.js";
import { planOf } from "../../kernel/lib/training/plan/plan.js";
import { stepperFor } from "../../kernel/lib/training/steps/choose-stepper.js";
import { CompiledStepper } from "../../kernel/lib/training/steps/compiled-stepper.js";
import * as check from "../../kernel/lib/training/steps/step-check.js";
import { hashes, stripes, tf } from "./small.js";

const { dense, dropout, flatten } = tf.layers;
const options: FinetuneOptions = { epochs: 2, batchSize: 8, learningRate: 5e-3, seed: 1, optimizer: "adamw" };

function net(units = 12): LayersModel {
  const seeded = (seed: number) => tf.initializers.glorotUniform({ seed });
  return tf.sequential({
    name: "net",
    layers: [flatten({ inputShape: [6, 6, 1] }), dense({ name: "first", units, activation: "tanh", kernelInitializer: seeded(1) }), dropout({ rate: 0.4 }), dense({ name: "second", units: 12, activation: "tanh", kernelInitializer: seeded(2) }), dropout({ rate: 0.4 }), dense({ name: "head", units: 3, kernelInitializer: seeded(3) })],
  });
}

/** Takes steps, with the first one checked by so many rows. */
function take(checkRows: number | undefined, { steps = 3, changes = {}, weights }: { steps?: number; changes?: FinetuneOptions; weights?: number[] } = {}) {
  const model = net();
  const plan = planOf(model, { ...stripes(40), ...(weights && { weights }) }, { ...options, ...changes });
  const batches = new StepBatches(plan);
  const told: string[] = [];
  const expected = vi.spyOn(check, "expectedStep").mockClear();
  const stepper = new CompiledStepper(model, plan.settings, { rows: 8, checkRows, notice: (op, reason) => told.push(`${op}: ${reason}`) });
  const losses = Array.from({ length: steps }, (_, step) => stepper.step({ step, learningRate: 5e-3, batches: batches.of(step) }).loss);
  const rows = expected.mock.calls.map(([, , request]) => request.batches.map((batch) => batch.rows));
  stepper.state().dispose();
  const made = { losses, told, rows, weights: hashes(model) };
  stepper.dispose();
  return made;
}

/** Steps that are recorded with a mistake. */
function withMistake(change: (step: TrainingStep) => TrainingStep): void {
  const original = TrainingSession.prototype.step;
  vi.spyOn(TrainingSession.prototype, "step").mockImplementation(function (this: TrainingSession, key, define, feed) {
    return original.call(this, key, () => change(define()), feed);
  });
}

afterEach(() => vi.restoreAllMocks());

describe("a first step that is checked by a few rows", () => {
  it.each<[string, FinetuneOptions]>([
    ["adamw", {}],
    ["clipped sgd", { optimizer: "sgd", clipNorm: 0.1 }],
    ["adafactor", { optimizer: "adafactor" }],
    ["accumulated", { accumulate: 2 }],
    ["averaged", { averaging: { kind: "ema" } }],
  ])("is the step that it would be, to the bit, dropout too: %s", (_name, changes) => {
    const few = take(2, { changes });
    expect(few.told).toEqual([]);
    expect(few.rows.flat()).toEqual(few.rows.flat().map(() => 2));
    const all = take(undefined, { changes });
    expect(all.rows.flat()).toEqual(all.rows.flat().map(() => 8));
    expect(few.losses).toEqual(all.losses);
    expect(few.weights).toEqual(all.weights);
  });

  it("looks at rows that count", () => {
    const none = take(2, { weights: Array.from({ length: 40 }, (_, row) => (row % 4 === 3 ? 2 : 0)) });
    expect(none.told).toEqual([]);
    expect(none.rows[0]![0]).toBeGreaterThan(2);
  });

  it.each<[string, (step: TrainingStep) => TrainingStep, RegExp]>([
    ["the gradient of one layer", (step) => ({ ...step, gradients: (inputs, count) => {
      const made = step.gradients(inputs, count);
      const at = step.trained.findIndex(({ name }) => name === "second/kernel");
      return { ...made, gradients: made.gradients.map((each, index) => (index === at ? tf.neg(each) : each)) };
    } }), /^step 1: .*op by op/],
    ["the update", (step) => ({ ...step, trained: step.trained.map((each) => ({ ...each, rate: 3 * each.rate })) }), /^step 1: .*away from where it ends op by op/],
    ["noise", (step) => ({ ...step, gradients: (inputs, count) => step.gradients(inputs, tf.add(count, tf.scalar(1, "int32"))) }), /^step 1: .*op by op/],
  ])("is not taken where %s is wrong", (_what, change, message) => {
    withMistake(change);
    const wrong = take(2);
    expect(wrong.told).toHaveLength(1);
    expect(wrong.told[0]).toMatch(message);
    vi.restoreAllMocks();
    const right = take(2);
    expect(wrong.losses.map((loss, index) => Math.abs(loss - right.losses[index]!)).every((off) => off < 1e-4)).toBe(true);
  });

  it("is so where a step is large, and a sample's loss its own", () => {
    const rowsOf = (model: LayersModel, changes: FinetuneOptions = {}) => {
      const expected = vi.spyOn(check, "expectedStep").mockClear();
      const { x, y } = stripes(40);
      const plan = planOf(model, { x, y: tf.oneHot(tf.tensor1d(y, "int32"), 3) }, { ...options, epochs: 10, ...changes });
      const stepper = stepperFor(model, plan, () => undefined);
      stepper.step({ step: 0, learningRate: 1e-3, batches: new StepBatches(plan).of(0) });
      stepper.dispose();
      return expected.mock.calls[0]![2].batches.map(({ rows }) => rows);
    };
    expect(rowsOf(net())).toEqual([8]);
    expect(rowsOf(net(400_000))).toEqual([2]);
    expect(rowsOf(net(400_000), { loss: (targets, outputs) => tf.losses.meanSquaredError(targets, outputs) })).toEqual([8]);
  });
});
