/** Small statistics of plain numbers. Pure. */

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** NaN of nothing; values that are not finite are left out. */
export function median(values: readonly number[]): number {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length === 0) return NaN;
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Standard error of a share that was counted on `rows` samples; never 0, since a share of 1 of few rows proves little (Laplace's rule). */
export function shareError(share: number, rows: number): number {
  const p = (share * rows + 1) / (rows + 2);
  return Math.sqrt((p * (1 - p)) / (rows + 2));
}

/** The largest distance between two samples' distribution functions (Kolmogorov and Smirnov), 0 to 1. */
export function ksDistance(a: readonly number[] | Float64Array, b: readonly number[] | Float64Array): number {
  const left = Float64Array.from(a).sort();
  const right = Float64Array.from(b).sort();
  let i = 0;
  let j = 0;
  let most = 0;
  while (i < left.length && j < right.length) {
    const value = Math.min(left[i]!, right[j]!);
    while (i < left.length && left[i]! <= value) i++;
    while (j < right.length && right[j]! <= value) j++;
    most = Math.max(most, Math.abs(i / left.length - j / right.length));
  }
  return most;
}

/** The distance that samples of one distribution exceed with a chance of 1%, over `tests` comparisons together. */
export function ksChance(n: number, m: number, tests = 1): number {
  return Math.sqrt((-Math.log(0.01 / (2 * tests)) / 2) * ((n + m) / (n * m)));
}

/** Cramér's V of two rows of counts, 0 to 1, corrected for the size of the samples (Bergsma 2013). */
export function cramersV(a: readonly number[], b: readonly number[]): number {
  const totals = [a, b].map((row) => row.reduce((sum, n) => sum + n, 0));
  const n = totals[0]! + totals[1]!;
  const used = a.map((count, index) => [count, b[index] ?? 0]).filter(([x, y]) => x! + y! > 0);
  if (used.length < 2 || totals.includes(0)) return 0;
  let square = 0;
  for (const cell of used) {
    for (const side of [0, 1]) {
      const expected = ((cell[0]! + cell[1]!) * totals[side]!) / n;
      square += (cell[side]! - expected) ** 2 / expected;
    }
  }
  const phi = Math.max(0, square / n - (used.length - 1) / (n - 1));
  // Of two rows the smaller dimension less one is 1, less its own correction.
  return Math.min(1, Math.sqrt(phi / Math.max(1e-9, 1 - 1 / (n - 1))));
}
