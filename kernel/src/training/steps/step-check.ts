/**
 * Whether a compiled step does what the same step does op by op. Op by op come the loss and all gradients; of what the
 * update makes of them, a sample of every weight is computed, because to update millions of weights twice is most of
 * what a first step would cost.
 */
import type { Tensor } from "@tensorflow/tfjs-node";
import type { LayerVariable } from "../../models";
import { requireTf, scoped } from "../../tensorflow";
import type { StepSettings } from "./step-settings";
import { fusedOpOf } from "../optimizers";
import { constraintOf } from "./step-gradients";
import type { StepMath } from "./step-gradients";
import { clipScale, globalNorm, updated, zeroSlots } from "./step-update";
import type { ParameterState, StepRequest, StepResult } from "./stepper";

/** Most elements of a weight that are looked at. They are spread evenly over it. */
const SAMPLE = 1024;

/** Of each weight, in their order, what is looked at. */
type Samples = readonly ArrayLike<number | bigint>[];

export interface Expected {
  loss: number;
  /** Before clipping. */
  gradientNorm: number;
  start: Samples;
  end: Samples;
}

/** Every how-manyth element of a weight is looked at. */
export const strideOf = ({ size }: { size: number }): number => Math.ceil(size / SAMPLE);

function sampleOf(tensor: Tensor): Tensor {
  const tf = requireTf();
  const flat = tf.reshape(tensor, [tensor.size]);
  return tensor.size <= SAMPLE ? flat : tf.stridedSlice(flat, [0], [tensor.size], [strideOf(tensor)]);
}

/**
 * What a step should come to. Changes nothing.
 *
 * @param slots the optimizer's, before the step
 * @returns undefined where the loss, the gradients or the new weights are not finite
 */
export function expectedStep(math: StepMath, settings: StepSettings, { step, batches, learningRate }: StepRequest, slots: ParameterState["slots"]): Expected | undefined {
  const tf = requireTf();
  return scoped("check", () => {
    const { losses, tensors, weights, statistics } = math.gradients(step, batches);
    const end = new Map<LayerVariable, ArrayLike<number | bigint>>();
    statistics.forEach((value, variable) => {
      end.set(variable, sampleOf(value).dataSync());
      value.dispose();
    });
    const loss = losses.reduce((sum, each) => sum + each.dataSync()[0]!, 0);
    const gradientNorm = globalNorm(tensors);
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) return undefined;
    const scale = clipScale(settings, gradientNorm);
    weights.forEach((entry, index) => {
      const constrain = constraintOf(entry);
      // What a rule of another kind makes of an element may depend on the others.
      const part = fusedOpOf(settings.rule) && !constrain ? sampleOf : (tensor: Tensor) => tensor;
      const weight = part(entry.variable.read());
      const gradient = tf.mul(part(tensors[index]!), scale);
      const known = slots.get(entry.path);
      const moved = updated(entry, settings, { weight, gradient, slots: known ? known.tensors.map(part) : zeroSlots(settings, weight.shape), count: known?.count ?? 0, learningRate }).weight;
      const whole = constrain ? constrain(moved) : moved;
      end.set(entry.variable, (part === sampleOf ? whole : sampleOf(whole)).dataSync());
    });
    if (![...end.values()].every(finite)) return undefined;
    const start = math.weights.map(({ variable }) => sampleOf(variable.read()).dataSync());
    return { loss, gradientNorm, start, end: math.weights.map(({ variable }, index) => end.get(variable) ?? start[index]!) };
  });
}

/**
 * Rounding may turn the update of a weight whose gradient is next to nothing; it does not turn the update as a whole.
 *
 * @param end the weights after the compiled step
 * @returns what differs, or undefined
 */
export function differenceOf(expected: Expected, taken: StepResult & { applied: true }, end: Samples): string | undefined {
  if (apart(expected.loss, taken.loss, 1e-3)) return `its loss is ${taken.loss}, and ${expected.loss} op by op`;
  if (apart(expected.gradientNorm, taken.gradientNorm, 1e-2)) return `its gradients have the norm ${taken.gradientNorm}, and ${expected.gradientNorm} op by op`;
  const length = distance(expected.end, expected.start);
  const off = distance(expected.end, end);
  return off <= 0.5 * length + 1e-6 ? undefined : `it ends ${off} away from where it ends op by op`;
}

function finite(values: ArrayLike<number | bigint>): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(Number(values[i]))) return false;
  return true;
}

function apart(a: number, b: number, share: number): boolean {
  return !(Math.abs(a - b) <= share * Math.max(Math.abs(a), Math.abs(b)) + 1e-6);
}

function distance(a: Samples, b: Samples): number {
  let sum = 0;
  a.forEach((values, index) => {
    for (let i = 0; i < values.length; i++) sum += (Number(values[i]) - Number(b[index]![i])) ** 2;
  });
  return Math.sqrt(sum);
}
