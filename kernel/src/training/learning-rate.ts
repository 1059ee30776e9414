import type { Plan } from "./plan";
import type { EpochRecord } from "./run.types";

/** The learning rate of the step that follows `step` steps. What later epochs brought plays no part. */
export function learningRateAt({ learningRate, schedule, steps, stepsPerEpoch, monitor }: Plan, step: number, history: readonly EpochRecord[]): number {
  return learningRate * schedule({ step, steps, stepsPerEpoch, history: history.filter((record) => record.step <= step), monitor });
}
