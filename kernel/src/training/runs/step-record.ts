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

/** How many steps had been taken there. @throws where it says neither a step nor an epoch */
export function stepOf(to: { step: number } | { epoch: number }, stepsPerEpoch: number): number {
  if (typeof to !== "object" || to === null || !("step" in to || "epoch" in to)) throw new TypeError(`rewind wants to know where to: rewind({ step: 10 }) or rewind({ epoch: 2 }); it got ${JSON.stringify(to) ?? "nothing"}`);
  if ("step" in to) return to.step;
  return to.epoch === 0 ? 0 : to.epoch * stepsPerEpoch;
}
