/** Losses of models that give embeddings: what belongs together shall lie together. */
import type { Tensor } from "@tensorflow/tfjs-node";
import { requireTf, softmaxCrossEntropy } from "../../tensorflow";
import { positive } from "../plan/checks";
import type { Loss } from "./losses";

/** A loss with settings of its own, made by a function of `losses`. */
export type PairLoss = Loss & Required<Pick<Loss, "pairs">>;

/**
 * InfoNCE with the other pairs of the batch as negatives (van den Oord et al. 2018; sentence-transformers'
 * MultipleNegativesRankingLoss): among all `y` of the batch, and `negatives` where they are given, each `x` shall
 * find its own by the cosine similarity. Large batches have more to tell apart.
 *
 * @param options `temperature`: by which similarities are divided; 0.05. `symmetric`: `y` shall find its `x` too; false
 */
export function contrastive({ temperature = 0.05, symmetric = false }: { temperature?: number; symmetric?: boolean } = {}): PairLoss {
  positive("contrastive: temperature", temperature);
  const similarities = (outputs: Tensor): { forth: Tensor; back: Tensor; own: Tensor } => {
    const tf = requireTf();
    const [anchors, positives, ...negatives] = views(outputs).map(normalized) as [Tensor, Tensor, ...Tensor[]];
    const between = (a: Tensor, b: Tensor) => tf.div(tf.matMul(a, b, false, true), temperature);
    return { forth: between(anchors, tf.concat([positives, ...negatives])), back: between(positives, anchors), own: tf.range(0, anchors.shape[0]!, 1, "int32") };
  };
  return {
    name: "contrastive",
    fromLogits: false,
    targets: "values",
    pairs: { least: 2, withinBatch: true },
    perSample(_targets, outputs) {
      const tf = requireTf();
      const { forth, back, own } = similarities(outputs);
      const found = softmaxCrossEntropy(tf.oneHot(own as never, forth.shape[1]!).toFloat(), forth);
      return symmetric ? tf.div(tf.add(found, softmaxCrossEntropy(tf.oneHot(own as never, back.shape[1]!).toFloat(), back)), 2) : found;
    },
    accuracy(_targets, outputs) {
      const tf = requireTf();
      const { forth, own } = similarities(outputs);
      return tf.cast(tf.equal(tf.argMax(forth, 1), own), "float32");
    },
  };
}

/**
 * `y` shall be closer to `x` than `negatives` by a margin (Schroff et al. 2015; PyTorch's TripletMarginLoss):
 * max(0, |x - y| - |x - negative| + margin).
 *
 * @param options `margin`: 1
 */
export function triplet({ margin = 1 }: { margin?: number } = {}): PairLoss {
  positive("triplet: margin", margin);
  const distances = (outputs: Tensor): [Tensor, Tensor] => {
    const [anchor, near, far] = views(outputs) as [Tensor, Tensor, Tensor];
    return [distance(anchor, near), distance(anchor, far)];
  };
  return {
    name: "triplet",
    fromLogits: false,
    targets: "values",
    pairs: { least: 3, withinBatch: false },
    perSample(_targets, outputs) {
      const tf = requireTf();
      const [near, far] = distances(outputs);
      return tf.relu(tf.add(tf.sub(near, far), margin));
    },
    accuracy(_targets, outputs) {
      const tf = requireTf();
      const [near, far] = distances(outputs);
      return tf.cast(tf.less(near, far), "float32");
    },
  };
}

/**
 * Losses with settings, for `finetune`'s `loss`. Data are `{ x, y }`, pairs of inputs of the model, and `negatives`.
 *
 * @example
 * const model = tf.sequential({ layers: [tf.layers.dense({ units: 4, inputShape: [2] })] });
 * const run = finetune(model, { x: [[0, 1], [1, 0]], y: [[0, 2], [2, 0]] }, { loss: losses.contrastive({ temperature: 0.1 }) });
 */
export const losses = { contrastive, triplet } as const;

/** [batch, views, size] as a tensor [batch, size] a view. */
function views(outputs: Tensor): Tensor[] {
  const tf = requireTf();
  if (outputs.rank !== 3) throw new Error(`A loss of pairs wants embeddings [samples, size]; the model gives [samples, ${outputs.shape.slice(2).join(", ")}]`);
  return tf.unstack(outputs, 1);
}

function normalized(vectors: Tensor): Tensor {
  const tf = requireTf();
  return tf.mul(vectors, tf.rsqrt(tf.maximum(tf.sum(tf.square(vectors), 1, true), 1e-12)));
}

/** Euclidean, with PyTorch's epsilon on each difference, without which it has no gradient where both are the same. */
function distance(a: Tensor, b: Tensor): Tensor {
  const tf = requireTf();
  return tf.sqrt(tf.sum(tf.square(tf.add(tf.sub(a, b), 1e-6)), 1));
}
