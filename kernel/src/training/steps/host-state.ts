/**
 * States of a run kept in memory of the host: no tensor waits there to be counted or forgotten, equal
 * weights are kept once, and what is not referred to any more is collected.
 */
import type { Tensor } from "@tensorflow/tfjs-node";
import { requireTf } from "../../tensorflow";
import type { ParameterState } from "./stepper";

export interface HostTensor {
  values: Float32Array | Int32Array | Uint8Array;
  shape: number[];
  dtype: "float32" | "int32" | "bool";
}

export interface HostState {
  weights: Map<string, HostTensor>;
  slots: Map<string, { tensors: HostTensor[]; count: number }>;
}

/** A tensor's data never changes, a weight that moves gets another: frozen weights are read once. */
const read = new WeakMap<object, HostTensor>();

export function toHost(state: Pick<ParameterState, "weights" | "slots">): HostState {
  return {
    weights: new Map([...state.weights].map(([path, tensor]) => [path, hostTensor(tensor)])),
    slots: new Map([...state.slots].map(([path, { tensors, count }]) => [path, { tensors: tensors.map(hostTensor), count }])),
  };
}

/** As tensors, which `dispose` lets go. */
export function fromHost({ weights, slots }: HostState): ParameterState {
  const tensors = new Map([...weights].map(([path, value]) => [path, deviceTensor(value)]));
  const slotTensors = new Map([...slots].map(([path, { tensors: own, count }]) => [path, { tensors: own.map(deviceTensor), count }]));
  return {
    weights: tensors,
    slots: slotTensors,
    bytes: hostBytes([{ weights, slots }]),
    dispose() {
      tensors.forEach((tensor) => tensor.dispose());
      slotTensors.forEach((slot) => slot.tensors.forEach((tensor) => tensor.dispose()));
    },
  };
}

/** Bytes of several states together; what they share counts once. */
export function hostBytes(states: readonly HostState[]): number {
  const arrays = new Set<HostTensor["values"]>();
  for (const { weights, slots } of states) {
    weights.forEach(({ values }) => arrays.add(values));
    slots.forEach(({ tensors }) => tensors.forEach(({ values }) => arrays.add(values)));
  }
  return [...arrays].reduce((sum, { byteLength }) => sum + byteLength, 0);
}

function hostTensor(tensor: Tensor): HostTensor {
  const known = read.get(tensor.dataId);
  if (known) return known;
  const made: HostTensor = { values: tensor.dataSync() as HostTensor["values"], shape: [...tensor.shape], dtype: tensor.dtype as HostTensor["dtype"] };
  read.set(tensor.dataId, made);
  return made;
}

function deviceTensor({ values, shape, dtype }: HostTensor): Tensor {
  const tf = requireTf();
  return tf.keep(tf.tensor(values, shape, dtype));
}
