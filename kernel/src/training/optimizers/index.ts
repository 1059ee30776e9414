import { adam, adamw } from "./adam";
import { lion } from "./lion";
import { rmsprop } from "./rmsprop";
import type { UpdateRule } from "./rule";
import { sgd } from "./sgd";

export { adam, adamw, lion, rmsprop, sgd };
export type { UpdateRule };
export type { AdamOptions } from "./adam";
export type { LionOptions } from "./lion";
export type { RmspropOptions } from "./rmsprop";
export type { SgdOptions } from "./sgd";
export type { StepScalars } from "./rule";

const NAMED = { adam, adamw, sgd, rmsprop, lion } as const;

export type OptimizerName = keyof typeof NAMED;

/** An optimizer by name with its usual settings, or one made by its function. */
export function optimizerOf(choice: OptimizerName | UpdateRule): UpdateRule {
  if (typeof choice === "object") return choice;
  const make = NAMED[choice];
  if (!make) throw new Error(`optimizer: "${String(choice)}" is not known; there are ${Object.keys(NAMED).join(", ")}`);
  return make();
}
