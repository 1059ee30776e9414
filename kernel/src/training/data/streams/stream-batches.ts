import { setTimeout as after } from "node:timers/promises";
import { batchOf, takeRows } from "../data";
import type { Batch, Dataset } from "../data";
import { breathe } from "../../runs/hooks";
import type { Plan } from "../../plan/plan.types";
import { microBatches } from "../step-batches";
import type { StepSource } from "../step-batches";
import { recut } from "./bound-stream";
import type { BoundStream } from "./bound-stream";
import { hashOfRows, joined } from "./elements";
import type { Part } from "./spool";

/** A pass that is under way: the step whose rows come next. */
interface Pass {
  epoch: number;
  next: number;
  rows: AsyncIterator<Dataset>;
}

/** Samples a batch where the stream gives single ones. */
const ROWS = 32;

/**
 * The rows of each step out of a stream, read ahead. What a step saw once is what it must see again: each step's rows have a
 * hash, and where a pass is repeated they are held against it.
 */
export class StreamBatches implements StepSource {
  readonly #plan: Plan;
  readonly #stream: BoundStream;
  /** By step, from the one just taken on. */
  readonly #held = new Map<number, Dataset>();
  readonly #hashes: number[];
  #pass: Pass | undefined;
  /** Steps that nobody asks for any more are not held. */
  #from = 0;
  /** One at a time reads. */
  #turn: Promise<unknown> = Promise.resolve();
  #failure: { error: unknown } | undefined;
  /** The first pass, as far as it was read to see what the samples are like. */
  #first: AsyncIterator<Part> | undefined;
  #opened = false;

  /** @param hashes of the steps taken so far, where the run is taken up or forked */
  constructor(plan: Plan, hashes: readonly number[] = []) {
    this.#plan = plan;
    this.#stream = plan.stream!;
    this.#hashes = [...hashes];
  }

