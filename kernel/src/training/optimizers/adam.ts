import { requireTf } from "../../tensorflow";
import { atLeastZero, share } from "../plan/checks";
import { withFusedOp } from "./fused";
import type { UpdateRule } from "./rule";

export interface AdamOptions {
  /** Decay of the mean of the gradients; 0.9. */
  beta1?: number;
  /** Decay of the mean of their squares; 0.999. */
  beta2?: number;
  /** Added to the root of the corrected second moment; 1e-8. */
  epsilon?: number;
}

/** Kingma and Ba 2015, with epsilon added after the bias correction, as PyTorch does (Keras adds it before). */
export function adam({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions = {}): UpdateRule {
  share("adam: beta1", beta1);
  share("adam: beta2", beta2);
  atLeastZero("adam: epsilon", epsilon);
  const rule: UpdateRule = {
    name: "adam",
    definition: "PyTorch 2.13 torch.optim.Adam",
    slots: ["mean", "square"],
    defaultLearningRate: 1e-3,
    defaultWeightDecay: 0,
    scalars: (count, learningRate) => ({
      rate: learningRate / (1 - beta1 ** count),
      rootCorrection: 1 / Math.sqrt(1 - beta2 ** count),
    }),
    update(gradient, [mean, square], { rate, rootCorrection }) {
      const tf = requireTf();
      const nextMean = tf.add(tf.mul(mean!, beta1), tf.mul(gradient, 1 - beta1));
      const nextSquare = tf.add(tf.mul(square!, beta2), tf.mul(tf.square(gradient), 1 - beta2));
      const root = tf.add(tf.mul(tf.sqrt(nextSquare), rootCorrection!), epsilon);
      return { step: tf.mul(tf.div(nextMean, root), rate!), slots: [nextMean, nextSquare] };
    },
  };
  return withFusedOp(rule, { kind: "adam", beta1, beta2, epsilon });
}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019). The decay is 0.01 unless
 * `weightDecay` says otherwise, and spares biases and norms.
 */
export function adamw(options: AdamOptions = {}): UpdateRule {
  return { ...adam(options), name: "adamw", definition: "PyTorch 2.13 torch.optim.AdamW", defaultWeightDecay: 1e-2 };
}
