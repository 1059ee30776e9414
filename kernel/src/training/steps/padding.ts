/**
 * Batches of one size: a shorter one is filled up with samples that count nothing, so that the graph recorded for the
 * others takes it too. What fills it are copies of its first sample: with zeros a layer might come to NaN, and that times
 * a weight of 0 is NaN.
 */
import { classOf } from "../../models";
import { requireTf } from "../../tensorflow";
import { disposeBatch } from "../data/data";
import type { Batch } from "../data/data";
import type { StepMath } from "./step-gradients";

/** Whether what becomes of a sample in training does not depend on those beside it, as far as the model's layers go. */
export function rowsApart(math: StepMath): boolean {
  return ![...math.trainingLayers(math.trained())].some((layer) => classOf(layer) === "BatchNormalization");
}

/** A batch of `rows` samples with weights, for the receiver to dispose. @param weighted whether a batch without weights gets some */
export function filled(batch: Batch, rows: number, weighted: boolean): Batch {
  const tf = requireTf();
  const missing = Math.max(0, rows - batch.rows);
  const result: Partial<Batch> = {};
  tf.tidy(() => {
    const order = tf.tensor1d(Int32Array.from({ length: batch.rows + missing }, (_, row) => (row < batch.rows ? row : 0)), "int32");
    const fill = (tensor: Batch["targets"]) => tf.keep(missing === 0 ? tf.clone(tensor) : tf.gather(tensor, order));
    result.inputs = batch.inputs.map(fill);
    result.targets = fill(batch.targets);
    if (!weighted && !batch.weights) return;
    const own = batch.weights ?? tf.ones([batch.rows]);
    result.weights = tf.keep(missing === 0 ? tf.clone(own) : tf.concat([own, tf.zeros([missing, ...own.shape.slice(1)])]));
  });
  return { ...batch, ...result, rows: batch.rows + missing };
}

/** Does `work` with batches made for it alone. */
export function withFilled<T>(batches: readonly (readonly Batch[])[], rows: number, work: (filledUp: Batch[][]) => T): T {
  const made = batches.map((each) => each.map((batch) => filled(batch, rows, true)));
  try {
    return work(made);
  } finally {
    made.flat().forEach(disposeBatch);
  }
}
