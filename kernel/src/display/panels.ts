/**
 * A run's view as panels, curves and ticks in data coordinates. The picture in the notebook and the live
 * chart are drawn from this one model, so that they show the same thing. Pure.
 */

import { epochStride, niceTicks, quantile } from "./axes";
import { figure, metricTitle } from "./words";
import type { RunEventMark, RunView, Series } from "./views";

export interface Curve {
  steps: number[];
  values: (number | null)[];
}

export interface Panel {
  metric: string;
  title: string;
  /** What is faint and what is not, where both are there. */
  note?: string;
  /** Figures of single batches, drawn faint. */
  batches?: Curve;
  /** Their debiased exponential moving average. */
  smooth?: Curve;
  /** Over the training data at the end of epochs. */
  training?: Curve;
  validation?: Curve;
  /** Steps at which training and validation were both measured, to be shaded in between. */
  gap?: { steps: number[]; training: number[]; validation: number[] };
  best?: { role: Series["role"]; step: number; value: number; label: string };
  /** Steps where the loss was not a number. */
  notANumber: number[];
  domain: [number, number];
}

export interface ChartModel {
  panels: Panel[];
  rate?: { curve: { steps: number[]; values: number[] }; domain: [number, number] };
  x: {
    domain: [number, number];
    title: "epoch" | "step";
    ticks: { step: number; label: string }[];
    /** Ends of epochs, labelled or not. */
    grid: number[];
  };
  marks: PlacedMark[];
}

/**
 * Debiased exponential moving average (as Adam's moments are debiased), with the weight of a point by its
 * distance in steps, so that thinned-out series smooth like full ones.
 */
export function smoothed(curve: Curve, steps: number): Curve {
  let mean = 0;
  let weight = 0;
  let before: number | undefined;
  const values = curve.values.map((value, index) => {
    if (value === null) return null;
    const at = curve.steps[index] as number;
    const share = 1 - Math.exp(-(before === undefined ? 1 : Math.max(1, at - before)) / steps);
    before = at;
    mean = mean * (1 - share) + value * share;
    weight = weight * (1 - share) + share;
    return mean / weight;
  });
  return { steps: curve.steps, values };
}

const curve = (series: Series | undefined): Curve | undefined =>
  series && series.steps.length > 0 ? { steps: series.steps, values: series.values } : undefined;

function gap(training: Curve | undefined, validation: Curve | undefined): Panel["gap"] {
  if (!training || !validation) return undefined;
  const at = new Map(training.steps.map((step, index) => [step, training.values[index]]));
  const shared = { steps: [] as number[], training: [] as number[], validation: [] as number[] };
  validation.steps.forEach((step, index) => {
    const one = at.get(step);
    const other = validation.values[index];
    if (typeof one !== "number" || typeof other !== "number") return;
    shared.steps.push(step);
    shared.training.push(one);
    shared.validation.push(other);
  });
  return shared.steps.length > 1 ? shared : undefined;
}

/**
 * Everything measured at epochs is in, and most batches: the first ones of a new head may lose ten times
 * what comes after, and would press all that matters into the last pixels.
 */
function domain(panel: Omit<Panel, "domain">): [number, number] {
  const numbers = (one: Curve | undefined): number[] => (one?.values ?? []).filter((value): value is number => value !== null);
  const solid = [...numbers(panel.training), ...numbers(panel.validation)];
  const epochs = (panel.training ?? panel.validation)?.steps.length ?? 0;
  if (epochs < 2) solid.push(...numbers(panel.smooth));
  const batches = numbers(panel.batches).sort((a, b) => a - b);
  if (batches.length > 0) solid.push(quantile(batches, 0.02), quantile(batches, epochs < 2 ? 0.98 : 0.9));
  if (solid.length === 0) return [0, 1];
  let low = Math.min(...solid);
  let high = Math.max(...solid);
  if (low === high) {
    low -= Math.abs(low) * 0.1 || 0.5;
    high += Math.abs(high) * 0.1 || 0.5;
  }
  const pad = 0.05 * (high - low);
  // A loss near nought begins at nought, a share (accuracy, F1) near 1 ends there; a line on the edge is seen whole.
  const edge = 0.3 * pad;
  const floor = low >= 0 && low - 3 * pad <= 0 ? -edge : low - pad;
  const roof = high <= 1 && high > 0.85 && low >= 0 && panel.metric !== "loss" ? 1 + edge : high + pad;
  return [floor, roof];
}

