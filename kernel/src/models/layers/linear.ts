import type { Tensor } from "@tensorflow/tfjs-node";
import { executeOp, requireTf } from "../../tensorflow";
import type { Scope, WeightSpec } from "./definition";

const T = { type: "float32" } as const;

function product(a: Tensor, b: Tensor, transposeA = false, transposeB = false): Tensor {
  return executeOp("MatMul", { transpose_a: { bool: transposeA }, transpose_b: { bool: transposeB }, T }, [a, b])[0]!;
}

/**
 * `x kernel + bias` by two ops, and three for its gradient; tfjs' own product is batched, between reshapes.
 *
 * @param x [..., in]
 * @param kernel [in, out]
 * @param bias [out]
 * @returns [..., out]
 */
export function linear(x: Tensor, kernel: Tensor, bias: Tensor): Tensor {
  const tf = requireTf();
  const [inner, outer] = kernel.shape as [number, number];
  const rows = tf.reshape(x, [-1, inner]);
  const op = tf.customGrad((...args) => {
    const [input, weight, shift, save] = args as unknown as [Tensor, Tensor, Tensor, (tensors: Tensor[]) => void];
    save([input, weight]);
    return {
      value: executeOp("BiasAdd", { T }, [product(input, weight), shift])[0]!,
      gradFunc: (dy: Tensor, saved: Tensor[]) => [product(dy, saved[1]!, false, true), product(saved[0]!, dy, true), executeOp("BiasAddGrad", { T }, [dy])[0]!],
    };
  });
  return tf.reshape(op(rows, kernel, bias), [...x.shape.slice(0, -1), outer]);
}

/** The weights of `linear`. */
export function linearWeights(name: string, inner: number, outer: number): WeightSpec[] {
  return [
    { name: `${name}/kernel`, shape: [inner, outer], initial: "normal" },
    { name: `${name}/bias`, shape: [outer], initial: "zeros" },
  ];
}

/** `linear` with the weights of a name. */
export function project(x: Tensor, scope: Scope, name: string): Tensor {
  return linear(x, scope.weight(`${name}/kernel`), scope.weight(`${name}/bias`));
}
