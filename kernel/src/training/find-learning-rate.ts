import type { LayersModel } from "@tensorflow/tfjs-node";
import { copyModel } from "../models";
import { positive, whole } from "./plan/checks";
import { finetune } from "./finetune";
import type { FinetuneData, FinetuneOptions } from "./plan/options.types";
import { NonFiniteError } from "./runs/step-record";
import { asStreamData } from "./data/streams";
import { sourceOf } from "./data/streams/source";

export interface LearningRateOptions extends Pick<FinetuneOptions, "batchSize" | "optimizer" | "loss" | "weightDecay" | "labelSmoothing" | "dropout" | "classWeights" | "regularize" | "augment" | "rates" | "clipNorm" | "accumulate" | "seed" | "compile" | "frozenBatchNorm" | "stepsPerEpoch"> {
  /** The first rate; 1e-7. */
  from?: number;
  /** The last, if the loss does not run away before; 10. */
  to?: number;
  /** Steps between them, the rate rising by the same factor at each; 100. */
  steps?: number;
}

/** How much a step's loss counts in the smoothed one, (1 - 0.9). */
const SMOOTHING = 0.9;
/** The smoothed loss has run away where it is so many times the least. */
const AWAY = 4;

/** The loss at rising learning rates. Shows itself as a picture. */
export class LearningRateCurve {
  readonly kind = "learning rate curve";
  /** The least of the smoothed loss: its place. */
  readonly lowest: number;
  /** The rate at which the smoothed loss falls fastest; undefined where it does not fall. */
  readonly steepest: number | undefined;

  constructor(
    readonly name: string,
    readonly rates: readonly number[],
    /** Of each batch. */
    readonly losses: readonly number[],
    /** Their exponential moving average, bias-corrected. */
    readonly smoothed: readonly number[],
    /** Whether the loss ran away before the last rate. */
    readonly diverged: boolean,
  ) {
    this.lowest = smoothed.reduce((least, value, index) => (value < smoothed[least]! ? index : least), 0);
    const at = steepestOf(rates, smoothed, this.lowest);
    this.steepest = at === undefined ? undefined : rates[at];
  }

  /** A tenth of the rate at which the loss was least. */
  get tenthOfLowest(): number {
    return this.rates[this.lowest]! / 10;
  }

  /**
   * A learning rate to begin with, in two digits: where the loss falls fastest, but at most a tenth of where it was least, beyond which
   * it soon runs away. undefined where no rate made it fall.
   */
  get suggestion(): number | undefined {
    return this.steepest === undefined ? undefined : Number(Math.min(this.steepest, this.tenthOfLowest).toPrecision(2));
  }

  toString(): string {
    const span = `${this.rates.length} steps from ${this.rates[0]} to ${this.rates.at(-1)?.toPrecision(3)}`;
    const suggestion = this.suggestion;
    return `${this.name}: ${suggestion === undefined ? "no learning rate made the loss fall" : `suggested learning rate ${suggestion}`} (${span}; ${this.diverged ? "then the loss ran away" : "the loss did not run away"})`;
  }
}

/**
 * Finds a learning rate (Smith 2017, "Cyclical Learning Rates for Training Neural Networks"): a copy of the model is trained at a rate
 * that rises from step to step, until the loss runs away. The model stays as it is; what is frozen in it stays frozen.
 *
 * @param data as for `finetune`; a stream that can be run through once would be used up, and is refused
 * @param options `from`, `to`, `steps`, and what the run itself will be told: `batchSize`, `optimizer`, `dropout`, …
 * @throws RangeError on a range that makes no sense; KeyboardInterrupt when the cell is interrupted
 * @example
 * const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, activation: "softmax", inputShape: [2] })] });
 * const found = await findLearningRate(model, { x: [[0, 0], [0, 1], [1, 0], [1, 1]], y: [0, 0, 1, 1] }, { seed: 1 });
 * found.rates[0]; // 1e-7
 * const run = finetune(model, { x: [[0, 0], [1, 1]], y: [0, 1] }, { learningRate: found.suggestion });
 */
