import type { Tensor } from "@tensorflow/tfjs-node";
import { requireTf } from "../../tensorflow";
import type { UpdateRule } from "./rule";

export interface AdafactorOptions {
  /** The second moment's decay at step t is 1 - t^beta2Decay; -0.8. */
  beta2Decay?: number;
  /** Smallest second moment, by its root; and smallest size that a weight is taken for: 1.2e-7 (float32's epsilon) and 1e-3. */
  epsilon?: readonly [moment: number, weight: number];
  /** Updates whose root mean square is larger are scaled down to it; 1. */
  clipping?: number;
}

/**
 * Shazeer and Stern 2018, as PyTorch has it: the second moment is kept as a row and a column of the last
 * two axes, so that it costs next to no memory; the step is relative to the weight's size, and the rate at
 * most 1 / sqrt(step).
 */
export function adafactor({ beta2Decay = -0.8, epsilon = [2 ** -23, 1e-3], clipping = 1 }: AdafactorOptions = {}): UpdateRule {
  const [least, smallest] = epsilon;
  const rootMeanSquare = (tensor: Tensor): Tensor => requireTf().sqrt(requireTf().mean(requireTf().square(tensor)));
  return {
    name: "adafactor",
    definition: "PyTorch 2.13 torch.optim.Adafactor",
    slots: ["row", "column"],
    slotShape: (slot, shape) => (shape.length < 2 ? (slot === "row" ? shape : []) : slot === "row" ? [...shape.slice(0, -1), 1] : [...shape.slice(0, -2), 1, shape.at(-1)!]),
    defaultLearningRate: 1e-2,
    defaultWeightDecay: 0,
    scalars: (count, learningRate) => ({ taken: count ** beta2Decay, rate: Math.min(learningRate, 1 / Math.sqrt(count)) }),
    update(gradient, [row, column], { taken, rate }, weight) {
      const tf = requireTf();
      const toward = (slot: Tensor, value: Tensor): Tensor => tf.add(slot, tf.mul(tf.sub(value, slot), taken!));
      const square = tf.square(gradient);
      const factored = gradient.rank > 1;
      const nextRow = toward(row!, factored ? tf.mean(square, -1, true) : square);
      const nextColumn = factored ? toward(column!, tf.mean(square, -2, true)) : tf.clone(column!);
      const moment = factored ? tf.div(tf.mul(nextRow, nextColumn), tf.maximum(tf.mean(nextRow, -2, true), least)) : nextRow;
      const update = tf.mul(tf.rsqrt(tf.maximum(moment, least * least)), gradient);
      const size = tf.mul(tf.maximum(rootMeanSquare(weight), smallest), rate!);
      return { step: tf.mul(update, tf.div(size, tf.maximum(tf.div(rootMeanSquare(update), clipping), 1))), slots: [nextRow, nextColumn] };
    },
  };
}