  /** Reads the first samples, which stand for all where the data are looked at, and the validation. */
  async open(): Promise<void> {
    if (this.#opened) return;
    await this.#breathing(this.#inTurn(() => this.#open()));
  }

  async ready(step: number, count: number): Promise<void> {
    this.#from = step - 1;
    for (const held of this.#held.keys()) if (held < step - 1) this.#held.delete(held);
    await this.#breathing(this.#inTurn(() => this.#reach(step, count)));
  }

  prefetch(step: number, count: number): void {
    if (step < this.#plan.steps) void this.#inTurn(() => this.#reach(step, count)).catch(() => undefined);
  }

  of(step: number): Batch[] {
    return microBatches(this.#rows(step), step, this.#plan);
  }

  whole(step: number): Batch {
    const data = this.#rows(step);
    return batchOf(data, allOf(data));
  }

  alike(step: number): number {
    const { batchSize, accumulate } = this.#plan;
    const { epoch } = this.#place(step);
    let count = 0;
    while (this.#held.get(step + count)?.rows === batchSize * accumulate && this.#place(step + count).epoch === epoch) count += 1;
    return count;
  }

  hashOf(step: number): number {
    return this.#hashes[step]!;
  }

  /** What was being read is lost; the next who asks begins again. */
  cutOff(): void {
    this.#turn = Promise.resolve();
    if (this.#stream.replays) this.#pass = this.#first = undefined;
    else this.#failure = { error: new Error("The stream was cut off while it was read, and it cannot be run through again") };
  }

  close(): void {
    const pass = this.#pass;
    this.#pass = undefined;
    void Promise.resolve(pass?.rows.return?.()).catch(() => undefined);
    this.#held.clear();
  }

  #rows(step: number): Dataset {
    const rows = this.#held.get(step);
    if (!rows) throw new Error(`The samples of step ${step + 1} have streamed by; take the step again, or give inputs: run.activations(x)`);
    return rows;
  }

  async #open(): Promise<void> {
    if (this.#opened) return;
    const plan = this.#plan;
    const source = this.#stream.open(0);
    const read: Part[] = [];
    let rows = 0;
    while (rows < plan.sampleSize) {
      const { value, done } = await source.next();
      if (done) break;
      read.push(value);
      rows += value.rows.rows;
    }
    const [first] = read;
    if (!first) throw new Error("The stream is empty: it ended before its first element");
    if (!(plan.batchSize > 0)) {
      plan.batchSize = first.batch ? first.rows.rows : ROWS;
      plan.stages = plan.stagesFor(plan.batchSize);
    }
    const { size } = this.#stream;
    if (size !== undefined && plan.stepsPerEpoch === Infinity) {
      const perElement = first.batch ? first.rows.rows : 1;
      // A stream of batches may end in a smaller one; where they are cut anew, that decides how many steps there are.
      if (!first.batch || perElement === plan.batchSize) this.#counted(Math.ceil((size * perElement) / (plan.batchSize * plan.accumulate)));
    }
    const all = joined(read.map((part) => part.rows));
    plan.training = all.rows > plan.sampleSize ? takeRows(all, Int32Array.from({ length: plan.sampleSize }, (_, row) => row)) : all;
    plan.trainingSample = plan.training;
    if (this.#stream.validation) plan.validation = await this.#stream.validation();
    this.#first = put(read, source);
    this.#opened = true;
  }

  /** The last of `count` steps from `step` on that belong to its epoch. */
  #last(step: number, count: number): number {
    const { stepsPerEpoch } = this.#plan;
    const { start } = this.#place(step);
    return Math.min(step + count, start + stepsPerEpoch) - 1;
  }

  #place(step: number): { epoch: number; start: number } {
    const { stepsPerEpoch } = this.#plan;
    const epoch = stepsPerEpoch === Infinity ? 0 : Math.floor(step / stepsPerEpoch);
    return { epoch, start: epoch === 0 ? 0 : epoch * stepsPerEpoch };
  }

  async #reach(first: number, count: number): Promise<void> {
    await this.#open();
    if (first >= this.#plan.steps) return;
    const last = this.#last(first, count);
    for (let step = first; step <= last; step++) {
      while (!this.#held.has(step)) if (!(await this.#read(step))) return;
    }
  }

  /** The rows of one more step on the way to `step`. @returns false where there are no more */
  async #read(step: number): Promise<boolean> {
    const plan = this.#plan;
    const { epoch, start } = this.#place(step);
    const { replays } = this.#stream;
    if (this.#pass && (this.#pass.next > step || (replays && this.#pass.epoch !== epoch))) {
      const { rows } = this.#pass;
      this.#pass = undefined;
      await rows.return?.();
    }
    const pass = (this.#pass ??= this.#begin(replays ? epoch : 0, replays ? start : 0));
    const { value, done } = await pass.rows.next();
    if (done) {
      this.#pass = undefined;
      if (plan.stepsPerEpoch === Infinity) this.#counted(pass.next);
      else if (replays) throw new Error(`The stream ended after ${pass.next - start} steps of epoch ${epoch + 1}; an epoch has ${plan.stepsPerEpoch}. It must give as much in each epoch, or stepsPerEpoch must be at most as many`);
      else throw new Error(`The stream ended after ${pass.next} steps, and the run has ${plan.steps} (${plan.epochs} epochs of ${plan.stepsPerEpoch})`);
      return false;
    }
    const at = pass.next;
    const hash = hashOfRows(value);
    if (this.#hashes[at] !== undefined && this.#hashes[at] !== hash) {
      this.#pass = undefined;
      throw new Error(`Step ${at + 1} cannot be repeated: the stream gives other samples for it than it gave before. For the same epoch it must give the same samples in the same order, whenever it is asked: shuffle with a seed and the epoch, (epoch) => …, and in tf.data with reshuffleEachIteration false`);
    }
    this.#hashes[at] = hash;
    if (at >= this.#from) this.#held.set(at, value);
    pass.next += 1;
    return true;
  }

  #begin(epoch: number, next: number): Pass {
    const { batchSize, accumulate } = this.#plan;
    const parts = epoch === 0 && this.#first ? this.#first : this.#stream.open(epoch);
    this.#first = undefined;
    return { epoch, next, rows: recut(parts, batchSize * accumulate) };
  }

  #counted(steps: number): void {
    this.#plan.stepsPerEpoch = steps;
    this.#plan.steps = steps * this.#plan.epochs;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(async () => {
      if (this.#failure) {
        const { error } = this.#failure;
        this.#failure = undefined;
        throw error;
      }
      return work();
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Waits, and lets the cell be interrupted meanwhile. What is read goes on being read. */
  async #breathing(work: Promise<void>): Promise<void> {
    let settled = false;
    const done = work.finally(() => (settled = true));
    done.catch(() => undefined);
    for (;;) {
      const stop = new AbortController();
      await Promise.race([done, after(50, undefined, { signal: stop.signal }).catch(() => undefined)]);
      stop.abort();
      if (settled) return done;
      await breathe();
    }
  }
}

function allOf({ rows }: Dataset): Int32Array {
  return Int32Array.from({ length: rows }, (_, row) => row);
}

/** What was read already, and then the rest. */
async function* put(read: Part[], rest: AsyncIterator<Part>): AsyncGenerator<Part, void, void> {
  try {
    while (read.length > 0) yield read.shift()!;
    for (;;) {
      const { value, done } = await rest.next();
      if (done) return;
      yield value;
    }
  } finally {
    await rest.return?.();
  }
}
