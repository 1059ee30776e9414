import type { LayersModel } from "@tensorflow/tfjs-node";
import { checkMemory } from "../plan/memory-needs";
import { inWords } from "./option-words";
import { optimizerOf } from "../optimizers";
import type { UpdateRule } from "../optimizers";
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

/** @throws on changes that would shift the data under a run that has begun, or leave nothing to train */
export function checkFork(changes: FinetuneOptions, step: number, stepsPerEpoch: number): void {
  if (step === 0) return;
  for (const name of ["batchSize", "accumulate", "stepsPerEpoch", "loss"] as const) {
    if (changes[name] !== undefined) throw new Error(`fork({ ${name} }): it decides what a step is, and ${step} have been taken; fork before the first, after run.rewind({ step: 0 })`);
  }
  const { epochs } = changes;
  if (epochs === undefined || epochs * stepsPerEpoch > step) return;
  throw new RangeError(`fork({ epochs: ${epochs} }): epochs count from the beginning, ${epochs} are ${epochs * stepsPerEpoch} steps, and ${step} have been taken; give at least epochs: ${Math.floor(step / stepsPerEpoch) + 1}`);
}

/** What a changed optimizer keeps: what it has gathered says as much about the gradients under other settings. */
export function describeKept({ optimizer }: FinetuneOptions, { name, slots }: UpdateRule, sameOptimizer: boolean, step: number): string {
  if (optimizer === undefined || slots.length === 0 || step === 0) return "";
  return sameOptimizer ? `; what ${name} has gathered is kept` : `; ${name} begins anew`;
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
