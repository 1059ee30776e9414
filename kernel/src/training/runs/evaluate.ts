import { batchOf, disposeBatch } from "../data/data";
import type { Dataset } from "../data/data";
import type { StepSettings } from "../steps/step-settings";
import { breathe } from "./hooks";
import type { Stepper } from "../steps/stepper";

/** Most samples a pass: enough to keep the processor busy, few enough for little memory. */
const ROWS = 128;

/** What was measured on each sample. */
export interface SampleFigures {
  /** `loss`, then the metrics: a number a sample, or several where the metric sums them up itself. */
  values: Map<string, Float64Array>;
  /** What each sample counts. */
  weights: Float64Array;
}

/**
 * Loss and metrics over a dataset, in inference mode, each the mean over its samples as their weights
 * count, or what the metric makes of them.
 *
 * @param prefix put before each name: `val_`
 */
export async function measure(stepper: Stepper, data: Dataset, settings: StepSettings, prefix = ""): Promise<Record<string, number>> {
  const figures = await measureSamples(stepper, data, settings);
  return Object.fromEntries(Object.entries(summarize(figures, settings)).map(([name, value]) => [prefix + name, value]));
}

/** Loss and metrics of each sample. */
export async function measureSamples(stepper: Stepper, data: Dataset, settings: StepSettings): Promise<SampleFigures> {
  const names = ["loss", ...settings.metrics.map(({ name }) => name)];
  const values = new Map<string, Float64Array>();
  // All passes have one size, for which one graph is recorded: the last begins a few samples earlier, and gives those once more.
  const size = Math.ceil(data.rows / Math.ceil(data.rows / ROWS));
  for (let next = 0; next < data.rows; next += size) {
    const start = Math.min(next, data.rows - size);
    const rows = Int32Array.from({ length: size }, (_, index) => start + index);
    const batch = batchOf(data, rows);
    const scores = stepper.evaluate(batch);
    disposeBatch(batch);
    [scores.loss, ...scores.metrics].forEach((found, index) => {
      const width = found.length / rows.length;
      const all = values.get(names[index]!) ?? new Float64Array(data.rows * width);
      all.set(found, start * width);
      values.set(names[index]!, all);
    });
    await breathe();
  }
  return { values, weights: rowWeights(data) };
}

/** One number for the loss and each metric. @param rows only these, an order or a sample with repetition */
export function summarize({ values, weights }: SampleFigures, settings: Pick<StepSettings, "metrics">, rows?: Int32Array): Record<string, number> {
  const summaries = new Map(settings.metrics.map(({ name, summary }) => [name, summary]));
  const ownWeights = pick(weights, 1, rows);
  return Object.fromEntries([...values].map(([name, all]) => {
    const width = all.length / weights.length;
    const own = pick(all, width, rows);
    return [name, summaries.get(name)?.(own, width, ownWeights) ?? weightedMean(own, ownWeights)];
  }));
}

function pick(values: Float64Array, width: number, rows: Int32Array | undefined): Float64Array {
  if (!rows) return values;
  const made = new Float64Array(rows.length * width);
  rows.forEach((row, index) => made.set(values.subarray(row * width, (row + 1) * width), index * width));
  return made;
}

export function weightedMean(values: ArrayLike<number>, weights: ArrayLike<number>): number {
  let sum = 0;
  let total = 0;
  for (let row = 0; row < values.length; row++) {
    sum += weights[row]! * values[row]!;
    total += weights[row]!;
  }
  return sum / total;
}

function rowWeights({ rows, weights }: Dataset): Float64Array {
  if (!weights) return new Float64Array(rows).fill(1);
  const { values, rowSize } = weights;
  const sums = new Float64Array(rows);
  values.forEach((value, index) => (sums[Math.floor(index / rowSize)]! += value));
  return sums;
}
