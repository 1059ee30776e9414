import { adafactor } from "./adafactor";
import { adam, adamw } from "./adam";
import { fusedOpOf } from "./fused";
import { lion } from "./lion";
import { rmsprop } from "./rmsprop";
import type { UpdateRule } from "./rule";
import { sgd } from "./sgd";

export { adam, fusedOpOf };
export type { UpdateRule };
export type { AdafactorOptions } from "./adafactor";
export type { AdamOptions } from "./adam";
export type { LionOptions } from "./lion";
export type { RmspropOptions } from "./rmsprop";
export type { SgdOptions } from "./sgd";
export type { StepScalars } from "./rule";

/**
 * Optimizers with settings of one's own, for `finetune`'s `optimizer`.
 *
 * @example
 * const options = { optimizer: optimizers.sgd({ momentum: 0.9, nesterov: true }), learningRate: 0.01 };
 */
export const optimizers = { adam, adamw, sgd, rmsprop, lion, adafactor } as const;

export type OptimizerName = keyof typeof optimizers;

/** An optimizer by name with its usual settings, or one made by its function. */
export function optimizerOf(choice: OptimizerName | UpdateRule): UpdateRule {
  if (typeof choice === "object" && choice !== null && typeof choice.update === "function") return choice;
  const make = typeof choice === "string" && Object.hasOwn(optimizers, choice) ? optimizers[choice] : undefined;
  if (!make) throw new Error(`optimizer: ${typeof choice === "function" ? "a function" : JSON.stringify(choice)} is not known; there are ${Object.keys(optimizers).join(", ")}, by name or as optimizers.adam()`);
  return make();
}
