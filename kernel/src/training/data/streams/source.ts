/** A stream, whatever it is made of, as passes over its elements. */
import type { TensorContainer } from "@tensorflow/tfjs-node";
import { requireTf } from "../../../tensorflow";
import type { StreamData, StreamElement, StreamSource } from "./stream.types";

export interface Source {
  /** Whether a pass can be asked for again. */
  replays: boolean;
  /** Elements of a pass, where that is known. */
  size: number | undefined;
  /** Of one epoch, from 0. @throws where it cannot be run through again */
  open(epoch: number): AsyncIterator<unknown>;
}

type DatasetLike = { iterator(): Promise<{ next(): Promise<IteratorResult<unknown>> }>; size: number | null; forEachAsync: unknown };

function isTfDataset(value: unknown): value is DatasetLike {
  return typeof value === "object" && value !== null && "forEachAsync" in value && typeof (value as DatasetLike).iterator === "function";
}

export function isSource(value: unknown): value is StreamSource {
  return typeof value === "function" || isTfDataset(value) || (typeof value === "object" && value !== null && Symbol.asyncIterator in value);
}

/** The stream in what was given to `finetune`, if it is one. */
export function asStreamData(data: unknown): StreamData | undefined {
  if (isSource(data)) return { stream: data };
  if (typeof data === "object" && data !== null && "stream" in data) {
    const given = data as StreamData;
    if (!isSource(given.stream) && !Array.isArray(given.stream)) throw new TypeError("stream must be a function that gives an iterable for each epoch, a tf.data.Dataset, an array of batches, or an async iterable");
    return given;
  }
  return undefined;
}

export function sourceOf(source: StreamSource): Source {
  if (typeof source === "function") return { replays: true, size: undefined, open: (epoch) => passOf(source, epoch) };
  if (isTfDataset(source)) return { replays: true, size: source.size !== null && Number.isFinite(source.size) ? source.size : undefined, open: () => disposing(source) };
  if (Array.isArray(source)) return { replays: true, size: source.length, open: () => passOf(() => source as StreamElement[], 0) };
  let opened = false;
  return {
    replays: false,
    size: undefined,
    open() {
      if (opened) throw new Error("The stream can be run through once, and it has been: give a function that makes a new iterable for each epoch, or { stream, spool: true }");
      opened = true;
      return (source as AsyncIterable<StreamElement>)[Symbol.asyncIterator]();
    },
  };
}

async function* passOf(source: (epoch: number) => unknown, epoch: number): AsyncGenerator<unknown, void, void> {
  const pass = await source(epoch);
  if (isTfDataset(pass)) yield* disposing(pass);
  else if (typeof pass === "object" && pass !== null && (Symbol.asyncIterator in pass || Symbol.iterator in pass)) yield* pass as AsyncIterable<unknown>;
  else throw new TypeError(`The stream's function must give an iterable for epoch ${epoch}; it gave ${pass === null ? "null" : typeof pass}`);
}

async function* disposing(dataset: DatasetLike): AsyncGenerator<unknown, void, void> {
  const iterator = await dataset.iterator();
  for (;;) {
    const { value, done } = await iterator.next();
    if (done) return;
    try {
      yield value;
    } finally {
      requireTf().dispose(value as TensorContainer);
    }
  }
}
