import type { Tensor } from "@tensorflow/tfjs-node";
import { hashTensor, requireTf, withSeededMathRandom } from "../../../tensorflow";
import { batchOf, disposeBatch, tensorsOf } from "../data";
import type { Batch } from "../data";
import type { Plan } from "../../plan/plan.types";
import { randomOf } from "./random";
import type { AugmentRandom } from "./random";

/** What a batch is to `augment`. */
export interface AugmentBatch {
  /** [rows, ...]; one for each input, where the model has several. */
  x: Tensor | Tensor[];
  /** [rows, ...], classes as one-hot rows. */
  y: Tensor;
  /** [rows], or [rows, time], where samples have weights. */
  weights?: Tensor;
}

/**
 * Changes the samples of a training batch; it takes its randomness from `random`. It gives the tensors that it changed:
 * `({ x }, random) => ({ x: x.add(random.normal(x.shape)) })`. What it leaves out stays.
 */
export type Augment = (batch: AugmentBatch, random: AugmentRandom) => Partial<AugmentBatch>;

/** Where a batch is used: everything random in it follows from this. */
export interface AugmentSite {
  seed: number;
  step: number;
  /** The micro-batch. */
  pass: number;
  /** Which augmentation, where there are several. */
  index: number;
}

/** The batch as `augment` changes it; the one given is disposed. @throws where it no longer fits the model */
export function augmented(batch: Batch, augment: Augment, site: AugmentSite): Batch {
  try {
    return applied(batch, augment, site);
  } finally {
    disposeBatch(batch);
  }
}

function applied(batch: Batch, augment: Augment, site: AugmentSite): Batch {
  const tf = requireTf();
  const given: AugmentBatch = { x: batch.inputs.length > 1 ? [...batch.inputs] : batch.inputs[0]!, y: batch.targets, ...(batch.weights && { weights: batch.weights }) };
  const made = tf.tidy(() => {
    // tfjs seeds its own random ops from Math.random; here that follows from the step, too.
    const changed = withSeededMathRandom({ seed: site.seed, site: `augment/${site.index}/${site.pass}`, step: site.step }, () => augment(given, randomOf(site)));
    if (typeof changed !== "object" || changed === null || changed instanceof Promise) throw new TypeError(`augment must give { x, y, weights }, or what it changed of them, at once; it gave ${changed instanceof Promise ? "a promise" : String(changed)}`);
    const { x = given.x, y = given.y, weights = given.weights } = changed;
    const inputs = Array.isArray(x) ? x : [x];
    const parts = [...inputs, y, ...(weights ? [weights] : [])];
    return { inputs: inputs.length, weighted: weights !== undefined, tensors: parts.map((tensor) => tensor.clone()) };
  });
  const [inputs, targets, weights] = [made.tensors.slice(0, made.inputs), made.tensors[made.inputs]!, made.tensors[made.inputs + 1]];
  const result: Batch = { ...batch, inputs, targets, ...(made.weighted ? { weights } : {}), from: undefined, rows: targets.shape[0] ?? 0 };
  const wrong = misfit(batch, result);
  if (wrong === undefined) return result;
  disposeBatch(result);
  throw new Error(`augment: ${wrong}`);
}

function misfit(before: Batch, after: Batch): string | undefined {
  if (before.inputs.length !== after.inputs.length) return `it gives ${after.inputs.length} inputs, and the model has ${before.inputs.length}`;
  const [a, b] = [tensorsOf(before), tensorsOf(after)];
  const names = [...before.inputs.map((_, index) => (before.inputs.length > 1 ? `x[${index}]` : "x")), "y", "weights"];
  for (const [index, tensor] of b.entries()) {
    const own = a[index];
    if (!own) continue;
    if (tensor.shape.join() !== own.shape.join()) return `${names[index]} was [${own.shape.join(", ")}] and is [${tensor.shape.join(", ")}] after it; it must keep its shape`;
    if (tensor.dtype !== own.dtype) return `${names[index]} was ${own.dtype} and is ${tensor.dtype} after it; give it back as it was, x.toFloat()`;
  }
  return undefined;
}

const checked = new WeakSet<Plan>();

/** Why the run's steps cannot be repeated, where they cannot: an augmentation gives something else for the same batch and the same random numbers. Looked at once. */
export function unrepeatable(plan: Pick<Plan, "augment" | "training" | "batchSize" | "seed">): string | undefined {
  if (plan.augment.length === 0 || checked.has(plan as Plan)) return undefined;
  checked.add(plan as Plan);
  const { augment, training, batchSize, seed } = plan;
  const batch = batchOf(training, Int32Array.from({ length: Math.min(training.rows, batchSize, 4) }, (_, row) => row));
  try {
    for (const [index, each] of augment.entries()) {
      const [first, second] = [0, 1].map(() => {
        const made = applied(batch, each, { seed, step: -1, pass: 0, index });
        const hash = tensorsOf(made).map(hashTensor).join();
        disposeBatch(made);
        return hash;
      });
      if (first !== second) return "augment gives something else for the same batch each time: it keeps a state or a clock of its own. Take randomness from its second argument";
    }
    return undefined;
  } finally {
    disposeBatch(batch);
  }
}
