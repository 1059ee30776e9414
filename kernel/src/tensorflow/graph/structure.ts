/** Tensors in arrays and plain objects, taken out and put back. */
import type { Tensor } from "@tensorflow/tfjs-node";
import { requireTf } from "../load";

/** Where tensors were: a number stands for the tensor at that place in the list. */
export type Structure =
  | { kind: "tensor"; index: number }
  | { kind: "value"; value: unknown }
  | { kind: "array"; items: Structure[] }
  | { kind: "object"; entries: [string, Structure][] };

export function flatten(value: unknown): { tensors: Tensor[]; structure: Structure } {
  const { Tensor: TensorClass } = requireTf();
  const tensors: Tensor[] = [];
  const visit = (each: unknown): Structure => {
    if (each instanceof TensorClass) return { kind: "tensor", index: tensors.push(each) - 1 };
    if (Array.isArray(each)) return { kind: "array", items: each.map(visit) };
    if (isPlain(each)) return { kind: "object", entries: Object.entries(each).map(([key, item]) => [key, visit(item)]) };
    return { kind: "value", value: each };
  };
  return { tensors, structure: visit(value) };
}

export function rebuild(structure: Structure, tensors: readonly Tensor[]): unknown {
  switch (structure.kind) {
    case "tensor":
      return tensors[structure.index];
    case "value":
      return structure.value;
    case "array":
      return structure.items.map((item) => rebuild(item, tensors));
    case "object":
      return Object.fromEntries(structure.entries.map(([key, item]) => [key, rebuild(item, tensors)]));
  }
}

/** What a recording depends on: types, shapes, and every argument that is no tensor. */
export function signatureOf(tensors: readonly Tensor[], structure: Structure): string {
  return `${tensors.map(({ dtype, shape }) => `${dtype}[${shape.join()}]`).join(" ")}|${describe(structure)}`;
}

function describe(structure: Structure): string {
  switch (structure.kind) {
    case "tensor":
      return `t${structure.index}`;
    case "value":
      return describeValue(structure.value);
    case "array":
      return `[${structure.items.map(describe).join()}]`;
    case "object":
      return `{${structure.entries.map(([key, item]) => `${JSON.stringify(key)}:${describe(item)}`).join()}}`;
  }
}

const identities = new WeakMap<object, number>();
let identity = 0;

/** Objects that are not plain (a model, a function, a date) count by identity. */
function describeValue(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number" && Object.is(value, -0)) return "-0";
  if (typeof value !== "object" && typeof value !== "function") return `${typeof value} ${String(value)}`;
  if (value === null) return "null";
  if (!identities.has(value)) identities.set(value, ++identity);
  return `#${identities.get(value)!}`;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // A cell's objects may come from another realm, whose Object.prototype is another.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
