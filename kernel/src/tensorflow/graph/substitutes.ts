/**
 * Parts of tfjs that are done in another way while a graph is recorded:
 * - the gradient of relu, which tfjs composes from six passes over the data, is TensorFlow's op for it. It gives the same
 *   numbers; only a gradient of -0 comes out as 0;
 * - `tf.gather` reads its indices to check them. TensorFlow's op checks them itself.
 */
import type { Tensor } from "@tensorflow/tfjs-node";
import { requireTf } from "../load";
import { executeOp } from "../ops";

type GradientFunction = (dy: Tensor, saved: Tensor[]) => Record<string, () => Tensor>;
type KernelFunction = (call: { inputs: Record<string, Tensor>; attrs: Record<string, number>; backend: unknown }) => Tensor;

/** tfjs-core's registries: what they give is what they hold. */
interface Registries {
  getGradient(kernel: string): { gradFunc: GradientFunction } | undefined;
  getKernel(kernel: string, backend: string): { kernelFunc: KernelFunction } | undefined;
}

const reluGradient =
  (own: GradientFunction): GradientFunction =>
  (dy, saved) => {
    const features = saved[0]!;
    if (dy.dtype !== "float32" || features.dtype !== "float32") return own(dy, saved);
    return { x: () => executeOp("ReluGrad", { T: { type: "float32" } }, [dy, features])[0]! };
  };

const gather: KernelFunction = ({ inputs, attrs }) => {
  const tf = requireTf();
  const { x, indices } = inputs as { x: Tensor; indices: Tensor };
  return tf.tidy(() => {
    const axis = tf.scalar(attrs["axis"]!, "int32");
    const types = { Tparams: { type: x.dtype }, Tindices: { type: indices.dtype }, Taxis: { type: "int32" } } as const;
    return executeOp("GatherV2", { batch_dims: { int: attrs["batchDims"] ?? 0 }, ...types }, [x, indices, axis])[0]!;
  });
};

/** Runs `work` with the substitutes in place. */
export function withSubstitutes<T>(work: () => T): T {
  const { getGradient, getKernel } = requireTf() as unknown as Registries;
  const relu = getGradient("Relu");
  const gatherKernel = getKernel("GatherV2", "tensorflow");
  const own = { gradFunc: relu?.gradFunc, kernelFunc: gatherKernel?.kernelFunc };
  if (relu) relu.gradFunc = reluGradient(relu.gradFunc);
  if (gatherKernel) gatherKernel.kernelFunc = gather;
  try {
    return work();
  } finally {
    if (relu && own.gradFunc) relu.gradFunc = own.gradFunc;
    if (gatherKernel && own.kernelFunc) gatherKernel.kernelFunc = own.kernelFunc;
  }
}