function panelOf(view: RunView, metric: string): Panel {
  const find = (role: Series["role"], every: Series["every"]): Curve | undefined =>
    curve(view.series.find((one) => one.metric === metric && one.role === role && one.every === every));
  const batches = find("training", "step");
  const training = find("training", "epoch");
  const validation = find("validation", "epoch") ?? find("validation", "step");
  const smooth = batches && smoothed(batches, Math.max(3, view.step / 80));
  const own = view.best && view.best.name.replace(/^val_/, "") === metric ? view.best : undefined;
  const panel: Omit<Panel, "domain"> = {
    metric,
    title: metricTitle(metric),
    ...(batches && (training ?? validation) && { note: "faint: batches as they train; bold: all data, at the end of each epoch" }),
    ...(batches && { batches }),
    ...(smooth && { smooth }),
    ...(training && { training }),
    ...(validation && { validation }),
    ...(own && { best: { role: own.name.startsWith("val_") ? "validation" : "training", step: own.step, value: own.value, label: `best ${figure(own.value)}` } }),
    notANumber: batches ? batches.steps.filter((_, index) => batches.values[index] === null) : [],
  };
  const shaded = gap(training, validation);
  return { ...panel, ...(shaded && { gap: shaded }), domain: domain(panel) };
}

/** A running chart leaves room ahead, to the end of an epoch, but does not squeeze a young run of many epochs. */
function lastShown(view: RunView): number {
  const measured = view.series.reduce((last, one) => Math.max(last, one.steps[one.steps.length - 1] ?? 0), view.step);
  if (view.state !== "running" && view.state !== "paused" && view.state !== "ready") return Math.max(1, measured);
  if (view.steps === 0) return Math.max(1, measured);
  const epoch = Math.max(1, view.stepsPerEpoch);
  const ahead = Math.ceil(Math.max(measured * 1.25, epoch) / epoch) * epoch;
  return Math.max(1, measured, Math.min(view.steps, ahead));
}

function xAxis(view: RunView): ChartModel["x"] {
  const last = lastShown(view);
  const perEpoch = view.stepsPerEpoch || Infinity;
  const epochs = Math.floor(last / perEpoch + 1e-9);
  const grid = Array.from({ length: epochs }, (_, index) => (index + 1) * perEpoch);
  if (epochs < 2) {
    const ticks = niceTicks(0, last, 6).filter(Number.isInteger);
    return { domain: [0, last], title: "step", ticks: ticks.map((step) => ({ step, label: step.toLocaleString("en-US") })), grid };
  }
  const stride = epochStride(epochs, 12);
  const ticks = grid.filter((_, index) => (index + 1) % stride === 0).map((step) => ({ step, label: String(Math.round(step / perEpoch)) }));
  return { domain: [0, last], title: "epoch", ticks, grid: epochs <= 60 ? grid : ticks.map((tick) => tick.step) };
}

/** The chart of a run: the loss first, then the other metrics as they were named. */
export function chartModel(view: RunView): ChartModel {
  const metrics = [...new Set(view.series.map((one) => one.metric))];
  metrics.sort((a, b) => Number(b === "loss") - Number(a === "loss"));
  const rates = view.learningRate;
  const most = Math.max(...rates.values, 0);
  return {
    panels: (metrics.length > 0 ? metrics : ["loss"]).map((metric) => panelOf(view, metric)),
    ...(rates.values.length > 0 && { rate: { curve: rates, domain: [0, most > 0 ? most * 1.15 : 1] as [number, number] } }),
    x: xAxis(view),
    marks: placedMarks(view.marks, view.steps),
  };
}

/** A mark, and how many lines below the top its label stands, so that it covers no other. */
export type PlacedMark = RunEventMark & { row: number };

/** Longest label of a mark, in characters; the run as text has it all. */
const LONGEST_LABEL = 56;
/** How wide a character of a label is, as a share of the chart. */
const CHARACTER = 1 / 170;

/** What is told at the very beginning is about the run as a whole, and no place on the chart: the run as text says it. */
function placedMarks(marks: readonly RunEventMark[], steps: number): PlacedMark[] {
  const ends: number[] = [];
  return marks
    .filter(({ kind, step }) => kind !== "note" || step > 1)
    .map((mark) => {
      const label = mark.label.length <= LONGEST_LABEL ? mark.label : `${mark.label.slice(0, LONGEST_LABEL - 1)}…`;
      const start = mark.step / Math.max(1, steps);
      const free = ends.findIndex((end) => end <= start);
      const row = mark.kind === "nan" ? 0 : free === -1 ? ends.length : free;
      if (mark.kind !== "nan") ends[row] = start + (label.length + 2) * CHARACTER;
      return { ...mark, label, row };
    });
}
