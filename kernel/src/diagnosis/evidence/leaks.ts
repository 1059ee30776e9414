import { requireTf } from "../../tensorflow";
import type { Column, Dataset } from "../../training";
import type { LeakEvidence, NearEvidence } from "./evidence.types";
import { spread } from "./rows";

/** Pairs that are kept. */
const KEPT = 20;
/** Numbers that are hashed at most: about a second. */
const HASHED = 4e8;
/** The cosine above which rows are near. */
const NEAR = 0.999;
/** Features below which a cosine says little. */
const FEATURES = 32;
/** Rows compared with each other, and numbers held for that. */
const COMPARED = { validation: 256, training: 2048, numbers: 1e7 };

/** Validation rows that are in the training data, by hash and then to the bit; and those that nearly are. */
export function leaksBetween(training: Dataset, validation: Dataset): LeakEvidence {
  const rowSize = training.inputs.reduce((sum, column) => sum + column.rowSize, 0);
  const trainingRows = spread(training.rows, rowSize, Infinity, HASHED);
  const byHash = new Map<number, number[]>();
  let repeated = 0;
  for (const row of trainingRows) {
    const key = hashOf(training, row);
    const bucket = byHash.get(key);
    if (!bucket) byHash.set(key, [row]);
    else {
      const twin = bucket.find((other) => equalRows(training, other, training, row));
      // The first of a group counts too, once.
      if (twin !== undefined) repeated += 1;
      bucket.push(row);
    }
  }
  const validationRows = spread(validation.rows, rowSize, Infinity, HASHED);
  const pairs: { validation: number; training: number }[] = [];
  const same = new Set<number>();
  let sameTarget = 0;
  for (const row of validationRows) {
    const twin = byHash.get(hashOf(validation, row))?.find((other) => equalRows(training, other, validation, row));
    if (twin === undefined) continue;
    same.add(row);
    if (pairs.length < KEPT) pairs.push({ validation: row, training: twin });
    if (equal(training.targets, twin, validation.targets, row)) sameTarget += 1;
  }
  return { pairs, exact: same.size, sameTarget, looked: validationRows.length, repeated: repeated / trainingRows.length, near: nearRows(training, validation, same) };
}

/** FNV-1a over the bits of all inputs of a row, 32 bits. */
function hashOf({ inputs }: Dataset, row: number): number {
  let hash = 0x811c9dc5;
  for (const { values, rowSize } of inputs) {
    const bits = new Uint32Array(values.buffer, values.byteOffset + row * rowSize * 4, rowSize);
    for (let at = 0; at < rowSize; at++) hash = Math.imul(hash ^ bits[at]!, 0x01000193) ^ (hash >>> 15);
  }
  return hash;
}

const equalRows = (a: Dataset, rowA: number, b: Dataset, rowB: number): boolean => a.inputs.every((column, index) => equal(column, rowA, b.inputs[index]!, rowB));

function equal(a: Column, rowA: number, b: Column, rowB: number): boolean {
  if (a.rowSize !== b.rowSize) return false;
  for (let at = 0; at < a.rowSize; at++) if (a.values[rowA * a.rowSize + at] !== b.values[rowB * b.rowSize + at]) return false;
  return true;
}

function nearRows(training: Dataset, validation: Dataset, exact: ReadonlySet<number>): NearEvidence | undefined {
  const column = training.inputs[0]!;
  const other = validation.inputs[0]!;
  if (training.inputs.length !== 1 || column.dtype !== "float32" || column.rowSize < FEATURES || other.rowSize !== column.rowSize) return undefined;
  const rowsOf = (rows: number, most: number) => spread(rows, column.rowSize, most, COMPARED.numbers);
  const trainingRows = rowsOf(training.rows, COMPARED.training);
  const looked = rowsOf(validation.rows, COMPARED.validation).filter((row) => !exact.has(row));
  const amongRows = rowsOf(trainingRows.length, COMPARED.validation).map((at) => trainingRows[at]!);
  if (looked.length === 0) return undefined;
  const center = new Float32Array(column.rowSize);
  for (const row of trainingRows) for (let at = 0; at < column.rowSize; at++) center[at]! += column.values[row * column.rowSize + at]! / trainingRows.length;
  const table = unit(column, trainingRows, center);
  const found = closest(unit(other, looked, center), table, looked.length, trainingRows.length, column.rowSize);
  const pairs = [...looked].flatMap((row, index) => (found.cosine[index]! > NEAR ? [{ validation: row, training: trainingRows[found.row[index]!]! }] : []));
  const among = closest(unit(column, amongRows, center), table, amongRows.length, trainingRows.length, column.rowSize, amongRows.map((row) => trainingRows.indexOf(row)));
  return {
    cosine: NEAR,
    pairs: pairs.slice(0, KEPT),
    count: pairs.length,
    share: pairs.length / looked.length,
    natural: among.cosine.filter((cosine) => cosine > NEAR).length / amongRows.length,
  };
}

/** Rows less the centre, of length 1; a row at the centre stays 0. */
function unit({ values, rowSize }: Column, rows: Int32Array, center: Float32Array): Float32Array {
  const made = new Float32Array(rows.length * rowSize);
  rows.forEach((row, index) => {
    let square = 0;
    for (let at = 0; at < rowSize; at++) {
      const value = values[row * rowSize + at]! - center[at]!;
      made[index * rowSize + at] = value;
      square += value * value;
    }
    const length = Math.sqrt(square);
    if (length > 0) for (let at = 0; at < rowSize; at++) made[index * rowSize + at]! /= length;
  });
  return made;
}

/** The row of `table` with the largest cosine for each of `rows`; a row's own place in it is left out. */
function closest(rows: Float32Array, table: Float32Array, count: number, size: number, rowSize: number, own?: Int32Array): { cosine: number[]; row: number[] } {
  const tf = requireTf();
  return tf.tidy(() => {
    const products = tf.matMul(tf.tensor2d(rows, [count, rowSize]), tf.tensor2d(table, [size, rowSize]), false, true);
    const compared = own ? tf.sub(products, tf.mul(tf.oneHot(tf.tensor1d(own, "int32"), size), 4)) : products;
    return { cosine: [...tf.max(compared, 1).dataSync()], row: [...tf.argMax(compared, 1).dataSync()] };
  });
}
