import type { LayersModel, SymbolicTensor } from "@tensorflow/tfjs-node";
import { requireTf, withSeededMathRandom } from "../../tensorflow";
import { createLayer } from "./definition";
import { tokenEmbeddingsDefinition } from "./embeddings";
import { encoderBlockDefinition } from "./encoder-block";
import type { Activation } from "./gelu";
import { poolingDefinition } from "./pooling";

export interface EncoderOptions {
  layers: number;
  /** Features of a token. */
  width: number;
  /** Heads of attention; `width` must be a multiple. */
  heads: number;
  /** Features inside the feed-forward part; 4 times the width. */
  feedForward?: number;
  /** How many tokens there are. */
  vocabulary: number;
  /** The longest text, in tokens; 512. */
  positions?: number;
  /** The number of the first token's position; 0 (RoBERTa: 2). */
  firstPosition?: number;
  /** Kinds of segments; 2. 0: the model has no third input. */
  types?: number;
  /** Dropout after embeddings, attention and feed-forward; 0.1. */
  dropout?: number;
  /** Dropout of the attention's weights; as `dropout`. */
  attentionDropout?: number;
  /** `gelu`. */
  activation?: Activation;
  /** Added to variances; 1e-12. */
  epsilon?: number;
  /** One vector a text, of the mean or of the first token; `none`: a vector a token, [batch, time, width]. `mean`. */
  pooling?: "mean" | "cls" | "none";
  /** Decides the first weights; 0. */
  seed?: number;
  name?: string;
}

/**
 * A transformer's encoder as BERT's (Devlin et al. 2019), in layers that train: `embeddings`,
 * `encoder/layer/0` and so on, `pooling`. Inputs: token ids, mask (1 for a token, 0 for padding) and segment types,
 * all [batch, time] and int32.
 *
 * @returns a model that gives [batch, width]; `replaceHead` puts a head on it
 * @example
 * const small = encoder({ layers: 2, width: 8, heads: 2, vocabulary: 50, seed: 1 });
 * const classifier = replaceHead(small, { classes: 3 });
 * freeze(classifier, "embeddings", "encoder/layer/0");
 * classifier.predict([tf.tensor2d([[5, 7, 0]], [1, 3], "int32"), tf.tensor2d([[1, 1, 0]], [1, 3], "int32"), tf.zeros([1, 3], "int32")]).shape; // [1, 3]
 */
export function encoder(options: EncoderOptions): LayersModel {
  const { layers, width, heads, vocabulary, seed = 0, pooling = "mean", types = 2, dropout = 0.1, epsilon = 1e-12 } = options;
  for (const [name, value] of Object.entries({ layers, width, heads, vocabulary })) if (!(Number.isInteger(value) && value >= 1)) throw new RangeError(`encoder: ${name} must be a whole number from 1 on; it is ${value}`);
  if (width % heads !== 0) throw new RangeError(`encoder: width must be a multiple of heads; ${width} features do not go into ${heads} heads of one size`);
  const tf = requireTf();
  const input = (name: string): SymbolicTensor => tf.input({ shape: [null], dtype: "int32", name });
  return withSeededMathRandom({ seed, site: "initialize", step: 0 }, () => {
    const [ids, mask] = [input("ids"), input("mask")];
    const inputs = types > 0 ? [ids, mask, input("types")] : [ids, mask];
    const { positions = 512, firstPosition = 0 } = options;
    const embeddings = createLayer(tokenEmbeddingsDefinition, "embeddings", { vocabulary, width, positions, firstPosition, types, dropout, epsilon });
    let x = embeddings.apply(types > 0 ? [ids, inputs[2]!] : ids) as SymbolicTensor;
    const { feedForward = 4 * width, attentionDropout = dropout, activation = "gelu" } = options;
    for (let index = 0; index < layers; index++) {
      const block = createLayer(encoderBlockDefinition, `encoder/layer/${index}`, { heads, feedForward, activation, epsilon, dropout, attentionDropout });
      x = block.apply([x, mask]) as SymbolicTensor;
    }
    if (pooling !== "none") x = createLayer(poolingDefinition, "pooling", { mode: pooling }).apply([x, mask]) as SymbolicTensor;
    return tf.model({ inputs, outputs: x, name: options.name ?? "encoder" });
  });
}
