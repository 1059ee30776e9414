/** What tells before an update is written whether it stays finite. */
import type { Tensor } from "@tensorflow/tfjs-node";
import { requireTf } from "../load";
import { l2Loss } from "../ops";
import type { FusedRule } from "./updates";

/** Of weights that share their scalars: half the sums of squares. */
interface Share {
  scalars: readonly Tensor[];
  weights: Tensor[];
  gradients: Tensor[];
  momentum: Tensor[];
}

/**
 * Gathers, while a step is recorded, scalars that are finite only where all new weights are: of a weight that is computed
 * before it is written the norm, of one that an op updates in place a bound from norms, which may be infinite too soon and never
 * too late.
 */
export class UpdateGate {
  readonly #rule: FusedRule | undefined;
  readonly #computed: Tensor[] = [];
  readonly #shares = new Map<number, Share>();

  /** @param rule of updates in place */
  constructor(rule: FusedRule | undefined) {
    this.#rule = rule;
  }

  computed(weight: Tensor): void {
    this.#computed.push(l2Loss(weight));
  }

  /** @param weight half the sum of its squares. @param gradient after clipping */
  inPlace(group: number, scalars: readonly Tensor[], { weight, gradient, slots }: { weight: Tensor; gradient: Tensor; slots: readonly (() => Tensor)[] }): void {
    const share = this.#shares.get(group) ?? { scalars, weights: [], gradients: [], momentum: [] };
    this.#shares.set(group, share);
    share.weights.push(weight);
    if (this.#rule?.kind !== "sgd") return;
    share.gradients.push(l2Loss(gradient));
    if (this.#rule.momentum > 0) share.momentum.push(l2Loss(slots[0]!()));
  }

  scalars(): Tensor[] {
    return [...this.#computed, ...[...this.#shares.values()].map((share) => bound(this.#rule!, share))];
  }
}

/** What no element of these weights exceeds after the update; too large by some factor. */
function bound(rule: FusedRule, { scalars: [keep, rate], weights, gradients, momentum }: Share): Tensor {
  const tf = requireTf();
  const norm = (halves: Tensor[]) => tf.mul(tf.sqrt(halves.length === 1 ? halves[0]! : tf.addN(halves)), 2);
  const kept = tf.mul(tf.abs(keep!), norm(weights));
  const step = rule.kind === "adam" ? tf.scalar(2 * adamRatio(rule)) : momentum.length === 0 ? norm(gradients) : tf.mul(2, tf.add(norm(momentum), norm(gradients)));
  return tf.add(kept, tf.mul(tf.abs(rate!), step));
}

/** The most that Adam's mean can be of the root of its square, by Cauchy and Schwarz; Infinity where nothing bounds it. */
function adamRatio({ beta1, beta2 }: FusedRule & { kind: "adam" }): number {
  return beta1 ** 2 < beta2 ? (1 - beta1) / Math.sqrt((1 - beta2) * (1 - beta1 ** 2 / beta2)) : Infinity;
}

/** Whether the bound holds for updates in place: an epsilon next to nothing lets one be 0 / 0. */
export const isBounded = (rule: FusedRule): boolean => rule.kind === "sgd" || (rule.epsilon >= 1e-12 && Number.isFinite(adamRatio(rule)));

/** The Euclidean norm of all gradients, and the gradients scaled down to `limit`. */
export function clipped(gradients: readonly Tensor[], limit: number | undefined): { norm: Tensor; scaled: readonly Tensor[]; halves: readonly Tensor[] } {
  const tf = requireTf();
  const halves = gradients.map(l2Loss);
  const norm = tf.sqrt(tf.mul(halves.length === 1 ? halves[0]! : tf.addN(halves), 2));
  if (limit === undefined) return { norm, scaled: gradients, halves };
  const scale = tf.div(limit, tf.maximum(norm, limit));
  return { norm, scaled: gradients.map((gradient) => tf.mul(gradient, scale)), halves };
}
