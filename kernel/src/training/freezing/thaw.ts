/**
 * Schedules of thawing: what trains from which step on. Pure: which parts train at a step follows from the
 * step and the history up to it, so that a run can be rewound, forked and resumed under one.
 */
import { weightEntries } from "../../models";
import type { LayersModel, WeightEntry } from "../../models";
import { last, selectWeights } from "./select";
import type { Selector } from "./select";
import type { EpochRecord } from "../runs/run.types";

export interface ThawProgress {
  /** Optimizer steps taken since the schedule began. */
  step: number;
  stepsPerEpoch: number;
  /** Of the epochs that have ended since then. */
  history: readonly EpochRecord[];
  /** What `plateau` watches. */
  monitor: { name: string; better: "higher" | "lower" };
}

/**
 * Divides what trains when the run begins into parts, and says how many of them train at a step. What was
 * frozen before stays frozen.
 */
export interface ThawSchedule {
  /** In a few words, for the chart: `gradual unfreezing, a part every epoch`. */
  readonly description: string;
  /** @param trained what trains before it begins @returns the parts in the order in which they thaw */
  parts(model: LayersModel, trained: readonly WeightEntry[]): WeightEntry[][];
  /** How many parts train, from 1 on; never fewer at a later step. */
  stage(progress: ThawProgress): number;
}

/** When the next part thaws; one of these. */
export interface ThawPace {
  everyEpochs?: number;
  everySteps?: number;
  /** When the watched metric (validation loss, or what `earlyStopping.monitor` names) has not improved for so many epochs. */
  plateau?: { patience: number; minDelta?: number };
}

/**
 * Gradual unfreezing (ULMFiT, Howard and Ruder 2018): the last layer first, then the one before it, and so
 * on down to the input, one more every epoch. A normalization thaws with the layer that feeds it.
 *
 * @param options `parts`: selectors in the order in which they thaw, instead of layer by layer; what none
 *   of them names comes last
 * @example
 * const options = { epochs: 6, thaw: gradualUnfreezing({ everyEpochs: 2 }) };
 */
export function gradualUnfreezing({ parts, ...pace }: ThawPace & { parts?: readonly (Selector | readonly Selector[])[] } = {}): ThawSchedule {
  const { stage, words } = paceOf("gradualUnfreezing", Object.keys(pace).length === 0 ? { everyEpochs: 1 } : pace);
  return {
    description: `gradual unfreezing, one more part ${words}`,
    stage,
    parts(model, trained) {
      const found = parts ? selectedParts(model, trained, parts) : layerByLayer(trained);
      if (found.length < 2) throw new Error(`gradualUnfreezing has nothing to thaw: all that trains is ${namesOf(trained)}. It freezes by itself what comes later; unfreeze(model) before the run begins`);
      return found;
    },
  };
}

/**
 * Linear probe, then fine-tune (LP-FT, Kumar et al. 2022): the head alone at first, so that its random
 * beginning does not send large gradients through good features, then everything.
 *
 * @param options how long the head trains alone: `epochs`, `steps`, or until a `plateau`; `head`: what it
 *   is, the last layer with weights unless given
 * @example
 * const options = { epochs: 20, thaw: lpft({ epochs: 5 }) };
 */
export function lpft({ epochs, steps, plateau, head = last(1) }: { epochs?: number; steps?: number; plateau?: ThawPace["plateau"]; head?: Selector } = {}): ThawSchedule {
  const pace = { ...(epochs !== undefined && { everyEpochs: epochs }), ...(steps !== undefined && { everySteps: steps }), ...(plateau && { plateau }) };
  const { stage, duration } = paceOf("lpft", Object.keys(pace).length === 0 ? { everyEpochs: 1 } : pace);
  return {
    description: `the head alone ${duration}, then everything`,
    stage: (progress) => Math.min(2, stage(progress)),
    parts(model, trained) {
      const found = selectedParts(model, trained, [head]);
      if (found.length < 2) throw new Error(`lpft has nothing to thaw after the head: all that trains is ${namesOf(trained)}. It freezes by itself what comes later; unfreeze(model) before the run begins`);
      return found;
    },
  };
}

