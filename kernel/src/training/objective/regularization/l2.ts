import { requireTf } from "../../../tensorflow";
import { atLeastZero } from "../../plan/checks";
import { sumOf, weightOf } from "./regularizer";
import type { Regularizer } from "./regularizer";

/**
 * Weight decay as part of the loss: `strength / 2` times the sum of squares of kernels and embeddings that
 * train. The optimizer sees its gradient (`weightDecay` is decoupled from it); biases and norms are spared.
 */
export function l2(strength: number): Regularizer {
  atLeastZero("l2: strength", strength);
  return {
    kind: "l2",
    readsInputs: false,
    term: () => ({
      penalty(trained) {
        const tf = requireTf();
        const decayed = trained.filter(({ kind }) => kind === "kernel" || kind === "embedding");
        return sumOf(tf, decayed.map((entry) => tf.mul(tf.sum(tf.square(weightOf(entry))), strength / 2)));
      },
    }),
  };
}
