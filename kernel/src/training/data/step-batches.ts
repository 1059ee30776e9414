import { augmented } from "./augmentation/augment";
import type { Batch, Dataset } from "./data";
import { batchOf, takeRows } from "./data";
import { epochOrder } from "./order";
import type { Plan } from "../plan/plan.types";

/** Which samples a step sees: the same ones whenever the step is taken. */
export interface StepSource {
  /** The numbers of a step's samples in the training data, where they are known beforehand. */
  rowsOf?(step: number): Int32Array;
  /** Has what is needed of the data before the first step. */
  open?(): Promise<void>;
  /** Has the samples of `count` steps from `step` on at hand, as far as its epoch goes. */
  ready?(step: number, count: number): Promise<void>;
  /** Begins with that, and does not wait. */
  prefetch?(step: number, count: number): void;
  /** The micro-batches of the update that follows `step` steps; the receiver disposes them. */
  of(step: number): Batch[];
  /** The same as one batch. */
  whole(step: number): Batch;
  /** How many steps from `step` on have batches of the same shape, up to the epoch's end. */
  alike(step: number): number;
  /** Of the step's samples, where nothing else says that they are the same. */
  hashOf?(step: number): number;
  /** Whatever went on is lost. */
  cutOff?(): void;
  close?(): void;
}

/** The rows of one update as micro-batches, with all that is done to them. */
export function microBatches(data: Dataset, step: number, plan: Plan, rows: Int32Array = Int32Array.from({ length: data.rows }, (_, row) => row)): Batch[] {
  const { batchSize } = plan;
  const made: Batch[] = [];
  for (let start = 0; start < rows.length; start += batchSize) made.push(microBatch(data, rows.subarray(start, start + batchSize), { step, pass: made.length }, plan));
  return made;
}

function microBatch(data: Dataset, rows: Int32Array, at: { step: number; pass: number }, { stages, augment, seed, stream }: Plan): Batch {
  const plain = (): Batch => {
    if (stages.length === 0) return batchOf(data, rows);
    const staged = stages.reduce((batch, stage) => stage(batch, at), takeRows(data, rows));
    return batchOf(staged, Int32Array.from({ length: staged.rows }, (_, row) => row));
  };
  const batch = augment.reduce((made, each, index) => augmented(made, each, { seed, ...at, index }), plain());
  // What was made for this step alone is not to be kept.
  return stages.length > 0 || stream ? { ...batch, from: undefined } : batch;
}

/** Of samples that are in memory: a function of the plan and the step. */
export class StepBatches implements StepSource {
  readonly #plan: Plan;
  #order: { epoch: number; rows: Int32Array } | undefined;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  of(step: number): Batch[] {
    return microBatches(this.#plan.training, step, this.#plan, this.rowsOf(step));
  }

  whole(step: number): Batch {
    return batchOf(this.#plan.training, this.rowsOf(step));
  }

  /** The numbers of its samples in the training data. */
  rowsOf(step: number): Int32Array {
    const { training, batchSize, accumulate, stepsPerEpoch, seed, shuffle } = this.#plan;
    const epoch = Math.floor(step / stepsPerEpoch);
    if (this.#order?.epoch !== epoch) this.#order = { epoch, rows: epochOrder(training.rows, epoch, seed, shuffle) };
    const first = (step % stepsPerEpoch) * batchSize * accumulate;
    return this.#order.rows.subarray(first, first + batchSize * accumulate);
  }

  alike(step: number): number {
    const { training, batchSize, accumulate, stepsPerEpoch } = this.#plan;
    return Math.floor(training.rows / (batchSize * accumulate)) - (step % stepsPerEpoch);
  }
}
