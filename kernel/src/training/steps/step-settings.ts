import type { Averaging } from "./averaging";
import type { Loss } from "../objective/losses";
import type { Metric } from "../objective/metrics";
import type { FrozenBatchNorm } from "../freezing/modes";
import type { UpdateRule } from "../optimizers";
import type { Regularizer } from "../objective/regularization";

/** What a step does, fixed for the run. */
export interface StepSettings {
  loss: Loss;
  metrics: readonly Metric[];
  rule: UpdateRule;
  /** Decoupled decay of kernels and embeddings; biases and norms are spared. */
  weightDecay: number;
  /** The gradients together are scaled down to this norm; undefined: never. */
  clipNorm: number | undefined;
  /** The learning rate of a weight, as a multiple of the run's. */
  rateOf(path: string): number;
  dropoutRate(path: string, own: number): number;
  seed: number;
  regularizers?: readonly Regularizer[];
  averaging?: Averaging | undefined;
  frozenBatchNorm?: FrozenBatchNorm;
}
