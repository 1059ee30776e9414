import type { LayersModel } from "@tensorflow/tfjs-node";
import type { DataFrame } from "danfojs-node";
import { requireDfd, statelessBits } from "../tensorflow";
import { measureModelSamples, summarize } from "../training";
import type { MeasureOptions, Metric, SampleFigures, Samples } from "../training";

export interface SliceOptions extends MeasureOptions {
  /** The model as it was: each slice is measured on both, and by how much it changed. */
  before?: LayersModel;
  /** Share of repetitions in which an interval holds the true value; 0.95. */
  confidence?: number;
  /** Of the bootstrap, where it is used; 1,000. */
  resamples?: number;
  seed?: number;
}

export interface Slice {
  group: string;
  metric: string;
  samples: number;
  value: number;
  low: number;
  high: number;
  before?: number;
  /** `value - before`. */
  change?: number;
  changeLow?: number;
  changeHigh?: number;
}

/** A label for each sample. */
export type Groups = ArrayLike<string | number | boolean> | { readonly values: unknown };

/**
 * Metrics by group: where a model is worse than its mean says, and where fine-tuning has cost something. The
 * interval of a share, as of an accuracy, is Wilson's (1927); of other metrics, and of a change between two models on
 * the same samples, the bootstrap's percentiles (Efron 1979).
 *
 * @param groups a label for each sample; a column of a frame
 * @returns a frame, a row a group and metric, `all` first: group, metric, samples, value, low, high; with `before` also
 *   before, change, changeLow, changeHigh
 * @throws where there is not one label a sample
 * @example
 * const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, activation: "softmax", inputShape: [2] })] });
 * await evaluateSlices(model, { x: [[0, 1], [1, 0], [1, 1]], y: [0, 1, 1] }, ["day", "night", "night"]);
 */
export async function evaluateSlices(model: LayersModel, samples: Samples, groups: Groups, options: SliceOptions = {}): Promise<DataFrame> {
  const rows = await slices(model, samples, groups, options);
  const names = ["group", "metric", "samples", "value", "low", "high", ...(options.before ? (["before", "change", "changeLow", "changeHigh"] as const) : [])] as (keyof Slice)[];
  return new (requireDfd().DataFrame)(Object.fromEntries(names.map((name) => [name, rows.map((row) => row[name]!)])));
}

/** The same as plain objects. */
export async function slices(model: LayersModel, samples: Samples, groups: Groups, options: SliceOptions = {}): Promise<Slice[]> {
  const { before, confidence = 0.95, resamples = 1000, seed = 0 } = options;
  if (!(confidence > 0 && confidence < 1)) throw new RangeError(`confidence lies between 0 and 1; it is ${confidence}`);
  if (!Number.isInteger(resamples) || resamples < 1) throw new RangeError(`resamples must be a whole number from 1 on; it is ${resamples}`);
  const given = labelsOf(groups);
  const { figures, metrics } = await measureModelSamples(model, samples, options);
  const old = before && (await measureModelSamples(before, samples, options)).figures;
  const count = figures.weights.length;
  const labels = Array.from(given, String);
  if (labels.length !== count) throw new Error(`evaluateSlices: there are ${labels.length} labels for ${count} samples; give one for each`);
  const names = metrics.length > 0 ? metrics.map(({ name }) => name) : ["loss"];
  return [undefined, ...new Set(labels)].flatMap((label, place) => {
    const rows = Int32Array.from(labels.flatMap((own, row) => (label === undefined || own === label ? [row] : [])));
    const drawn = resampled(rows, resamples, { seed, site: `slices ${label ?? ""}`, step: place });
    return names.map((name) => sliceOf(label ?? "all", name, { figures, old, metrics, rows, drawn, confidence }));
  });
}

function labelsOf(groups: Groups): ArrayLike<string | number | boolean> {
  const isList = (value: unknown): value is ArrayLike<string | number | boolean> => Array.isArray(value) || ArrayBuffer.isView(value);
  const labels = isList(groups) ? groups : (groups as { values?: unknown } | undefined)?.values;
  if (!isList(labels)) throw new TypeError(`evaluateSlices wants a label for each sample, as an array or a column of a frame; it got ${typeof groups === "object" && groups !== null ? "an object without values" : String(groups)}`);
  return labels;
}

interface Measured {
  figures: SampleFigures;
  old: SampleFigures | undefined;
  metrics: readonly Metric[];
  rows: Int32Array;
  drawn: readonly Int32Array[];
  confidence: number;
}

function sliceOf(group: string, metric: string, { figures, old, metrics, rows, drawn, confidence }: Measured): Slice {
  const of = (all: SampleFigures, some: Int32Array): number => summarize({ values: new Map([[metric, all.values.get(metric)!]]), weights: all.weights }, { metrics }, some)[metric]!;
  const value = of(figures, rows);
  const own = figures.values.get(metric)!;
  const isShare = own.length === figures.weights.length && figures.weights.every((weight) => weight === 1) && rows.every((row) => own[row] === 0 || own[row] === 1);
  const between = isShare ? wilson(value, rows.length, confidence) : percentiles(drawn.map((some) => of(figures, some)), confidence);
  const slice: Slice = { group, metric, samples: rows.length, value, low: between[0], high: between[1] };
  if (!old) return slice;
  const before = of(old, rows);
  const [changeLow, changeHigh] = percentiles(drawn.map((some) => of(figures, some) - of(old, some)), confidence);
  return { ...slice, before, change: value - before, changeLow, changeHigh };
}

/** The interval of a share seen in `count` samples; near 0 and 1 it stays within. */
export function wilson(share: number, count: number, confidence: number): [low: number, high: number] {
  const z = normalQuantile((1 + confidence) / 2);
  const middle = (share + z ** 2 / (2 * count)) / (1 + z ** 2 / count);
  const half = (z / (1 + z ** 2 / count)) * Math.sqrt((share * (1 - share)) / count + z ** 2 / (4 * count ** 2));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/** Acklam's approximation, to a relative 1e-9 in the middle and the tails. */
function normalQuantile(p: number): number {
  const ratio = (top: readonly number[], bottom: readonly number[], x: number) => top.reduce((sum, each) => sum * x + each, 0) / (bottom.reduce((sum, each) => sum * x + each, 0) * x + 1);
  const tail = (q: number) => ratio([-7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783], [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416], Math.sqrt(-2 * Math.log(q)));
  if (p < 0.02425) return tail(p);
  if (p > 1 - 0.02425) return -tail(1 - p);
  const q = p - 0.5;
  return q * ratio([-39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239], [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572], q ** 2);
}

function percentiles(values: readonly number[], confidence: number): [low: number, high: number] {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const at = (share: number): number => {
    const place = share * (sorted.length - 1);
    const [below, above] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
    return below + (above - below) * (place - Math.floor(place));
  };
  return [at((1 - confidence) / 2), at((1 + confidence) / 2)];
}

/** Samples of as many rows, with repetition. */
function resampled(rows: Int32Array, times: number, site: { seed: number; site: string; step: number }): Int32Array[] {
  const bits = statelessBits(rows.length * times, site);
  return Array.from({ length: times }, (_, time) => Int32Array.from(rows, (_row, index) => rows[Math.floor((bits[time * rows.length + index]! / 2 ** 32) * rows.length)]!));
}
