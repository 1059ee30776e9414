import type { FinetuneOptions, Run } from "../training";

export type FindingKind =
  | "overfitting"
  | "over-confidence"
  | "learning rate too high"
  | "learning rate too low"
  | "oscillation"
  | "vanishing gradients"
  | "exploding gradients"
  | "dead units"
  | "saturated units"
  | "not finite"
  | "frozen but moving"
  | "trainable but still"
  | "updates too large"
  | "updates too small"
  | "leakage"
  | "near duplicates"
  | "wrong last layer"
  | "linear hidden layer"
  | "inputs not scaled"
  | "suspicious validation"
  | "label drift"
  | "feature drift"
  | "class imbalance";

/** One thing that goes wrong in a run. */
export interface Finding {
  kind: FindingKind;
  /** `problem`: the result suffers. `warning`: it may. */
  severity: "problem" | "warning";
  /** One sentence. */
  what: string;
  where: Place;
  /** What it was seen by. */
  evidence: Readonly<Record<string, number>>;
  /** Why that is so, in two sentences. */
  reason: string;
  /** Who found the rule. */
  source: string;
  /** By expected effect, the best first. */
  fixes: readonly Fix[];
}

export interface Place {
  /** A layer's path, or several. */
  layers?: readonly string[];
  /** First and last, from 1. */
  epochs?: readonly [first: number, last: number];
  steps?: readonly [first: number, last: number];
  /** Of the training or validation data as the run has them, from 0. */
  rows?: { of: "training" | "validation"; numbers: readonly number[] };
}

/** A change that may help. */
export interface Change {
  /** One sentence. */
  what: string;
  /** Go back there first; the place where the fault began. */
  from?: { epoch: number } | { step: number };
  /** For `run.fork`. */
  options?: FinetuneOptions;
  /** Freeze or unfreeze in the fork, by layer path. */
  freeze?: readonly string[];
  unfreeze?: readonly string[];
  /** What to type where no fork can do it: the data or the model must change. */
  instead?: string;
}

export interface Fix extends Change {
  /** The line to type. */
  code: string;
  /**
   * Takes the fix: goes back where it says so (`run` itself is rewound), forks, and freezes or unfreezes in
   * the fork. Undefined where no fork can do it.
   *
   * @returns the fork; it has not been trained further
   */
  apply?: (run: Run) => Promise<Run>;
}
