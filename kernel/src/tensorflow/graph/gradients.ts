/**
 * tfjs composes the gradient of relu from six passes over the data; TensorFlow has one op for it. It is put
 * in place while a graph is recorded, and gives the same numbers; only a gradient of -0 comes out as 0.
 */
import type { Tensor } from "@tensorflow/tfjs-node";
import { executeOp } from "../ops";
import { requireTf } from "../load";

type GradientFunction = (dy: Tensor, saved: Tensor[]) => Record<string, () => Tensor>;
interface GradientConfig {
  gradFunc: GradientFunction;
}

const FUSED: Readonly<Record<string, GradientFunction>> = {
  Relu: (dy, [features]) => ({ x: () => executeOp("ReluGrad", { T: { type: "float32" } }, [dy, features!])[0]! }),
};

/** Runs `work` with the fused gradients in place of tfjs' own. */
export function withFusedGradients<T>(work: () => T): T {
  const { getGradient } = requireTf() as unknown as { getGradient(kernel: string): GradientConfig | undefined };
  const replaced: { config: GradientConfig; own: GradientFunction }[] = [];
  const plain = (dy: Tensor, saved: Tensor[]) => dy.dtype === "float32" && saved[0]?.dtype === "float32";
  for (const [kernel, replacement] of Object.entries(FUSED)) {
    const config = getGradient(kernel);
    if (!config) continue;
    const own = config.gradFunc;
    replaced.push({ config, own });
    config.gradFunc = (dy, saved) => (plain(dy, saved) ? replacement : own)(dy, saved);
  }
  try {
    return work();
  } finally {
    for (const { config, own } of replaced) config.gradFunc = own;
  }
}