function paceOf(verb: string, pace: ThawPace): { stage: ThawSchedule["stage"]; words: string; duration: string } {
  const { everyEpochs, everySteps, plateau } = pace;
  if ([everyEpochs, everySteps, plateau].filter((each) => each !== undefined).length !== 1) throw new Error(`${verb} goes by epochs, by steps or by a plateau: give one of them`);
  for (const [name, value] of Object.entries({ epochs: everyEpochs, steps: everySteps, "plateau.patience": plateau?.patience })) {
    if (value !== undefined && (!Number.isInteger(value) || value < 1)) throw new RangeError(`${verb}: ${name} must be a whole number from 1 on; it is ${value}`);
  }
  const times = (count: number, unit: string) => (count === 1 ? `every ${unit}` : `every ${count} ${unit}s`);
  const many = (count: number, unit: string) => `for ${count} ${unit}${count === 1 ? "" : "s"}`;
  if (everyEpochs !== undefined) return { stage: ({ step, stepsPerEpoch }) => 1 + Math.floor(step / stepsPerEpoch / everyEpochs), words: times(everyEpochs, "epoch"), duration: many(everyEpochs, "epoch") };
  if (everySteps !== undefined) return { stage: ({ step }) => 1 + Math.floor(step / everySteps), words: times(everySteps, "step"), duration: many(everySteps, "step") };
  return { stage: (progress) => 1 + plateaus(progress, plateau!), words: `after ${many(plateau!.patience, "epoch").slice(4)} without progress`, duration: `until ${many(plateau!.patience, "epoch").slice(4)} bring no progress` };
}

/** How often the metric has stood still for `patience` epochs; each time the count begins anew. */
function plateaus({ history, monitor }: ThawProgress, { patience, minDelta = 0 }: NonNullable<ThawPace["plateau"]>): number {
  let best = NaN;
  let waited = 0;
  let found = 0;
  for (const { metrics } of history) {
    const value = metrics[monitor.name]!;
    const gain = Number.isNaN(best) ? Infinity : monitor.better === "lower" ? best - value : value - best;
    if (gain > minDelta) [best, waited] = [value, 0];
    else waited += 1;
    if (waited < patience) continue;
    found += 1;
    waited = 0;
  }
  return found;
}

function layerByLayer(trained: readonly WeightEntry[]): WeightEntry[][] {
  const groups: WeightEntry[][] = [];
  let layer: string | undefined;
  for (const weight of trained) {
    const { path, kind } = weight.owner;
    if (path !== layer && !(kind.includes("Normalization") && groups.length > 0)) groups.push([]);
    layer = path;
    groups.at(-1)!.push(weight);
  }
  return groups.reverse();
}

function selectedParts(model: LayersModel, trained: readonly WeightEntry[], selectors: readonly (Selector | readonly Selector[])[]): WeightEntry[][] {
  const left = new Map(trained.map((weight) => [weight.path, weight]));
  const take = (paths: readonly string[]): WeightEntry[] =>
    paths.flatMap((path) => {
      const found = left.get(path);
      left.delete(path);
      return found ?? [];
    });
  const parts = selectors.map((selector) => take(selectWeights(model, [selector].flat() as Selector[]).map(({ path }) => path)));
  return [...parts, [...left.values()]].filter((part) => part.length > 0);
}

function namesOf(weights: readonly WeightEntry[]): string {
  const names = [...new Set(weights.map(({ owner }) => owner.path))];
  return names.length === 0 ? "nothing" : names.join(", ");
}

/** Where a schedule began, and what it thaws: the paths of the weights, part by part. */
export interface Thawing {
  from: number;
  parts: readonly (readonly string[])[];
}

/** @param trained the paths of what trains now */
export function beginThawing(schedule: ThawSchedule, model: LayersModel, trained: readonly string[], step: number): Thawing {
  const open = new Set(trained);
  const parts = schedule.parts(model, weightEntries(model).filter(({ path }) => open.has(path)));
  return { from: step, parts: parts.map((part) => part.map(({ path }) => path)) };
}

/** What comes to train with the step that follows `step` steps; nothing at most steps. */
export function thawedAt(schedule: ThawSchedule, { from, parts }: Thawing, step: number, { stepsPerEpoch, history, monitor }: Omit<ThawProgress, "step">): string[] {
  const stage = (at: number) =>
    schedule.stage({ step: at - from, stepsPerEpoch, monitor, history: history.filter((record) => record.step > from && record.step <= at) });
  return parts.slice(step === from ? 0 : stage(step - 1), stage(step)).flat();
}
