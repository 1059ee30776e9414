import type { Tensor, Variable } from "@tensorflow/tfjs-node";
import type { WeightEntry } from "../../models";
import { requireTf } from "../../tensorflow";
import type { ParameterState } from "./stepper";

export type SlotStore = Map<string, { tensors: Tensor[]; count: number }>;

/**
 * Holds on to the present weights and slots. Nothing is copied: a step makes new tensors and lets go
 * of the old ones, which live as long as a state refers to them; frozen weights cost nothing.
 */
export function captureState(weights: readonly WeightEntry[], slots: SlotStore): ParameterState {
  const tf = requireTf();
  const hold = (tensor: Tensor) => tf.keep(tf.tidy(() => tf.clone(tensor)));
  const held = new Map(weights.map(({ path, variable }) => [path, hold(variable.read())]));
  const heldSlots = new Map([...slots].map(([path, { tensors, count }]) => [path, { tensors: tensors.map(hold), count }]));
  const sizes = new Map(weights.map(({ path, size }) => [path, size]));
  return {
    weights: held,
    slots: heldSlots,
    // What has slots is what trains, and only that differs from the next state.
    bytes: [...heldSlots].reduce((sum, [path, { tensors }]) => sum + 4 * (sizes.get(path) ?? 0) * (1 + tensors.length), 0),
    dispose() {
      held.forEach((tensor) => tensor.dispose());
      heldSlots.forEach(({ tensors }) => tensors.forEach((tensor) => tensor.dispose()));
    },
  };
}

/** Puts weights and slots back, to the bit. The state stays usable. */
export function restoreState(state: ParameterState, weights: readonly WeightEntry[], slots: SlotStore): void {
  const tf = requireTf();
  restoreWeights(state.weights, weights);
  slots.forEach(({ tensors }) => tensors.forEach((tensor) => tensor.dispose()));
  slots.clear();
  state.slots.forEach(({ tensors, count }, path) => slots.set(path, { tensors: tensors.map((tensor) => tf.keep(tf.tidy(() => tf.clone(tensor)))), count }));
}

/** Past the constraints of the layers: what is put back has been through them. */
export function restoreWeights(values: ReadonlyMap<string, Tensor>, weights: readonly WeightEntry[]): void {
  for (const { path, variable } of weights) {
    const value = values.get(path);
    if (value) (variable.read() as Variable).assign(value);
  }
}
