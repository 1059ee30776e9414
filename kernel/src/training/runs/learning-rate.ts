import type { Plan } from "../plan/plan.types";
import type { EpochRecord } from "./run.types";

/** The learning rate of the step that follows `step` steps. What later epochs brought plays no part. */
export function learningRateAt({ learningRate, schedule, steps, stepsPerEpoch, monitor }: Plan, step: number, history: readonly EpochRecord[]): number {
  const factor = schedule({ step, steps, stepsPerEpoch, history: history.filter((record) => record.step <= step), monitor });
  // A rate that is no number would spoil every weight before the loss could tell.
  if (!(factor >= 0) || !Number.isFinite(learningRate * factor)) throw new RangeError(`schedule gives ${factor} at step ${step + 1} of ${steps}; it must give a number from 0 on, by which the learning rate ${learningRate} is multiplied`);
  return learningRate * factor;
}
