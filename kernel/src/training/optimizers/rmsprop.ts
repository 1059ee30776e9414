import { requireTf } from "../../tensorflow";
import { atLeastZero, share } from "../plan/checks";
import type { UpdateRule } from "./rule";

export interface RmspropOptions {
  /** Decay of the mean of squares; 0.99. */
  alpha?: number;
  /** Added to the root of the mean of squares; 1e-8. */
  epsilon?: number;
  /** Of the scaled gradients; 0. */
  momentum?: number;
}

/** Tieleman and Hinton 2012, as PyTorch has it: epsilon beside the root, momentum on the scaled gradient. */
export function rmsprop({ alpha = 0.99, epsilon = 1e-8, momentum = 0 }: RmspropOptions = {}): UpdateRule {
  share("rmsprop: alpha", alpha);
  atLeastZero("rmsprop: epsilon", epsilon);
  share("rmsprop: momentum", momentum);
  return {
    name: "rmsprop",
    definition: "PyTorch 2.13 torch.optim.RMSprop",
    slots: momentum === 0 ? ["square"] : ["square", "momentum"],
    defaultLearningRate: 1e-3,
    defaultWeightDecay: 0,
    scalars: (_count, learningRate) => ({ learningRate }),
    update(gradient, [square, velocity], { learningRate }) {
      const tf = requireTf();
      const nextSquare = tf.add(tf.mul(square!, alpha), tf.mul(tf.square(gradient), 1 - alpha));
      const scaled = tf.div(gradient, tf.add(tf.sqrt(nextSquare), epsilon));
      if (!velocity) return { step: tf.mul(scaled, learningRate!), slots: [nextSquare] };
      const moved = tf.add(tf.mul(velocity, momentum), scaled);
      return { step: tf.mul(moved, learningRate!), slots: [nextSquare, moved] };
    },
  };
}