export async function findLearningRate(model: LayersModel, data: FinetuneData, { from = 1e-7, to = 10, steps = 100, ...options }: LearningRateOptions = {}): Promise<LearningRateCurve> {
  positive("from", from);
  positive("to", to);
  if (to <= from) throw new RangeError(`findLearningRate goes from a small rate to a large one; from is ${from} and to is ${to}`);
  whole("steps", steps, 10);
  const copy = copyModel(model);
  const rate = (step: number) => from * (to / from) ** (step / (steps - 1));
  try {
    const run = finetune(copy, trainingOnly(data), {
      ...options,
      // However short the data: it ends by steps.
      epochs: steps,
      learningRate: 1,
      schedule: Object.assign(({ step }: { step: number }) => rate(step), { anyLength: true }),
      chart: false,
      trainingSample: 1,
      snapshots: { memory: 0, disk: 0 },
    });
    const losses: number[] = run.steps.metrics["loss"]!;
    let diverged = false;
    try {
      while (!diverged && run.currentStep < steps) {
        await run.step(Math.min(10, steps - run.currentStep));
        diverged = runsAway(smooth(losses)) !== undefined;
      }
    } catch (error) {
      if (!(error instanceof NonFiniteError)) throw error;
      diverged = true;
    } finally {
      run.dispose();
    }
    const smoothed = smooth(losses);
    if (smoothed.length < 3) throw new Error(`The loss is not finite after ${smoothed.length} steps at a rate of ${from}: begin lower, from: ${from / 1000}, or look at the data and the loss`);
    const end = (runsAway(smoothed) ?? smoothed.length - 1) + 1;
    return new LearningRateCurve(model.name, smoothed.slice(0, end).map((_, step) => rate(step)), losses.slice(0, end), smoothed.slice(0, end), diverged);
  } finally {
    copy.dispose();
  }
}

/** What is held back stays so, where it is a share; nothing is measured on it. */
function trainingOnly(data: FinetuneData): FinetuneData {
  const streamed = asStreamData(data);
  if (streamed) {
    if (!streamed.spool && !sourceOf(streamed.stream).replays) throw new Error("findLearningRate would use up a stream that can be run through once: give a function that makes a new iterable for each epoch, or { stream, spool: true }");
    return { stream: streamed.stream, ...(streamed.spool && { spool: true }) };
  }
  if (!("validation" in (data as object)) || typeof (data as { validation?: unknown }).validation === "number") return data;
  const { validation: _held, ...samples } = data as Exclude<FinetuneData, (...given: never[]) => unknown> & { validation?: unknown };
  return samples as FinetuneData;
}

/** Exponential moving average, divided by the weight that it has so far, as Adam's moments are. */
function smooth(losses: readonly number[]): number[] {
  let mean = 0;
  return losses.map((loss, index) => {
    mean = SMOOTHING * mean + (1 - SMOOTHING) * loss;
    return mean / (1 - SMOOTHING ** (index + 1));
  });
}

/** The first step at which the smoothed loss is far above its least so far. */
function runsAway(smoothed: readonly number[]): number | undefined {
  let least = Infinity;
  const at = smoothed.findIndex((value) => {
    least = Math.min(least, value);
    return least > 0 ? value > AWAY * least : value - least > AWAY * Math.abs(smoothed[0]! - least) && value > smoothed[0]!;
  });
  return at === -1 ? undefined : at;
}

/** Where a line through the points around falls most steeply, before the least. */
function steepestOf(rates: readonly number[], smoothed: readonly number[], lowest: number): number | undefined {
  const around = Math.max(2, Math.round(rates.length / 20));
  let best: { at: number; slope: number } | undefined;
  for (let at = around; at + around <= Math.min(lowest + around, rates.length - 1) && at <= lowest; at++) {
    const window = Array.from({ length: 2 * around + 1 }, (_, index) => at - around + index);
    const [mx, my] = [mean(window.map((i) => Math.log(rates[i]!))), mean(window.map((i) => smoothed[i]!))];
    const slope = window.reduce((sum, i) => sum + (Math.log(rates[i]!) - mx) * (smoothed[i]! - my), 0) / window.reduce((sum, i) => sum + (Math.log(rates[i]!) - mx) ** 2, 0);
    if (slope < 0 && slope < (best?.slope ?? 0)) best = { at, slope };
  }
  return best?.at;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
