import type { ObservableRun } from "../training/runs/run.types";
import { compactRate, downsample, MOST_POINTS } from "./downsample";
import type { RunView, Series } from "./views";

/** JSON has no NaN: a value that is not finite becomes null and is marked on the chart. */
const finite = (value: number | undefined): number | null => (value !== undefined && Number.isFinite(value) ? value : null);

/** Five significant digits: more cannot be seen, and they are most of a notebook's bytes. */
const rounded = (value: number | null): number | null => (value === null ? null : Number(value.toPrecision(5)));

/** A schedule is smooth: more points of it only weigh. */
const RATE_POINTS = 300;

const named = <Every extends Series["every"]>(name: string, every: Every) => ({
  name,
  metric: name.replace(/^val_/, ""),
  role: name.startsWith("val_") ? ("validation" as const) : ("training" as const),
  every,
});

function stepSeries(run: ObservableRun, from: number): Series[] {
  const { step, metrics } = run.steps;
  return Object.entries(metrics).map(([name, all]) => {
    const kept = downsample(step, all, MOST_POINTS, from);
    return {
      ...named(name, "step"),
      steps: kept.steps,
      values: kept.values.map((value) => rounded(finite(value))),
    };
  });
}

function epochSeries(run: ObservableRun, fromStep: number): Series[] {
  const records = run.history.filter((record) => record.step >= fromStep);
  const names = [...new Set(records.flatMap((record) => Object.keys(record.metrics)))];
  return names.map((name) => {
    const measured = records.filter((record) => record.metrics[name] !== undefined);
    const kept = downsample(
      measured.map((record) => record.step),
      measured.map((record) => finite(record.metrics[name])),
    );
    return {
      ...named(name, "epoch"),
      steps: kept.steps,
      values: kept.values.map(rounded),
    };
  });
}

/** First index whose step is `>= step`, by bisection: a run of a million steps is asked four times a second. */
function firstAt(steps: readonly number[], step: number): number {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((steps[middle] as number) < step) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What a view needs beside the run itself. */
export interface RunViewOptions {
  trainable: number;
  parameters: number;
  stepsPerSecond?: number;
  /** Only points at or after this step, for a delta; all of them unless given. */
  since?: number;
}

/** JSON has no infinity: 0 where a stream has not come to its end yet. */
const known = (steps: number): number => (Number.isFinite(steps) ? steps : 0);

/** A run as it is drawn: at most 2,000 points a series, of each series first, last and extremes. */
export function runView(run: ObservableRun, options: RunViewOptions): RunView {
  const since = options.since ?? Number.NEGATIVE_INFINITY;
  const from = firstAt(run.steps.step, since);
  const series = [...stepSeries(run, from), ...epochSeries(run, since)].filter((one) => one.steps.length > 0);
  return {
    version: 1,
    id: run.id,
    name: run.name,
    state: run.state,
    ...(run.message === undefined ? {} : { message: run.message }),
    step: run.currentStep,
    steps: known(run.plan.steps),
    stepsPerEpoch: known(run.plan.stepsPerEpoch),
    epoch: run.currentEpoch,
    epochs: run.plan.epochs,
    seconds: Math.round(run.seconds * 1000) / 1000,
    ...(options.stepsPerSecond === undefined ? {} : { stepsPerSecond: Number(options.stepsPerSecond.toPrecision(3)) }),
    trainable: options.trainable,
    parameters: options.parameters,
    series,
    learningRate: compactRate(run.steps.step, run.steps.learningRate, RATE_POINTS, from),
    ...(run.best === undefined ? {} : { best: { ...run.best } }),
    marks: run.marks.map((mark) => ({ ...mark })),
  };
}
