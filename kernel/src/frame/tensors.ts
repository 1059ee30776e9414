/** From a frame to what a model trains on: tensors of all rows, or batches as they are needed. */
import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-node";
import { requireTf } from "../tensorflow";
import { stream, store } from "./engine";
import { numbersOfChunk, numbersPlan } from "./numbers";
import type { NumberRows, NumbersOptions, NumbersPlan } from "./numbers";
import { compose, verbatim } from "./query";
import type { Value } from "./query";
import { from } from "./relation";
import type { Relation } from "./relation";

export interface FrameTensors {
  /** [rows, features]; the caller's to dispose, as `y` is. */
  x: Tensor2D;
  /** [rows]: numbers, or the number of each row's class. */
  y: Tensor1D;
  features: readonly string[];
  /** Of a label that is text: what the numbers stand for. */
  classes?: readonly Value[];
}

export async function toTensors(source: Relation, options: NumbersOptions): Promise<Omit<FrameTensors, "y"> & { y?: Tensor1D }> {
  const plan = await numbersPlan("toTensors", source, options);
  const width = plan.features.length;
  const parts: NumberRows[] = [];
  await stream(plan.query, async (result) => {
    for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) parts.push(await numbersOfChunk(plan, chunk));
  });
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  if (rows === 0) throw new Error("toTensors: the frame has no row" + (options.missing === "drop" ? " in which nothing is missing" : ""));
  const x = new Float32Array(rows * width);
  const y = plan.label === undefined ? undefined : new Float32Array(rows);
  let at = 0;
  for (const part of parts) {
    x.set(part.x, at * width);
    y?.set(part.y!, at);
    at += part.rows;
  }
  const tf = requireTf();
  return { x: tf.tensor2d(x, [rows, width]), ...(y && { y: tf.tensor1d(y) }), features: plan.features, ...(plan.classes && { classes: plan.classes }) };
}

export interface BatchOptions extends NumbersOptions {
  /** Another order of the rows for each epoch, the same for the same seed; in the order of the frame unless given. */
  seed?: number;
  /** Leave out a last batch that is not full; false. */
  dropLast?: boolean;
}

export interface FrameBatch {
  /** [rows, features], row after row. */
  x: Float32Array;
  /** [rows]; empty where no label was named. */
  y: Float32Array;
  rows: number;
}

/** Batches to loop over, once or for each epoch anew: `finetune(model, frame.batches(32, { label }))`. */
export interface Batches extends AsyncIterable<FrameBatch> {
  /** @param epoch from 0 */
  (epoch: number): AsyncGenerator<FrameBatch, void, void>;
}

export function batches(source: Relation, size: number, { seed, dropLast = false, ...options }: BatchOptions): Batches {
  if (!Number.isInteger(size) || size < 1) throw new RangeError(`batches wants the rows of a batch, a whole number from 1 on; it is ${size}`);
  // Types and classes are found out once, at the first pass.
  let plan: Promise<NumbersPlan> | undefined;
  const pass = async function* (epoch: number): AsyncGenerator<FrameBatch, void, void> {
    const known = await (plan ??= numbersPlan("batches", source, options));
    const order = seed === undefined ? known.query : compose`select * exclude ("__place") from (select *, row_number() over () as "__place" from ${from({ query: known.query, columns: [] })}) order by hash("__place", ${verbatim(String(seed))}, ${verbatim(String(epoch))})`;
    yield* cut(known, order, size, dropLast);
  };
  return Object.assign((epoch: number) => pass(epoch), { [Symbol.asyncIterator]: () => pass(0) });
}

/** Rows a part is read in: a query each, so that whoever stops early holds nothing open. DuckDB finds rows by their number at once. */
const PART = 131_072;

async function* cut(plan: NumbersPlan, query: NumbersPlan["query"], size: number, dropLast: boolean): AsyncGenerator<FrameBatch, void, void> {
  // Kept for the pass, on disk where memory does not do: nobody can hold a query open while a model trains.
  const stored = await store(query);
  const width = plan.features.length;
  let x = new Float32Array(size * width);
  let y = new Float32Array(plan.label === undefined ? 0 : size);
  let filled = 0;
  for (let start = 0; ; start += PART) {
    const parts: NumberRows[] = [];
    await stream({ text: `select * from ${stored.name} where rowid >= ${start} and rowid < ${start + PART}`, values: [], holds: [stored] }, async (result) => {
      for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) parts.push(await numbersOfChunk(plan, chunk));
    });
    for (const part of parts) {
      for (let row = 0; row < part.rows; ) {
        const taken = Math.min(size - filled, part.rows - row);
        x.set(part.x.subarray(row * width, (row + taken) * width), filled * width);
        if (part.y) y.set(part.y.subarray(row, row + taken), filled);
        row += taken;
        filled += taken;
        if (filled < size) continue;
        yield { x, y, rows: size };
        [x, y, filled] = [new Float32Array(x.length), new Float32Array(y.length), 0];
      }
    }
    if (parts.reduce((sum, part) => sum + part.rows, 0) < PART) break;
  }
  if (filled > 0 && !dropLast) yield { x: x.slice(0, filled * width), y: y.slice(0, filled), rows: filled };
}
