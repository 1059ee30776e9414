/** Which rows are looked at, and how many there are of each class. Pure. */

/** `counts[c]`: rows of class c. */
export function countsOf(classes: Int32Array, units: number): number[] {
  const counts = new Array<number>(units).fill(0);
  classes.forEach((value) => (counts[value]! += 1));
  return counts;
}

/** Rows spread evenly, so many that `rows * rowSize` stays within a bound. */
export function spread(rows: number, rowSize: number, most: number, numbers: number): Int32Array {
  const count = Math.max(1, Math.min(rows, most, Math.floor(numbers / rowSize)));
  return Int32Array.from({ length: count }, (_, index) => Math.floor((index * rows) / count));
}
