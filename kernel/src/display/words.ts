/** Numbers as people read them: counts, shares, durations, metric values. Pure. */

/** `1,234`, `27,530`, `538 k`, `1.2 M`, `66 M`: exact below 100,000, two or three digits above. */
export function count(n: number): string {
  if (!Number.isFinite(n)) return "?";
  if (Math.abs(n) < 100_000) return Math.round(n).toLocaleString("en-US");
  for (const [size, unit] of [
    [1e12, "T"],
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const) {
    // 999,950 is 1.0 M, not 1000 k: the unit is chosen after rounding.
    if (Math.abs(n) >= size * 0.9995) {
      const scaled = n / size;
      return `${Math.abs(scaled) < 9.95 ? scaled.toFixed(1) : Math.round(scaled).toString()} ${unit}`;
    }
  }
  return Math.round(n).toString();
}

/** `1.8%`, `0.04%`, `100%`; never `0%` for a part that is there, never `100%` for one that is not whole. */
export function share(part: number, whole: number): string {
  if (whole <= 0) return "0%";
  const percent = (100 * part) / whole;
  if (part === 0) return "0%";
  if (part === whole) return "100%";
  if (percent >= 99.95) return "> 99.9%";
  if (percent < 0.01) return "< 0.01%";
  return `${percent < 0.1 ? percent.toFixed(2) : percent < 9.95 || percent >= 99.5 ? percent.toFixed(1) : Math.round(percent).toString()}%`;
}

/** `"1.2 M of 66 M trainable (1.8%)"`, the total of a layer-freeze diagram. */
export function trainableOf(trainable: number, parameters: number): string {
  return `${count(trainable)} of ${count(parameters)} trainable (${share(trainable, parameters)})`;
}

/** Seconds as `0.4 s`, `12 s`, `3 min 05 s`, `2 h 10 min`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, "0")} min`;
}

/** A metric's value, four significant digits at most: `0.2134`, `2.31`, `0.000012` as `1.2e-5`. */
export function figure(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return "NaN";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) {
    const [mantissa, exponent] = value.toExponential(2).split("e");
    return `${Number(mantissa)}e${Number(exponent)}`;
  }
  if (size >= 1000) return value.toFixed(0);
  return Number(value.toPrecision(4)).toString();
}

/** A series' or metric's name for people: `val_loss` is `validation loss`, `learningRate` `learning rate`, `probe/old` `retention: old`. */
export function metricTitle(name: string): string {
  return name
    .replace(/^val_/, "validation ")
    .replace(/^probe\//, "retention: ")
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .replaceAll("_", " ")
    .toLowerCase();
}

/**
 * An output shape without its batch axis: `[null, 28, 28, 8]` is `28 × 28 × 8`; null elsewhere is `any`. Empty
 * for a layer without one shape of its own.
 */
export function outputShape(shape: readonly (number | null)[]): string {
  if (shape.length === 0) return "varies";
  const own = shape.slice(1);
  if (own.length === 0) return "scalar";
  return own.map((size) => (size === null ? "any" : String(size))).join(" × ");
}
