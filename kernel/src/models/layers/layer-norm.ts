import type { Tensor } from "@tensorflow/tfjs-node";
import { requireTf } from "../../tensorflow";
import type { LayerDefinition, WeightSpec } from "./definition";

export interface LayerNormSettings {
  /** Added to the variance; BERT's is 1e-12, PyTorch's 1e-5. */
  epsilon: number;
}

/**
 * Layer normalization (Ba, Kiros and Hinton 2016) over the last axis, with a gradient of few passes.
 *
 * @param x [..., features]
 * @param gamma [features]
 * @param beta [features]
 */
export function layerNorm(x: Tensor, gamma: Tensor, beta: Tensor, epsilon: number): Tensor {
  const tf = requireTf();
  const features = x.shape.at(-1)!;
  const op = tf.customGrad((...args) => {
    const [input, scale, shift, save] = args as unknown as [Tensor, Tensor, Tensor, (tensors: Tensor[]) => void];
    const centered = tf.sub(input, tf.mean(input, -1, true));
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centered), -1, true), epsilon));
    const normal = tf.mul(centered, inverse);
    save([normal, inverse, scale]);
    return {
      value: tf.add(tf.mul(normal, scale), shift),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [unit, rate, factor] = saved as [Tensor, Tensor, Tensor];
        const dunit = tf.mul(dy, factor);
        const along = tf.mul(unit, tf.mean(tf.mul(dunit, unit), -1, true));
        const dx = tf.mul(tf.sub(tf.sub(dunit, tf.mean(dunit, -1, true)), along), rate);
        return [dx, tf.sum(tf.mul(dy, unit), 0), tf.sum(dy, 0)];
      },
    };
  });
  return tf.reshape(op(tf.reshape(x, [-1, features]), gamma, beta), x.shape);
}

export function layerNormWeights(features: number): WeightSpec[] {
  return [
    { name: "gamma", shape: [features], initial: "ones" },
    { name: "beta", shape: [features], initial: "zeros" },
  ];
}

/** [..., features] -> the same shape. */
export const layerNormDefinition: LayerDefinition<LayerNormSettings> = {
  className: "LayerNorm",
  weights: (_settings, [shape]) => layerNormWeights(shape!.at(-1)!),
  outputShape: (_settings, [shape]) => shape!,
  compute: ({ epsilon }, [x], { weight }) => layerNorm(x!, weight("gamma"), weight("beta"), epsilon),
};
