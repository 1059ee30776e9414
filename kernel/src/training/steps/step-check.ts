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
import { isWeightPath } from "./kept-state";
import type { StepMath } from "./step-gradients";
import { clipScale, globalNorm, updated, zeroSlots } from "./step-update";
import type { ParameterState, StepRequest, StepResult } from "./stepper";

/** Most elements of a weight that are looked at. They are spread evenly over it. */
const SAMPLE = 1024;
/** Share of the steepest weight's gradient (root mean square) below which an element's own may be rounding alone. */
const ROUNDING = 1e-4;

/** Of each weight, in their order, what is looked at. */
type Samples = readonly ArrayLike<number | bigint>[];

export interface Expected {
  /** Of each weight: its path, and which of its elements tell something; all where it has no gradient, undefined for what is kept beside the weights. */
  told: readonly { path: string; elements: readonly boolean[] | "all" | undefined }[];
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
    const steepness = new Map<LayerVariable, Float32Array>();
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
      steepness.set(entry.variable, sampleOf(tensors[index]!).dataSync() as Float32Array);
      const known = slots.get(entry.path);
      const moved = updated(entry, settings, { weight, gradient, slots: known ? known.tensors.map(part) : zeroSlots(settings, weight.shape), count: known?.count ?? 0, learningRate }).weight;
      const whole = constrain ? constrain(moved) : moved;
      end.set(entry.variable, (part === sampleOf ? whole : sampleOf(whole)).dataSync());
    });
    if (![...end.values()].every(finite)) return undefined;
    const start = math.weights.map(({ variable }) => sampleOf(variable.read()).dataSync());
    const least = ROUNDING * Math.max(0, ...[...steepness.values()].map(rootMeanSquare));
    const told = math.weights.map(({ variable, path }) => {
      const own = steepness.get(variable);
      return { path, elements: own ? Array.from(own, (value) => Math.abs(value) > least) : isWeightPath(path) ? ("all" as const) : undefined };
    });
    return { told, loss, gradientNorm, start, end: math.weights.map(({ variable }, index) => end.get(variable) ?? start[index]!) };
  });
}

/**
 * Rounding may turn the update of an element whose gradient is next to nothing (a bias before a normalization, under
 * Adam); it does not turn the update as a whole, nor that of a weight's other elements.
 *
 * @param end the weights after the compiled step
 * @returns what differs, or undefined
 */
export function differenceOf(expected: Expected, taken: StepResult & { applied: true }, end: Samples): string | undefined {
  if (apart(expected.loss, taken.loss, 1e-3)) return `its loss is ${taken.loss}, and ${expected.loss} op by op`;
  if (apart(expected.gradientNorm, taken.gradientNorm, 1e-2)) return `its gradients have the norm ${taken.gradientNorm}, and ${expected.gradientNorm} op by op`;
  const length = distance(expected.end, expected.start);
  const off = distance(expected.end, end);
  if (!(off <= 0.5 * length + 1e-6)) return `it ends ${off} away from where it ends op by op`;
  for (const [index, { path, elements }] of expected.told.entries()) {
    if (!elements) continue;
    const of = (samples: Samples): Samples => [elements === "all" ? samples[index]! : Array.from(samples[index]!).filter((_, i) => elements[i])];
    const [begun, due, found] = [of(expected.start), of(expected.end), of(end)];
    const apart = distance(due, found);
    // Of a large weight the last digits move by themselves.
    if (!(apart <= 0.5 * distance(due, begun) + 1e-6 * (1 + norm(due)))) return `it ends ${apart} away from where it ends op by op in ${path}`;
  }
  return undefined;
}

function rootMeanSquare(values: Float32Array): number {
  return values.length === 0 ? 0 : norm([values]) / Math.sqrt(values.length);
}

function norm(samples: Samples): number {
  return distance(samples, samples.map((values) => new Float64Array(values.length)));
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
