import type { LayersModel } from "@tensorflow/tfjs-node";
import { firstNotFinite } from "./activations";
import type { Batch } from "../data/data";
import type { Plan } from "../plan/plan.types";
import { NonFiniteError } from "./step-record";
import type { StepRequest, StepResult } from "../steps/stepper";

export interface Refusal {
  /** What a mark on the chart says. */
  label: string;
  error: NonFiniteError;
}

/**
 * Explains a step that was not applied: which step, epoch and batch, and where the first number that is
 * not finite came up.
 */
export function refusal(model: LayersModel, plan: Plan, { step, learningRate, batches }: StepRequest, { loss, cause, weights }: StepResult & { applied: false }): Refusal {
  const { stepsPerEpoch } = plan;
  const where = `Step ${step + 1} (epoch ${Math.floor(step / stepsPerEpoch) + 1}, batch ${(step % stepsPerEpoch) + 1}${stepsPerEpoch === Infinity ? "" : ` of ${stepsPerEpoch}`})`;
  const label = Number.isFinite(loss) ? `${cause === "update" ? "what the update makes" : "the gradient"} of ${weights.slice(0, 3).join(", ")}${weights.length > 3 ? ` and ${weights.length - 3} more` : ""} is not finite` : `the loss is ${loss}`;
  const source = Number.isFinite(loss) ? "" : ` (${sourceOf(model, plan, step, batches)})`;
  return {
    label,
    error: new NonFiniteError(`${where}: ${label}${source}. The update was not applied; the weights are those of step ${step}. Lower learningRate (it was ${learningRate}) or ${cause === "update" ? "weightDecay" : "set clipNorm"}`),
  };
}

function sourceOf(model: LayersModel, plan: Plan, step: number, batches: readonly Batch[]): string {
  for (const [pass, batch] of batches.entries()) {
    const found = firstNotFinite(model, plan.settings, step, pass, batch.inputs);
    if (found) return `the first layer whose output is not finite is ${found.layer}: ${found.count} of ${found.size} numbers`;
  }
  return "every layer's output is finite: it comes up in the loss itself";
}
