import type { Tensor } from "@tensorflow/tfjs-node";
import type { WeightEntry } from "../../models";
import { l2Loss, requireTf } from "../../tensorflow";
import type { StepSettings } from "./step-settings";
import { decayOf } from "./step-gradients";

/** What an update of a weight begins from: all of it, or the same elements of each. */
export interface UpdateInput {
  weight: Tensor;
  gradient: Tensor;
  /** The optimizer's; zeros where it has never been updated. */
  slots: readonly Tensor[];
  /** How often it was updated before. */
  count: number;
  /** Of the step; the weight has a share of it. */
  learningRate: number;
}

/** One update, op by op. Decay first, then the step, as PyTorch does; constraints are the caller's. */
export function updated(entry: WeightEntry, settings: StepSettings, { weight, gradient, slots, count, learningRate }: UpdateInput): { weight: Tensor; slots: Tensor[] } {
  const tf = requireTf();
  const { rule, rateOf } = settings;
  const decay = decayOf(entry, settings);
  const rate = learningRate * rateOf(entry.path);
  const found = rule.update(gradient, slots, rule.scalars(count + 1, rate), weight);
  const decayed = decay > 0 ? tf.mul(weight, 1 - rate * decay) : weight;
  return { weight: tf.sub(decayed, found.step), slots: found.slots };
}

/** Slots of a weight that has never been updated. */
export function zeroSlots({ rule }: StepSettings, shape: readonly number[]): Tensor[] {
  const tf = requireTf();
  return rule.slots.map((slot) => tf.zeros([...(rule.slotShape?.(slot, shape) ?? shape)]));
}

/** The Euclidean norm of all gradients together. */
export function globalNorm(gradients: readonly Tensor[]): number {
  const tf = requireTf();
  const halves = gradients.map(l2Loss);
  return Math.sqrt(2 * (halves.length === 1 ? halves[0]! : tf.addN(halves)).dataSync()[0]!);
}

/** What gradients are multiplied with, so that their norm stays within the limit. */
export function clipScale({ clipNorm }: StepSettings, norm: number): number {
  return clipNorm !== undefined && norm > clipNorm ? clipNorm / norm : 1;
}
