/** A stream bound to a model: passes over its rows, checked and in columns. */
import type { LayersModel } from "@tensorflow/tfjs-node";
import { flag } from "../../plan/checks";
import { datasetOf } from "../data";
import type { Dataset, Samples } from "../data";
import type { Loss } from "../../objective/losses";
import { joined, rowsOf } from "./elements";
import { isSource, sourceOf } from "./source";
import type { Source } from "./source";
import { Spool } from "./spool";
import type { Part } from "./spool";
import type { StreamData, StreamSource } from "./stream.types";

export interface BoundStream {
  /** Whether an epoch can be run through again. */
  replays: boolean;
  /** Whether a pass is all there is, for every epoch the same. */
  size: number | undefined;
  open(epoch: number): AsyncIterator<Part>;
  /** What is read to its end before the run begins, to be measured on. */
  validation: (() => Promise<Dataset>) | undefined;
}

/** By what was given: runs that are forked off share what was written. */
const spools = new WeakMap<object, Spool>();

export function boundStream(model: LayersModel, loss: Loss, { stream, spool = false, validation }: StreamData): BoundStream {
  const source = sourceOf(stream);
  const bound = {
    size: source.size,
    validation: isSource(validation) ? () => whole(model, loss, validation) : undefined,
  };
  if (!flag("spool", spool)) return { ...bound, replays: source.replays, open: (epoch) => partsOf(model, loss, source, epoch, "stream") };
  let kept = spools.get(stream);
  if (!kept) spools.set(stream, (kept = new Spool(partsOf(model, loss, source, 0, "stream"))));
  return { ...bound, replays: true, open: () => kept.open() };
}

async function* partsOf(model: LayersModel, loss: Loss, source: Source, epoch: number, what: string): AsyncGenerator<Part, void, void> {
  const iterator = source.open(epoch);
  try {
    for (let index = 0; ; index++) {
      const { value, done } = await iterator.next();
      if (done) return;
      yield rowsOf(model, loss, value, `${what}, element ${index}`);
    }
  } finally {
    await iterator.return?.();
  }
}

/** All rows, in memory. */
async function whole(model: LayersModel, loss: Loss, stream: StreamSource): Promise<Dataset> {
  const parts: Dataset[] = [];
  for await (const { rows } of { [Symbol.asyncIterator]: () => partsOf(model, loss, sourceOf(stream), 0, "validation") }) parts.push(rows);
  if (parts.length === 0) throw new Error("validation is empty: the stream ended before its first element");
  return joined(parts);
}

/** The same rows, so many at a time; the last may be fewer. */
export async function* recut(parts: AsyncIterator<Part>, count: number): AsyncGenerator<Dataset, void, void> {
  let held: Dataset[] = [];
  let rows = 0;
  try {
    for (;;) {
      const { value, done } = await parts.next();
      if (done) break;
      held.push(value.rows);
      rows += value.rows.rows;
      if (rows < count) continue;
      const all = joined(held);
      let start = 0;
      for (; rows - start >= count; start += count) yield slice(all, start, start + count);
      held = start < rows ? [slice(all, start, rows)] : [];
      rows -= start;
    }
    if (rows > 0) yield joined(held);
  } finally {
    await parts.return?.();
  }
}

function slice(data: Dataset, from: number, to: number): Dataset {
  if (from === 0 && to === data.rows) return data;
  const cut = <C extends { values: Float32Array | Int32Array; rowSize: number }>(column: C): C => ({ ...column, values: column.values.subarray(from * column.rowSize, to * column.rowSize) });
  return { rows: to - from, inputs: data.inputs.map(cut), targets: cut(data.targets), ...(data.weights && { weights: cut(data.weights) }), ...(data.classes && { classes: data.classes.subarray(from, to) }) };
}

/** Validation that is there before the run begins. */
export function validationOf(model: LayersModel, loss: Loss, { validation }: StreamData): Dataset | undefined {
  if (validation === undefined || isSource(validation)) return undefined;
  if (typeof validation === "number") throw new Error("validation: a share cannot be split off a stream; give samples, or another stream");
  return datasetOf(model, loss, (Array.isArray(validation) ? { x: validation[0], y: validation[1] } : validation) as Samples, "validation");
}
