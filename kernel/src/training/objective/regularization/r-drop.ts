import type { Tensor } from "@tensorflow/tfjs-node";
import { requireTf } from "../../../tensorflow";
import { dropoutLayers } from "../../freezing/modes";
import { atLeastZero } from "../../plan/checks";
import { meanOverOutputs } from "../losses";
import type { Regularizer } from "./regularizer";

/**
 * Two passes with different dropout shall give the same answer (R-Drop; Liang et al. 2021): the loss is the
 * mean of both, plus `strength` times the mean of the Kullback-Leibler divergences both ways.
 *
 * @param strength 1 to 5
 */
export function rDrop(strength = 1): Regularizer {
  atLeastZero("rDrop: strength", strength);
  return {
    kind: "rDrop",
    readsInputs: false,
    check(model, loss) {
      if (loss.name !== "crossentropy" && loss.name !== "binaryCrossentropy") throw new Error(`rDrop compares the probabilities of classes; the loss here is ${loss.name}`);
      if (dropoutLayers(model).length === 0) throw new Error(`rDrop wants dropout in what trains, without which both passes are the same; ${model.name} has none there. Put one before the head: replaceHead(model, { …, dropout: 0.1 })`);
    },
    term: ({ loss }) => ({
      perSample({ targets, output, loss: first, again }) {
        const tf = requireTf();
        const second = again();
        const apart = loss.name === "crossentropy" ? ofClasses(output, second) : ofLabels(output, second);
        return tf.add(tf.mul(tf.sub(loss.perSample(targets, second), first), 0.5), tf.mul(apart, strength));
      },
    }),
  };
}

/** The mean of KL(p, q) and KL(q, p): half of the sum over classes of (p - q)(log p - log q). */
function ofClasses(p: Tensor, q: Tensor): Tensor {
  const tf = requireTf();
  return tf.mul(tf.sum(tf.mul(tf.sub(tf.softmax(p), tf.softmax(q)), tf.sub(tf.logSoftmax(p), tf.logSoftmax(q))), -1), 0.5);
}

/** For yes or no the difference of the logs is that of the logits. */
function ofLabels(p: Tensor, q: Tensor): Tensor {
  const tf = requireTf();
  return tf.mul(meanOverOutputs(tf.mul(tf.sub(tf.sigmoid(p), tf.sigmoid(q)), tf.sub(p, q))), 0.5);
}
