import type { Batch } from "./data";
import { batchOf, takeRows } from "./data";
import { epochOrder } from "./order";
import type { Plan } from "./plan";

/** Which samples a step sees: a function of the plan and the step, so that any step can be taken again. */
export class StepBatches {
  readonly #plan: Plan;
  #order: { epoch: number; rows: Int32Array } | undefined;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  /** The micro-batches of the update that follows `step` steps; the receiver disposes them. */
  of(step: number): Batch[] {
    const { batchSize } = this.#plan;
    const rows = this.rowsOf(step);
    const made: Batch[] = [];
    for (let start = 0; start < rows.length; start += batchSize) made.push(this.#made(rows.subarray(start, start + batchSize), { step, pass: made.length }));
    return made;
  }

  #made(rows: Int32Array, at: { step: number; pass: number }): Batch {
    const { training, stages } = this.#plan;
    if (stages.length === 0) return batchOf(training, rows);
    const staged = stages.reduce((batch, stage) => stage(batch, at), takeRows(training, rows));
    // What was made for this step alone is not to be kept.
    return { ...batchOf(staged, Int32Array.from({ length: staged.rows }, (_, row) => row)), from: undefined };
  }

  /** The same as one batch. */
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

  /** How many steps from `step` on have batches of the same shape, up to the epoch's end. */
  alike(step: number): number {
    const { training, batchSize, accumulate, stepsPerEpoch } = this.#plan;
    return Math.floor(training.rows / (batchSize * accumulate)) - (step % stepsPerEpoch);
  }
}
