/** A training step, as a session records it: what is fed, what trains, and what is computed. */
import type { Tensor, Variable } from "@tensorflow/tfjs-node";
import { requireTf } from "../../tensorflow";
import type { Spec, TrainingStep, TypedArray } from "../../tensorflow/graph";
import { batchFrom, tensorsOf } from "../data/data";
import type { Batch } from "../data/data";
import type { StepSettings } from "./step-settings";
import { constraintOf, decayOf } from "./step-gradients";
import type { StepMath } from "./step-gradients";

export const specOf = ({ dtype, shape }: Tensor): Spec => ({ dtype: dtype as Spec["dtype"], shape });

/** Names the types and shapes of a batch, and the part of the model that it goes through. */
export function signatureOf(batch: Batch): string {
  return `${tensorsOf(batch).map(({ shape, dtype }) => `${dtype}[${shape.join()}]`).join(" ")}${batch.tail ? ` tail ${batch.tail.key}` : ""}`;
}

/** Names what a step depends on beside its numbers. */
export function keyOf(math: StepMath, batches: readonly Batch[]): string {
  const trained = math.trained().map(({ path }) => path);
  return [...trained, ...batches.map(signatureOf)].join("\n");
}

export function stepGraph(math: StepMath, settings: StepSettings, batches: readonly Batch[], measure = false): TrainingStep {
  const tf = requireTf();
  const trained = math.trained();
  return {
    inputs: batches.flatMap(tensorsOf).map(specOf),
    trained: trained.map((entry) => ({ name: entry.path, rate: settings.rateOf(entry.path), decay: decayOf(entry, settings), constrain: constraintOf(entry) })),
    clipNorm: settings.clipNorm,
    measure,
    gradients: (tensors, step) => {
      let at = 0;
      const given = batches.map((batch) => batchFrom(tensors.slice(at, (at += tensorsOf(batch).length)), batch));
      const { losses, tensors: gradients, statistics } = math.gradients(step, given, trained);
      // What the layers kept is let go with the recording.
      const moved = new Map([...statistics].map(([variable, value]) => [variable.read() as Variable, tf.clone(value)]));
      statistics.forEach((value) => value.dispose());
      return { loss: losses.length === 1 ? losses[0]! : tf.addN(losses), gradients, statistics: moved };
    },
  };
}

/** The values of one input at several steps, one after the other. */
export function joined(parts: readonly TypedArray[]): TypedArray {
  const [first] = parts;
  if (parts.length === 1) return first!;
  const { length } = first!;
  const made = first instanceof Int32Array ? new Int32Array(length * parts.length) : first instanceof Uint8Array ? new Uint8Array(length * parts.length) : new Float32Array(length * parts.length);
  parts.forEach((part, index) => made.set(part as Float32Array, index * length));
  return made;
}
