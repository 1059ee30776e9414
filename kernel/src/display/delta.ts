/** The live chart's arithmetic on views: what has come since, and how it joins what is there. Pure. */

import { compactRate, downsample, MOST_POINTS } from "./downsample";
import type { RunView, Series } from "./views";

interface Columns<V> {
  steps: number[];
  values: V[];
}

/** Points from the first new step on replace the old ones, so that a message that comes twice does no harm. */
function join<V>(old: Columns<V>, added: Columns<V>): Columns<V> {
  const first = added.steps[0];
  if (first === undefined) return old;
  let keep = old.steps.length;
  while (keep > 0 && (old.steps[keep - 1] as number) >= first) keep--;
  return {
    steps: [...old.steps.slice(0, keep), ...added.steps],
    values: [...old.values.slice(0, keep), ...added.values],
  };
}

const same = (a: Series, b: Series): boolean => a.name === b.name && a.every === b.every;

/**
 * `view` with the new points of `delta`; state, progress, best and marks are delta's. Series that grow past
 * twice `MOST_POINTS` are thinned out again, so that a long run costs the page no more than a short one.
 */
export function mergeDelta(view: RunView, delta: RunView): RunView {
  const series = view.series.map((old): Series => {
    const added = delta.series.find((candidate) => same(candidate, old));
    if (!added) return old;
    const joined = join(old, added);
    return { ...old, ...(joined.steps.length > 2 * MOST_POINTS ? downsample(joined.steps, joined.values) : joined) };
  });
  for (const added of delta.series) if (!view.series.some((old) => same(old, added))) series.push(added);
  const rate = join(view.learningRate, delta.learningRate);
  return {
    ...delta,
    series,
    learningRate: rate.steps.length > 2 * MOST_POINTS ? compactRate(rate.steps, rate.values) : rate,
  };
}

/** The last step of which a view holds a point; -1 for none. What a front end sends as `lastStep`. */
export function lastStep(view: RunView): number {
  return view.series.reduce((last, series) => Math.max(last, series.steps[series.steps.length - 1] ?? -1), -1);
}

/**
 * Only the points at or after a step. Points at the step itself are sent again: the validation of an epoch
 * comes after its last batch and carries the same step.
 */
export function since(view: RunView, step: number): RunView {
  const cut = <V>(columns: Columns<V>): Columns<V> => {
    let from = columns.steps.length;
    while (from > 0 && (columns.steps[from - 1] as number) >= step) from--;
    return { steps: columns.steps.slice(from), values: columns.values.slice(from) };
  };
  return {
    ...view,
    series: view.series.map((series) => ({ ...series, ...cut(series) })).filter((series) => series.steps.length > 0),
    learningRate: cut(view.learningRate),
  };
}
