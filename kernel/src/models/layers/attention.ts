import type { Tensor } from "@tensorflow/tfjs-node";
import { requireTf } from "../../tensorflow";
import type { LayerDefinition, Scope } from "./definition";
import { linearWeights, project } from "./linear";

export interface AttentionSettings {
  heads: number;
  /** Dropout of the attention's weights. */
  dropout: number;
}

/** Far enough below every score that its softmax is 0, near enough that no sum overflows. */
const MASKED = -1e9;

/**
 * Multi-head self-attention (Vaswani et al. 2017): queries, keys and values of `heads` heads, the softmax of their
 * products over the tokens that the mask lets through, and the output's projection.
 *
 * @param x [batch, time, width]
 * @param mask [batch, time]: 1 for a token, 0 for padding
 * @returns [batch, time, width]
 */
export function selfAttention({ heads, dropout }: AttentionSettings, x: Tensor, mask: Tensor, scope: Scope): Tensor {
  const tf = requireTf();
  const [batch, time, width] = x.shape as [number, number, number];
  const size = width / heads;
  const split = (values: Tensor) => tf.transpose(tf.reshape(values, [batch, time, heads, size]), [0, 2, 1, 3]);
  // The scores are many more than the queries: these are scaled.
  const query = split(tf.mul(project(x, scope, "query"), 1 / Math.sqrt(size)));
  const key = split(project(x, scope, "key"));
  const value = split(project(x, scope, "value"));
  const hidden = tf.reshape(tf.mul(tf.sub(1, tf.cast(mask, "float32")), MASKED), [batch, 1, 1, time]);
  const weights = scope.dropout("dropout", tf.softmax(tf.add(tf.matMul(query, key, false, true), hidden)), dropout);
  const context = tf.reshape(tf.transpose(tf.matMul(weights, value), [0, 2, 1, 3]), [batch, time, width]);
  return project(context, scope, "output");
}

/** [batch, time, width] and a mask [batch, time] -> [batch, time, width]. */
export const selfAttentionDefinition: LayerDefinition<AttentionSettings> = {
  className: "MultiHeadSelfAttention",
  weights({ heads }, [shape]) {
    const width = shape!.at(-1)!;
    if (width % heads !== 0) throw new RangeError(`heads: ${width} features do not go into ${heads} heads of one size`);
    return ["query", "key", "value", "output"].flatMap((name) => linearWeights(name, width, width));
  },
  outputShape: (_settings, [shape]) => shape!,
  compute: (settings, [x, mask], scope) => selfAttention(settings, x!, mask!, scope),
  dropouts: ({ dropout }) => ({ dropout }),
};
