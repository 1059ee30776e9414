import type { LayersModel } from "@tensorflow/tfjs-node";
import type { FinetuneOptions } from "./options.types";
import type { Plan } from "./plan";

/** What another run of the same data needs. */
export type Replan = (model: LayersModel, changes: FinetuneOptions) => { plan: Plan; replan: Replan; sameOptimizer: boolean };

/** `: dropout 0.4, learningRate 0.001`; nothing where nothing was changed. */
export function describeChanges(changes: FinetuneOptions): string {
  const parts = Object.entries(changes).filter(([name]) => name !== "name").map(([name, value]) => `${name} ${typeof value === "object" || typeof value === "function" ? "changed" : String(value)}`);
  return parts.length === 0 ? "" : `: ${parts.join(", ")}`;
}
