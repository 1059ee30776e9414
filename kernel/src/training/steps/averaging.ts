/** Weights averaged over the steps of a run, or between its beginning and now. */
import type { LayersModel, Tensor } from "@tensorflow/tfjs-node";
import { copyModel, weightEntries } from "../../models";
import type { LayerVariable, WeightEntry } from "../../models";
import { requireTf } from "../../tensorflow";
import { keptPath } from "./kept-state";
import type { KeptState } from "./kept-state";

interface Judged {
  /**
   * Which weights the figures of each epoch, the best epoch and the model at the end are of: the averaged ones
   * (the default), or those that train, and then `run.averaged()` gives the others.
   */
  evaluate?: "averaged" | "raw";
}

export type Averaging =
  /** A moving average over steps, by `decay` (0.999) a step: `average = decay * average + (1 - decay) * weight`. */
  | ({ kind: "ema"; decay?: number } & Judged)
  /** The point between the run's first weights (0) and the present ones (1) at `alpha` (0.5): WiSE-FT, Wortsman et al. 2022. */
  | ({ kind: "wise"; alpha?: number } & Judged);

/** @throws on a share that is none */
export function checkedAveraging(averaging: Averaging | undefined): Averaging | undefined {
  if (averaging === undefined) return undefined;
  if (averaging.kind !== "ema" && averaging.kind !== "wise") throw new Error(`averaging.kind must be "ema" or "wise"; it is ${JSON.stringify((averaging as { kind: unknown }).kind)}`);
  const [name, value] = averaging.kind === "ema" ? ["decay", averaging.decay ?? 0.999] : ["alpha", averaging.alpha ?? 0.5];
  if (!(value >= 0 && value <= 1)) throw new RangeError(`averaging.${name} lies between 0 and 1; it is ${value}`);
  const { evaluate = "averaged" } = averaging;
  if (evaluate !== "averaged" && evaluate !== "raw") throw new Error(`averaging.evaluate must be "averaged" or "raw"; it is ${JSON.stringify(evaluate)}`);
  return averaging;
}

/** For the run's notes. */
export function averagingNote(averaging: Averaging): string {
  const what = averaging.kind === "ema" ? `a moving average of the weights (decay ${averaging.decay ?? 0.999})` : `weights between the first and the present ones (alpha ${averaging.alpha ?? 0.5})`;
  return (averaging.evaluate ?? "averaged") === "averaged"
    ? `${what}: measured at each epoch's end, and the model's when it ends; while it trains, the model has the raw ones`
    : `${what}: kept beside the raw weights, which are measured; run.averaged() gives a model with it`;
}

const NAMES = { ema: "average", wise: "start" } as const;

/** The part of the averages that is the run's state. */
export class Averages {
  readonly #averaging: Averaging;
  readonly #pairs: readonly { entry: WeightEntry; kept: LayerVariable }[];

  constructor(averaging: Averaging, weights: readonly WeightEntry[], kept: KeptState) {
    this.#averaging = averaging;
    const averaged = weights.filter(({ kind }) => averaging.kind === "wise" || kind !== "statistics");
    this.#pairs = averaged.map((entry) => ({ entry, kept: kept.keep(NAMES[averaging.kind], entry, entry.variable.read()) }));
  }

  /**
   * What a step adds: the weights as they are before it. So the average lacks the last step's, which reading
   * adds; an update within the step would have to wait for the optimizer's.
   */
  next(trained: readonly WeightEntry[], set: (variable: LayerVariable, value: Tensor) => void): void {
    if (this.#averaging.kind !== "ema") return;
    const tf = requireTf();
    const paths = new Set(trained.map(({ path }) => path));
    const { decay = 0.999 } = this.#averaging;
    for (const { entry, kept } of this.#pairs) if (paths.has(entry.path)) set(kept, tf.keep(tf.tidy(() => between(kept.read(), entry.variable.read(), 1 - decay))));
  }
}

/** The averaged weights of a state, by path; the receiver disposes them. */
export function averagedWeights(averaging: Averaging, weights: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const share = averaging.kind === "ema" ? 1 - (averaging.decay ?? 0.999) : (averaging.alpha ?? 0.5);
  const tf = requireTf();
  const made = new Map<string, Tensor>();
  for (const [path, weight] of weights) {
    const kept = weights.get(keptPath(NAMES[averaging.kind], path));
    if (kept) made.set(path, tf.keep(tf.tidy(() => between(kept, weight, share))));
  }
  return made;
}

/** `share` of the way from one to the other: exactly there where both are the same. */
function between(from: Tensor, to: Tensor, share: number): Tensor {
  const tf = requireTf();
  return share === 1 ? tf.clone(to) : tf.add(from, tf.mul(tf.sub(to, from), share));
}

/**
 * A model between two of the same architecture, weight by weight (WiSE-FT; Wortsman et al. 2022): often better on
 * what it was not fine-tuned on, at no cost on what it was.
 *
 * @param alpha 0 gives `before`, 1 gives `after`
 * @throws where a weight is not in both with the same shape
 * @example
 * const before = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [3] })] });
 * const after = copyModel(before);
 * const model = interpolate(before, after, 0.5);
 */
export function interpolate(before: LayersModel, after: LayersModel, alpha: number): LayersModel {
  const tf = requireTf();
  if (!(alpha >= 0 && alpha <= 1)) throw new RangeError(`interpolate: alpha lies between 0 and 1; it is ${alpha}`);
  const first = new Map(weightEntries(before).map((entry) => [entry.path, entry]));
  const others = weightEntries(after);
  const odd = others.find(({ path, shape }) => first.get(path)?.shape.join() !== shape.join());
  if (odd || others.length !== first.size) throw new Error(`interpolate wants two models with the same weights; ${odd ? `${odd.path} [${odd.shape.join(", ")}] of ${after.name} is ${first.has(odd.path) ? `[${first.get(odd.path)!.shape.join(", ")}]` : "not"} in ${before.name}` : `${before.name} has ${first.size} and ${after.name} ${others.length}`}`);
  const made = copyModel(after);
  for (const { path, variable } of weightEntries(made)) {
    tf.tidy(() => void variable.write(between(first.get(path)!.variable.read(), variable.read(), alpha)));
  }
  return made;
}
