/** The layers that do something else while training: normalization by the batch, and noise. */
import type { Tensor, Tensor1D } from "@tensorflow/tfjs-node";
import { requireTf, statelessNormal, statelessUniform } from "../tensorflow";
import type { RandomSite } from "../tensorflow";
import { classOf } from "./internals";
import type { Layer, LayerVariable } from "./internals";

interface BatchNormalization {
  axis: number;
  momentum: number;
  epsilon: number;
  gamma?: LayerVariable | null;
  beta?: LayerVariable | null;
  movingMean: LayerVariable;
  movingVariance: LayerVariable;
}

/**
 * Normalizes by the batch's mean and variance, as Keras 3 does: the moving averages take the biased
 * variance, `moving * momentum + batch * (1 - momentum)`. tfjs' own fails where `scale` or `center` is
 * off, and writes the averages at once, before anyone can know whether the step is sound.
 */
export function batchNormalizationTraining(layer: Layer, x: Tensor, statistics: (variable: LayerVariable, move: (average: Tensor) => Tensor) => void): Tensor {
  const tf = requireTf();
  const norm = layer as unknown as BatchNormalization;
  const axis = norm.axis < 0 ? x.rank + norm.axis : norm.axis;
  const others = x.shape.map((_, index) => index).filter((index) => index !== axis);
  const { mean, variance } = tf.moments(x, others);
  const toward = (batch: Tensor) => (average: Tensor) => tf.add(tf.mul(average, norm.momentum), tf.mul(batch, 1 - norm.momentum));
  statistics(norm.movingMean, toward(mean));
  statistics(norm.movingVariance, toward(variance));
  return normalize(norm, x, axis, mean, variance);
}

/** Normalizes by the moving averages, with gradients: tfjs' own has none where `scale` or `center` is off. */
export function batchNormalizationFrozen(layer: Layer, x: Tensor): Tensor {
  const norm = layer as unknown as BatchNormalization;
  return normalize(norm, x, norm.axis < 0 ? x.rank + norm.axis : norm.axis, norm.movingMean.read(), norm.movingVariance.read());
}

function normalize(norm: BatchNormalization, x: Tensor, axis: number, mean: Tensor, variance: Tensor): Tensor {
  const tf = requireTf();
  const gamma = norm.gamma?.read();
  const beta = norm.beta?.read();
  if (axis === x.rank - 1 && x.rank >= 2 && x.rank <= 4) {
    // The gradient of the fused op wants a scale even if it is one.
    return tf.batchNorm(x, mean as Tensor1D, variance as Tensor1D, (beta ?? tf.zerosLike(mean)) as Tensor1D, (gamma ?? tf.onesLike(mean)) as Tensor1D, norm.epsilon);
  }
  const broadcast = x.shape.map((size, index) => (index === axis ? size : 1));
  const along = (values: Tensor) => tf.reshape(values, broadcast);
  let y = tf.mul(tf.sub(x, along(mean)), tf.rsqrt(tf.add(along(variance), norm.epsilon)));
  if (gamma) y = tf.mul(y, along(gamma));
  if (beta) y = tf.add(y, along(beta));
  return y;
}

const SELU_LIMIT = -1.7580993408473766;

/** Whether the layer does nothing but disturb its input while training. */
export function isNoise(layer: Layer): boolean {
  return ["Dropout", "SpatialDropout1D", "AlphaDropout", "GaussianDropout", "GaussianNoise"].includes(classOf(layer));
}

/**
 * The noise of a dropout-like layer at a random site, or undefined where the layer is none.
 *
 * @param rate the rate in force, given the layer's own
 */
export function noise(layer: Layer, x: Tensor, site: RandomSite, rate: (own: number) => number): Tensor | undefined {
  if (!isNoise(layer)) return undefined;
  const tf = requireTf();
  const config = layer as unknown as { rate: number; stddev: number; noiseShape?: (number | null)[] | null };
  if (classOf(layer) === "GaussianNoise") return tf.add(x, tf.mul(statelessNormal(x.shape, site), config.stddev));
  const p = rate(config.rate);
  if (p <= 0) return tf.clone(x);
  switch (classOf(layer)) {
    case "GaussianDropout":
      return tf.mul(x, tf.add(tf.mul(statelessNormal(x.shape, site), Math.sqrt(p / (1 - p))), 1));
    case "AlphaDropout": {
      // Self-normalizing dropout (Klambauer et al. 2017): the dropped take SELU's limit, then mean and variance are restored.
      const kept = tf.cast(tf.greaterEqual(statelessUniform(noiseShape(config.noiseShape, x), site), p), "float32");
      const scale = ((1 - p) * (1 + p * SELU_LIMIT ** 2)) ** -0.5;
      const disturbed = tf.add(tf.mul(x, kept), tf.mul(tf.sub(1, kept), SELU_LIMIT));
      return tf.add(tf.mul(disturbed, scale), -scale * SELU_LIMIT * p);
    }
    default: {
      const shape = classOf(layer) === "SpatialDropout1D" ? [x.shape[0]!, 1, x.shape[2]!] : noiseShape(config.noiseShape, x);
      const kept = tf.cast(tf.greaterEqual(statelessUniform(shape, site), p), "float32");
      return tf.mul(x, tf.mul(kept, 1 / (1 - p)));
    }
  }
}

/** Where `shape` has a number the mask is shared along that axis. */
function noiseShape(shape: readonly (number | null)[] | null | undefined, x: Tensor): number[] {
  return x.shape.map((size, index) => shape?.[index] ?? size);
}
