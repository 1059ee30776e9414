import type { LayersModel } from "@tensorflow/tfjs-node";
import { checkMemory } from "../plan/memory-needs";
import { inWords } from "./option-words";
import { optimizerOf } from "../optimizers";
import type { FinetuneData, FinetuneOptions } from "../plan/options.types";
import { planOf } from "../plan/plan";
import type { Plan } from "../plan/plan.types";

/** What another run of the same data needs. */
export type Replan = (model: LayersModel, changes: FinetuneOptions) => { plan: Plan; replan: Replan; sameOptimizer: boolean };

/** What a fork may be told that changes no number of it. */
const INCONSEQUENTIAL: ReadonlySet<string> = new Set<keyof FinetuneOptions>(["name", "chart", "watch", "checkpoint", "snapshots", "memoryLimit"]);

/** `: dropout 0.4, learningRate 0.001`; nothing where nothing was changed. */
export function describeChanges(changes: FinetuneOptions): string {
  const parts = Object.entries(changes).filter(([name]) => !INCONSEQUENTIAL.has(name)).map(([name, value]) => `${name} ${inWords(value)}`);
  return parts.length === 0 ? "" : `: ${parts.join(", ")}`;
}

/** How a fork comes to its plan: the same data, split as it was, and the options with changes. Checkpoints stay with the first run. */
export function replanning(data: FinetuneData, { checkpoint: _own, ...options }: FinetuneOptions, splitSeed = options.seed): Replan {
  return (other, changes) => {
    const merged = { ...options, ...changes };
    const plan = planOf(other, data, merged, splitSeed);
    checkMemory(other, plan, merged.memoryLimit);
    const own = optimizerOf(options.optimizer ?? "adam");
    const { rule } = plan.settings;
    return { plan, replan: replanning(data, merged, splitSeed), sameOptimizer: rule.name === own.name && rule.slots.join() === own.slots.join() };
  };
}
