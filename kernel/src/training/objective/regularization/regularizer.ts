/** What a method of regularization is to a run: something added to the loss, or done to the batches. */
import type { LayersModel, Tensor, Variable } from "@tensorflow/tfjs-node";
import type { LayerVariable, WeightEntry } from "../../../models";
import type { Dataset } from "../../data/data";
import type { Loss } from "../losses";

/** For `finetune`'s `regularize`: made by the functions of `regularizers`. */
export interface Regularizer {
  readonly kind: string;
  /** `false`: its term does not look at the inputs of a pass, so that what a frozen prefix gives may take their place. */
  readonly readsInputs?: false;
  /** @throws where it does not fit the model or the loss */
  check?(model: LayersModel, loss: Loss): void;
  /** What it adds to the loss of a step. */
  term?(context: TermContext): Term;
  /** What it does to the samples of a batch, on the host. */
  stage?(context: StageContext): BatchStage;
}

export interface TermContext {
  model: LayersModel;
  loss: Loss;
  /** Every weight of the model. */
  weights: readonly WeightEntry[];
  seed: number;
  /**
   * A tensor that belongs to the run's state, by name: it is as the run began, also in a fork and where it is
   * resumed. It holds `value` at first.
   */
  keep(name: string, entry: WeightEntry, value: Tensor): LayerVariable;
  /** The same for the weights of another model, which the term made. */
  adopt(name: string, model: LayersModel): void;
}

/** Only ops of TensorFlow, so that it can be recorded. What it adds is not part of the loss that evaluations measure. */
export interface Term {
  /** Added once a step: a scalar. @param trained the weights that train in this step */
  penalty?(trained: readonly WeightEntry[]): Tensor | undefined;
  /** Added to the loss of each sample, [batch] or [batch, time]. */
  perSample?(pass: TermPass): Tensor;
  dispose?(): void;
}

/** What one pass over a batch has computed. */
export interface TermPass {
  inputs: readonly Tensor[];
  targets: Tensor;
  /** As the loss takes it: logits where the model ends in a softmax or sigmoid. */
  output: Tensor;
  /** The loss of each sample. */
  loss: Tensor;
  /** Runs the model again on the same inputs, with other dropout. */
  again(): Tensor;
}

export interface StageContext {
  model: LayersModel;
  loss: Loss;
  seed: number;
  batchSize: number;
  /** Batches a step. */
  accumulate: number;
  /** Gives samples the weights of their classes, where classes have some. */
  weigh?: ((data: Dataset) => Dataset) | undefined;
}

/** Samples in, samples out; a function of (run seed, step, micro-batch) alone. */
export type BatchStage = (batch: Dataset, at: { step: number; pass: number }) => Dataset;

export function weightOf({ variable }: WeightEntry): Variable {
  return variable.read() as Variable;
}

/** The sum of scalars; undefined where there are none. */
export function sumOf(tf: typeof import("@tensorflow/tfjs-node"), terms: readonly Tensor[]): Tensor | undefined {
  return terms.length < 2 ? terms[0] : tf.addN([...terms]);
}
