import { requireTf } from "../../tensorflow";
import { share } from "../plan/checks";
import { withFusedOp } from "./fused";
import type { UpdateRule } from "./rule";

export interface SgdOptions {
  /** 0 unless given. */
  momentum?: number;
  nesterov?: boolean;
}

/** Stochastic gradient descent, with momentum as PyTorch has it: `v = momentum v + g`, `w -= rate v`. */
export function sgd({ momentum = 0, nesterov = false }: SgdOptions = {}): UpdateRule {
  share("sgd: momentum", momentum);
  if (nesterov && momentum === 0) throw new RangeError("sgd: nesterov looks ahead along the momentum, which is 0; give one, { momentum: 0.9, nesterov: true }");
  const rule: UpdateRule = {
    name: "sgd",
    definition: "PyTorch 2.13 torch.optim.SGD (dampening 0)",
    slots: momentum === 0 ? [] : ["momentum"],
    defaultLearningRate: 1e-2,
    defaultWeightDecay: 0,
    // PyTorch takes the first gradient whole: zeros times momentum plus the gradient is the same.
    scalars: (_count, learningRate) => ({ learningRate }),
    update(gradient, [velocity], { learningRate }) {
      const tf = requireTf();
      if (!velocity) return { step: tf.mul(gradient, learningRate!), slots: [] };
      const moved = tf.add(tf.mul(velocity, momentum), gradient);
      const direction = nesterov ? tf.add(gradient, tf.mul(moved, momentum)) : moved;
      return { step: tf.mul(direction, learningRate!), slots: [moved] };
    },
  };
  return withFusedOp(rule, { kind: "sgd", momentum, nesterov });
}
