import type { Tensor } from "@tensorflow/tfjs-node";

/** A number that a step computes on the host and feeds to the update: a compiled step takes it as input. */
export type StepScalars = Readonly<Record<string, number>>;

/**
 * An optimizer as a pure rule for one weight. It holds nothing: the run keeps the slots, by weight
 * name, so that they survive every change of what is frozen.
 */
export interface UpdateRule {
  readonly name: string;
  /** Whose definition it follows, to the order of operations: `PyTorch 2.13 torch.optim.Adam`. */
  readonly definition: string;
  /** The tensors kept for each weight; they begin as zeros, of the weight's shape unless `slotShape` says otherwise. */
  readonly slots: readonly string[];
  slotShape?(slot: string, shape: readonly number[]): readonly number[];
  readonly defaultLearningRate: number;
  /** Decoupled decay that this optimizer has by default. */
  readonly defaultWeightDecay: number;
  /** Computed once a step: bias corrections and the like. `count` is how often this weight was updated, this update included. */
  scalars(count: number, learningRate: number): StepScalars;
  /** The step to subtract from the weight, and the new slots. */
  update(gradient: Tensor, slots: readonly Tensor[], scalars: StepScalars, weight: Tensor): { step: Tensor; slots: Tensor[] };
}
