/**
 * A few rows that stand for a whole batch where a compiled step is held against the step op by op, which for all rows
 * is long and holds every intermediate result. The graph is the same one: there the other rows count nothing. Noise is
 * the same too, since a number that is drawn for a row does not depend on how many rows come after it.
 */
import { requireTf } from "../../tensorflow";
import type { Batch } from "../data/data";

export interface FewRows {
  /** Those rows. */
  alone: readonly Batch[];
  /** All rows, of which those alone count. */
  among: readonly Batch[];
}

/**
 * The first rows of each batch, until `count` of them have a weight above 0. For the receiver to dispose.
 *
 * @returns undefined where rows have no weights, or that takes all of them
 */
export function fewRows(batches: readonly Batch[], count: number): FewRows | undefined {
  const ends = batches.map((batch) => counting(batch)[count - 1]);
  if (!batches.every(({ rows }, index) => ends[index] !== undefined && ends[index] + 1 < rows)) return undefined;
  return { alone: batches.map((batch, index) => first(batch, ends[index]! + 1)), among: batches.map((batch, index) => muted(batch, ends[index]! + 1)) };
}

/** The numbers of the rows whose weight is above 0. */
function counting({ weights, rows }: Batch): number[] {
  const values = weights?.dataSync() ?? [];
  const width = values.length / rows;
  return Array.from({ length: rows }, (_, row) => row).filter((row) => values.slice(row * width, (row + 1) * width).some((value) => value > 0));
}

function first({ inputs, targets, weights, tail }: Batch, rows: number): Batch {
  const take = (tensor: Batch["targets"]) => head(tensor, rows);
  return { inputs: inputs.map(take), targets: take(targets), weights: weights && take(weights), rows, ...(tail && { tail }) };
}

/** Rows from `from` on count nothing. */
function muted(batch: Batch, from: number): Batch {
  const tf = requireTf();
  const { inputs, targets, weights, rows } = batch;
  const copy = (tensor: Batch["targets"]) => tf.clone(tensor);
  const silent = tf.tidy(() => tf.concat([head(weights!, from), tf.zeros([rows - from, ...weights!.shape.slice(1)])]));
  return { ...batch, inputs: inputs.map(copy), targets: copy(targets), weights: silent };
}

function head(tensor: Batch["targets"], rows: number): Batch["targets"] {
  return requireTf().slice(tensor, [0], [rows]);
}
