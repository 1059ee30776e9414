import type { Tensor } from "@tensorflow/tfjs-node";
import { requireTf, statelessUniform } from "../../tensorflow";
import type { RandomSite } from "../../tensorflow";

/** Dropout (Srivastava et al. 2014) whose mask depends on (seed, step, site) alone. */
export function dropout(x: Tensor, rate: number, site: RandomSite): Tensor {
  if (rate <= 0) return x;
  const tf = requireTf();
  const kept = tf.mul(tf.cast(tf.greaterEqual(statelessUniform(x.shape, site), rate), "float32"), 1 / (1 - rate));
  return tf.mul(x, kept);
}
