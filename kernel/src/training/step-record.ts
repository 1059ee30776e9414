/** The figures of one step: the loss of its batch, in training mode, before the update. */
export interface StepRecord {
  /** From 1. */
  step: number;
  /** From 1. */
  epoch: number;
  learningRate: number;
  loss: number;
  /** Euclidean norm of all gradients together, before clipping. */
  gradientNorm: number;
}

/** A step that was refused: its loss or a gradient is NaN or infinite. The weights are those before it. */
export class NonFiniteError extends Error {
  override readonly name = "NonFiniteError";
}
