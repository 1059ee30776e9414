import type { Evidence } from "./evidence/evidence.types";
import { mean, median } from "./statistics";

/** The way of the batches' loss. */
export interface Course {
  /** Steps behind it. */
  steps: number;
  /** Of the first few, before the weights had gone far: their mean, or the very first where that is less. */
  first: number;
  /** Median of the last ones. */
  last: number;
  /** The highest of them. */
  peak: number;
  /** 1: the loss has gone; 0: it is where it was; below: it rose. */
  progress: number;
}

export function courseOf({ run, steps }: Evidence): Course {
  // What was before a fork is the first run's way.
  const loss = steps.loss.slice(run.origin);
  const few = Math.max(1, Math.min(3, Math.floor(loss.length / 4)));
  const many = Math.max(1, Math.min(20, Math.floor(loss.length / 4)));
  const first = loss.length > 0 ? Math.min(loss[0]!, mean(loss.slice(0, few))) : NaN;
  const last = median(loss.slice(-many));
  return { steps: loss.length, first, last, peak: loss.reduce((a, b) => Math.max(a, b), -Infinity), progress: (first - last) / Math.max(Math.abs(first), 1e-12) };
}

/** Steps at the beginning in which the rate still rises, and at least a few: what is measured there is not yet the run. */
export function warmUpOf({ steps: { learningRate } }: Evidence): number {
  let rising = 0;
  while (rising + 1 < learningRate.length && learningRate[rising + 1]! > learningRate[rising]!) rising++;
  return Math.max(rising, Math.min(5, learningRate.length >> 2));
}

/** A layer's figures of the last steps after the warm-up, those that were measured. */
export function lately(evidence: Evidence, values: readonly number[] | undefined, most = 50): number[] {
  const from = Math.max(warmUpOf(evidence), (values?.length ?? 0) - most);
  return (values ?? []).slice(from).filter((value) => !Number.isNaN(value));
}

/** Trained layers with a kernel that were measured, from input to output, with the median norm of their gradient. */
export function measuredGradients(evidence: Evidence): { path: string; norm: number; rms: number }[] {
  const { instruments, model } = evidence;
  if (!instruments) return [];
  return model.layers.flatMap(({ path, kernel, trainable }) => {
    const norm = median(lately(evidence, instruments.gradientNorm[path]));
    return kernel && trainable > 0 && Number.isFinite(norm) ? [{ path, norm, rms: norm / Math.sqrt(trainable) }] : [];
  });
}
