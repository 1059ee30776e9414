import type { Tensor } from "@tensorflow/tfjs-node";
import type { Batch } from "../data/data";
import type { LayerNorms } from "./instruments";

export interface StepRequest {
  /** Optimizer steps taken before this one. */
  step: number;
  learningRate: number;
  /** The micro-batches of one update; their gradients count by their rows, as if they were one batch. */
  batches: readonly Batch[];
}

export type StepResult =
  | { applied: true; loss: number; gradientNorm: number; /** Where they are measured. */ norms?: LayerNorms | undefined }
  /** Nothing has changed: the loss, or the gradient or the new value of these weights, is NaN or infinite. */
  | { applied: false; loss: number; cause: "gradient" | "update"; weights: string[] };

/** What an evaluation measures: a number a sample, for the loss and each metric. */
export interface BatchScores {
  loss: ArrayLike<number>;
  metrics: ArrayLike<number>[];
}

/**
 * Everything that decides how a run goes on, beside what follows from its seed and step. The tensors
 * are shared with the run until it moves on; `dispose` lets go of them.
 */
export interface ParameterState {
  /** Weights and moving averages, by path. */
  weights: ReadonlyMap<string, Tensor>;
  /** The optimizer's slots and how often it has updated the weight, by path. */
  slots: ReadonlyMap<string, { tensors: readonly Tensor[]; count: number }>;
  /** Bytes that only this state may be holding. */
  bytes: number;
  dispose(): void;
}

/**
 * Takes the steps of a run: op by op, or compiled. It owns the optimizer's slots, and reads at every step which weights
 * train. The model's variables have the present weights at any time, for anyone.
 */
export interface Stepper {
  step(request: StepRequest): StepResult;
  /** How many steps `steps` takes well in one call. */
  readonly most: number;
  /**
   * Takes steps in one call, at most `most`, while their batches have the same shapes.
   *
   * @returns a result for each step taken, at least one; only the first may be one that was not applied
   */
  steps(requests: readonly [StepRequest, ...StepRequest[]]): StepResult[];
  /** Computes what steps on these samples need and later ones need too, where there is such a thing. @param between called now and then; what it throws ends the work */
  prepare?(from: NonNullable<Batch["from"]>, between: (known: number, rows: number) => Promise<void>): Promise<void>;
  /** Takes over what another has prepared, for a model with the same weights. */
  share?(other: Stepper): void;
  /** In inference mode, changing nothing. */
  evaluate(batch: Batch): BatchScores;
  /** The gradients of a batch at this step, by weight path; the receiver disposes them. */
  gradients(request: StepRequest): Map<string, Tensor>;
  state(): ParameterState;
  restore(state: ParameterState): void;
  /** Lets go of the slots. The model stays. */
  dispose(): void;
}
