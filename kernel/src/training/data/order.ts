import { permutation } from "../../tensorflow";
import type { Dataset } from "./data";

/** The rows of each batch of an epoch: a function of (seed, epoch), so that any step can be found again. */
export function epochOrder(rows: number, epoch: number, seed: number, shuffle: boolean): Int32Array {
  if (!shuffle) return Int32Array.from({ length: rows }, (_, index) => index);
  return permutation(rows, { seed, site: "order", step: epoch });
}

/**
 * Splits a share off for validation, at random by the seed, and from each class alike where there are
 * classes, so that few labels do not leave a class without one.
 */
export function splitRows(data: Dataset, share: number, seed: number): { training: Int32Array; validation: Int32Array } {
  const order = permutation(data.rows, { seed, site: "split", step: 0 });
  const groups = new Map<number, number[]>();
  for (const row of order) {
    const key = data.classes?.[row] ?? 0;
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  const validation = [...groups.keys()].sort((a, b) => a - b).flatMap((key) => {
    const group = groups.get(key)!;
    return group.slice(0, Math.round(group.length * share));
  });
  const held = new Set(validation);
  return {
    training: Int32Array.from(order.filter((row) => !held.has(row)).sort()),
    validation: Int32Array.from(validation).sort(),
  };
}
