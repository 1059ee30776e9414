/**
 * Fewer points that draw the same curve. The steps are cut into equal buckets and each keeps its lowest and
 * its highest point, so that a spike of one batch survives; first and last always do. (Min/max decimation;
 * LTTB looks smoother but may drop extremes.)
 */

/** The most points of one series that a notebook or a message carries. */
export const MOST_POINTS = 2000;

type Value = number | null;

/** Null, NaN and infinity: what a chart marks instead of drawing. */
const isMissing = (value: Value | undefined): boolean => value === null || value === undefined || !Number.isFinite(value);

/**
 * Indices to keep of `values` from `from` on, ascending, at most `most` (>= 4). Points that are missing (NaN,
 * infinite) count as extremes: the first of a bucket is kept in place of its highest point, so that a
 * divergence is never hidden. Reads the array in place: a run of a million steps is not copied to be drawn.
 */
export function keptIndices(values: readonly Value[], most: number = MOST_POINTS, from = 0): number[] {
  if (most < 4) throw new RangeError(`downsample to ${most} points: first, last and one bucket's extremes need at least 4`);
  const n = values.length - from;
  if (n <= most) return Array.from({ length: Math.max(0, n) }, (_, index) => from + index);
  const buckets = Math.floor((most - 2) / 2);
  const kept = [from];
  for (let bucket = 0; bucket < buckets; bucket++) {
    const begin = from + 1 + Math.floor((bucket * (n - 2)) / buckets);
    const end = from + 1 + Math.floor(((bucket + 1) * (n - 2)) / buckets);
    let low = -1;
    let high = -1;
    let missing = -1;
    for (let index = begin; index < end; index++) {
      const value = values[index];
      if (isMissing(value)) {
        if (missing < 0) missing = index;
        continue;
      }
      if (low < 0 || (value as number) < (values[low] as number)) low = index;
      if (high < 0 || (value as number) > (values[high] as number)) high = index;
    }
    const pair = (missing >= 0 ? [low, missing] : [low, high]).filter((index) => index >= 0).sort((a, b) => a - b);
    for (const index of pair) if (index !== kept[kept.length - 1]) kept.push(index);
  }
  kept.push(values.length - 1);
  return kept;
}

/** The same columns from index `from` on, with at most `most` points. */
export function downsample<V extends Value>(
  steps: readonly number[],
  values: readonly V[],
  most: number = MOST_POINTS,
  from = 0,
): { steps: number[]; values: V[] } {
  if (steps.length !== values.length) {
    throw new RangeError(`downsample: ${steps.length} steps but ${values.length} values; they belong together in pairs`);
  }
  return picked(steps, values, keptIndices(values, most, from));
}

const picked = <V>(steps: readonly number[], values: readonly V[], kept: readonly number[]): { steps: number[]; values: V[] } => ({
  steps: kept.map((index) => steps[index] as number),
  values: kept.map((index) => values[index] as V),
});

/** Learning rates change seldom: only the points around a change are kept, and of those at most `most`. */
export function compactRate(
  steps: readonly number[],
  values: readonly number[],
  most: number = MOST_POINTS,
  from = 0,
): { steps: number[]; values: number[] } {
  const kept: number[] = [];
  for (let index = from; index < values.length; index++) {
    const alone = index === from || index === values.length - 1;
    if (alone || values[index - 1] !== values[index] || values[index + 1] !== values[index]) kept.push(index);
    // A schedule that moves at every step: its buckets' extremes are its curve.
    if (kept.length > 20 * most) return downsample(steps, values, most, from);
  }
  const few = picked(steps, values, kept);
  return downsample(few.steps, few.values, most);
}
