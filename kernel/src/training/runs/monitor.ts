import type { EpochRecord } from "./run.types";

export interface EarlyStopping {
  /** Epochs without improvement after which the run ends. */
  patience: number;
  /** What is watched; `val_loss` where there is validation, else `loss`. */
  monitor?: string;
  /** Smaller changes for the better count as none; 0. */
  minDelta?: number;
  /** Put the best epoch's weights back at the end, also when stopped by hand; true. */
  restoreBest?: boolean;
}

export interface Best {
  name: string;
  epoch: number;
  step: number;
  value: number;
}

/** The best epoch by one metric; of equals, the first. */
export function bestOf(history: readonly EpochRecord[], name: string, better: "lower" | "higher", minDelta = 0): Best | undefined {
  let best: Best | undefined;
  for (const { epoch, step, metrics } of history) {
    const value = metrics[name];
    if (value === undefined || !Number.isFinite(value)) continue;
    const gain = best === undefined ? Infinity : better === "lower" ? best.value - value : value - best.value;
    if (gain > minDelta) best = { name, epoch, step, value };
  }
  return best;
}

/** Whether `patience` epochs have passed without improvement. */
export function outOfPatience(history: readonly EpochRecord[], best: Best | undefined, patience: number): boolean {
  const last = history.at(-1);
  return last !== undefined && last.epoch - (best?.epoch ?? 0) >= patience;
}
