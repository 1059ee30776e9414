import { requireTf } from "../../tensorflow";
import { share } from "../plan/checks";
import type { UpdateRule } from "./rule";

export interface LionOptions {
  /** Share of the mean in the direction of a step, beside the gradient; 0.9. */
  beta1?: number;
  /** Decay of the mean of the gradients; 0.99. */
  beta2?: number;
}

/** Chen et al. 2023: the sign of a mean of gradients. Wants a rate 3 to 10 times below Adam's. */
export function lion({ beta1 = 0.9, beta2 = 0.99 }: LionOptions = {}): UpdateRule {
  share("lion: beta1", beta1);
  share("lion: beta2", beta2);
  return {
    name: "lion",
    definition: "Keras 3.15 keras.optimizers.Lion",
    slots: ["mean"],
    defaultLearningRate: 1e-4,
    defaultWeightDecay: 0,
    scalars: (_count, learningRate) => ({ learningRate }),
    update(gradient, [mean], { learningRate }) {
      const tf = requireTf();
      const direction = tf.sign(tf.add(tf.mul(mean!, beta1), tf.mul(gradient, 1 - beta1)));
      return { step: tf.mul(direction, learningRate!), slots: [tf.add(tf.mul(mean!, beta2), tf.mul(gradient, 1 - beta2))] };
    },
  };
}
