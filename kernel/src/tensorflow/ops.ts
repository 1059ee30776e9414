import type { DataType, Tensor, Tensor1D, Tensor2D, TensorInfo } from "@tensorflow/tfjs-node";
import { requireTf } from "./load";

/** An attribute of a TensorFlow op, as its definition names the type. */
export type OpAttribute = { type: DataType } | { int: number | number[] } | { float: number } | { bool: boolean } | { string: string };

interface RawAttribute {
  name: string;
  type: number;
  value: number | boolean | string | number[];
}

/** What tfjs-node's backend offers beyond tfjs: any op of TensorFlow by name. */
interface NodeBackend {
  binding: Record<"TF_ATTR_TYPE" | "TF_ATTR_INT" | "TF_ATTR_FLOAT" | "TF_ATTR_BOOL" | "TF_ATTR_STRING", number> & { TF_Version: string };
  getDTypeInteger(dtype: DataType): number;
  executeMultipleOutputs(name: string, attributes: RawAttribute[], inputs: TensorInfo[], outputs: number): Tensor[];
}

function backend(): NodeBackend {
  return requireTf().backend() as unknown as NodeBackend;
}

/** The version of the TensorFlow library, `2.21.0`. */
export function tensorflowVersion(): string {
  return backend().binding.TF_Version;
}

/**
 * Executes one op of TensorFlow eagerly. The result is not seen by gradients; wrap it with
 * `tf.customGrad` where they must flow.
 *
 * @example
 * const [half] = executeOp("L2Loss", { T: { type: "float32" } }, [tf.tensor1d([3, 4])]);
 * half.arraySync(); // 12.5
 */
export function executeOp(name: string, attributes: Readonly<Record<string, OpAttribute>>, inputs: readonly TensorInfo[], outputs = 1): Tensor[] {
  const { binding } = backend();
  const raw = Object.entries(attributes).map(([key, attribute]): RawAttribute => {
    if ("type" in attribute) return { name: key, type: binding.TF_ATTR_TYPE, value: backend().getDTypeInteger(attribute.type) };
    if ("int" in attribute) return { name: key, type: binding.TF_ATTR_INT, value: attribute.int };
    if ("float" in attribute) return { name: key, type: binding.TF_ATTR_FLOAT, value: attribute.float };
    if ("bool" in attribute) return { name: key, type: binding.TF_ATTR_BOOL, value: attribute.bool };
    return { name: key, type: binding.TF_ATTR_STRING, value: attribute.string };
  });
  return backend().executeMultipleOutputs(name, raw, [...inputs], outputs);
}

/**
 * Cross-entropy of each sample from logits, by TensorFlow's fused op: exact where the softmax has
 * saturated, and one op instead of seven.
 *
 * @param targets probabilities, [batch, classes]
 * @param logits [batch, classes]
 * @returns [batch]
 */
export function softmaxCrossEntropy(targets: Tensor, logits: Tensor): Tensor1D {
  const tf = requireTf();
  const fused = tf.customGrad((input, save) => {
    const [loss, gradient] = executeOp("SoftmaxCrossEntropyWithLogits", { T: { type: "float32" } }, [input as Tensor, targets], 2) as [Tensor1D, Tensor2D];
    (save as (tensors: Tensor[]) => void)([gradient]);
    return { value: loss, gradFunc: (dy: Tensor, saved: Tensor[]) => tf.mul(tf.expandDims(dy, 1), saved[0]!) };
  });
  return fused(logits) as Tensor1D;
}

/** `tf.tidy` for work that gives something else than tensors: whatever it makes and does not keep is disposed. */
export function scoped<T>(name: string, work: () => T): T {
  let result: { value: T } | undefined;
  requireTf().tidy(name, () => {
    result = { value: work() };
  });
  return result!.value;
}

/** Half the sum of squares, by one op: a scalar. */
export function l2Loss(tensor: Tensor): Tensor {
  return executeOp("L2Loss", { T: { type: "float32" } }, [tensor])[0]!;
}
