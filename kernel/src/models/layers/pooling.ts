import { requireTf } from "../../tensorflow";
import type { LayerDefinition } from "./definition";

export interface PoolingSettings {
  /** `mean`: of the tokens that the mask lets through; `cls`: the first token. */
  mode: "mean" | "cls";
}

/** One vector a text: [batch, time, width] and a mask [batch, time] -> [batch, width]. */
export const poolingDefinition: LayerDefinition<PoolingSettings> = {
  className: "TokenPooling",
  weights: () => [],
  outputShape: (_settings, [shape]) => [shape![0]!, shape![2]!],
  compute({ mode }, [x, mask]) {
    const tf = requireTf();
    const [batch, , width] = x!.shape as [number, number, number];
    if (mode === "cls") return tf.reshape(tf.slice(x!, [0, 0, 0], [batch, 1, width]), [batch, width]);
    const tokens = tf.cast(mask!, "float32");
    // A text of padding alone counts as one token of zeros.
    const count = tf.maximum(tf.sum(tokens, 1, true), 1);
    return tf.sum(tf.mul(x!, tf.expandDims(tf.div(tokens, count), 2)), 1);
  },
};
