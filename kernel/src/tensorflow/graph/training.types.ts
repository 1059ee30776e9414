/** What a training session is told, and what it answers. */
import type { Scalar, Tensor, Variable } from "@tensorflow/tfjs-node";
import type { TypedArray } from "./native";
import type { Spec } from "./state";
import type { FusedRule } from "./updates";

/** An optimizer: a rule for one weight, and the op that does the same in one pass, where there is one. */
export interface GraphOptimizer {
  /** What is kept for each weight; zeros at first, of the weight's shape unless `slotShape` says otherwise. */
  readonly slots: readonly string[];
  slotShape?(slot: string, shape: readonly number[]): readonly number[];
  /** Computed on the host once a step. `count` is how often the weight was updated, this update included. */
  scalars(count: number, learningRate: number): Readonly<Record<string, number>>;
  /** Recorded, so `scalars` are tensors then: they may go into tfjs functions, not into JavaScript's arithmetic. */
  update(gradient: Tensor, slots: readonly Tensor[], scalars: Readonly<Record<string, number>>, weight: Tensor): { step: Tensor; slots: Tensor[] };
  readonly fused?: FusedRule;
}

/** A weight that a step updates. */
export interface TrainedWeight {
  name: string;
  /** Its learning rate, as a multiple of the step's. */
  rate: number;
  /** Decoupled decay of a step, as a multiple of the learning rate. */
  decay: number;
  /** What becomes of the weight after the update: recorded. */
  constrain?: ((weight: Tensor) => Tensor) | undefined;
}

export interface TrainingStep {
  /** What each step is fed. */
  inputs: readonly Spec[];
  trained: readonly TrainedWeight[];
  /** All gradients together are scaled down to this norm. */
  clipNorm?: number | undefined;
  /** Whether each step reports the norms of every weight. */
  measure?: boolean;
  /**
   * Loss and gradients of a step, from its inputs; recorded once. `step`, an int32 scalar, is how many
   * steps were taken before: the place for it is the seed of stateless random ops.
   *
   * @returns the gradients in the order of `trained`, and the new values of moving averages
   */
  gradients(inputs: readonly Tensor[], step: Scalar): { loss: Tensor; gradients: readonly Tensor[]; statistics?: ReadonlyMap<Variable, Tensor> };
}

export interface StepsFeed {
  /** For each input of the step, the values of all steps of this call, one after the other. */
  inputs: readonly TypedArray[];
  /** How many steps were taken before each step of this call. */
  steps: readonly number[];
  learningRates: readonly number[];
}

export interface StepsTaken {
  /** Fewer than asked for where a loss, a gradient or a new weight was not finite: that step and those after it changed nothing. */
  applied: number;
  loss: number[];
  /** Before clipping. */
  gradientNorm: number[];
  /** For each step taken, where they are measured. */
  squares?: WeightSquares[];
}

/** Half the sum of squares of each trained weight, in their order. */
export interface WeightSquares {
  /** Before clipping. */
  gradient: ArrayLike<number>;
  /** Before the update. */
  weight: ArrayLike<number>;
  /** The weight after the update less the one before. */
  update: ArrayLike<number>;
}

/** Weights and slots, on the host. */
export interface TrainingState {
  weights: Map<string, TypedArray>;
  slots: Map<string, { values: TypedArray[]; count: number }>;
}
