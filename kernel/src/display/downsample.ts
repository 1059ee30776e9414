/**
 * Fewer points that draw the same curve. The steps are cut into equal buckets and each keeps its lowest and
 * its highest point, so that a spike of one batch survives; first and last always do. (Min/max decimation;
 * LTTB looks smoother but may drop extremes.)
 */

/** The most points of one series that a notebook or a message carries. */
export const MOST_POINTS = 2000;

type Value = number | null;

/**
 * Indices to keep, ascending, at most `most` (>= 4) of `values.length`. Null (NaN or infinite) points count
 * as extremes: the first of a bucket is kept in place of its highest point, so that a divergence is never hidden.
 */
export function keptIndices(values: readonly Value[], most: number = MOST_POINTS): number[] {
  if (most < 4) throw new RangeError(`downsample to ${most} points: first, last and one bucket's extremes need at least 4`);
  const n = values.length;
  if (n <= most) return Array.from({ length: n }, (_, index) => index);
  const buckets = Math.floor((most - 2) / 2);
  const kept = [0];
  for (let bucket = 0; bucket < buckets; bucket++) {
    const from = 1 + Math.floor((bucket * (n - 2)) / buckets);
    const to = 1 + Math.floor(((bucket + 1) * (n - 2)) / buckets);
    let low = -1;
    let high = -1;
    let missing = -1;
    for (let index = from; index < to; index++) {
      const value = values[index];
      if (value === null || value === undefined) {
        if (missing < 0) missing = index;
        continue;
      }
      if (low < 0 || value < (values[low] as number)) low = index;
      if (high < 0 || value > (values[high] as number)) high = index;
    }
    const pair = (missing >= 0 ? [low, missing] : [low, high]).filter((index) => index >= 0).sort((a, b) => a - b);
    for (const index of pair) if (index !== kept[kept.length - 1]) kept.push(index);
  }
  kept.push(n - 1);
  return kept;
}

/** The same columns with at most `most` points. Returns the input itself where it is short enough. */
export function downsample<V extends Value>(
  steps: readonly number[],
  values: readonly V[],
  most: number = MOST_POINTS,
): { steps: number[]; values: V[] } {
  if (steps.length !== values.length) {
    throw new RangeError(`downsample: ${steps.length} steps but ${values.length} values; they belong together in pairs`);
  }
  const kept = keptIndices(values, most);
  return { steps: kept.map((index) => steps[index] as number), values: kept.map((index) => values[index] as V) };
}

/** Learning rates change seldom: only the points around a change are kept, then at most `most`. */
export function compactRate(
  steps: readonly number[],
  values: readonly number[],
  most: number = MOST_POINTS,
): { steps: number[]; values: number[] } {
  const kept: number[] = [];
  for (let index = 0; index < values.length; index++) {
    const before = values[index - 1];
    const after = values[index + 1];
    if (before !== values[index] || after !== values[index]) kept.push(index);
  }
  return downsample(
    kept.map((index) => steps[index] as number),
    kept.map((index) => values[index] as number),
    most,
  );
}
