/** Where axes end and where their ticks stand. Pure. */

/** Steps of 1, 2, 2.5 or 5 times a power of ten that give about `about` ticks inside `[low, high]`. */
export function niceTicks(low: number, high: number, about: number): number[] {
  if (!(high > low)) return [low];
  const rough = (high - low) / Math.max(1, about);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const ticks: number[] = [];
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + step * 1e-9; index++) {
    // 3 * 0.1 is 0.30000000000000004: the index is multiplied, then the dust is cut.
    ticks.push(Number((index * step).toPrecision(12)));
  }
  return ticks;
}

/** A tick's label with as many decimals as its neighbours need: 0.5 beside 0.25 is `0.50`. */
export function tickLabels(ticks: readonly number[]): string[] {
  const span = Math.max(...ticks.map(Math.abs));
  if (span !== 0 && (span >= 1e6 || span < 1e-3)) return ticks.map((tick) => (tick === 0 ? "0" : tick.toExponential().replace("e+", "e")));
  const decimals = Math.max(...ticks.map((tick) => (String(tick).split(".")[1] ?? "").length));
  return ticks.map((tick) => tick.toFixed(decimals));
}

/** `every` such that at most `most` of `n` epoch ticks are labelled: 1, 2, 5, 10, 20, … */
export function epochStride(n: number, most: number): number {
  for (let power = 1; ; power *= 10) {
    for (const factor of [1, 2, 5]) if (n / (factor * power) <= most) return factor * power;
  }
}

/** The value below which a share of the (sorted) values lies. */
export function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(q * (sorted.length - 1))))] as number;
}
