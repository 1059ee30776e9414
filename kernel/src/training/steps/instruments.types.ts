/**
 * What was measured in each layer at every step, where a run is watched (`finetune(…, { watch: true })`).
 * All norms are Euclidean, over all weights of the layer that train.
 */
export interface Instruments {
  /** Paths of the layers that have weights, from input to output: `encoder/0`, `head`. */
  readonly layers: readonly string[];
  /**
   * By layer path, a number a step, aligned with `run.steps`: of the layer's gradient before clipping. NaN where a
   * step was not measured, or nothing in the layer trained.
   */
  readonly gradientNorm: Readonly<Record<string, readonly number[]>>;
  /** Of the layer's weights before the update. */
  readonly weightNorm: Readonly<Record<string, readonly number[]>>;
  /** Of the change of the weights, new minus old: learning rate, clipping and decay included. */
  readonly updateNorm: Readonly<Record<string, readonly number[]>>;
}
