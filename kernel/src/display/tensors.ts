/** Tensors as text: shape, dtype and a few values. Knows tfjs' tensors by their looks and loads nothing. */

import { figure } from "./words";
import { peek } from "./peek";

/** What is read of a tfjs `Tensor` or `Variable`. */
export interface TensorLike {
  shape: number[];
  dtype: string;
  size: number;
  isDisposed: boolean;
  dataSync(): ArrayLike<number | string>;
  slice(begin: number[], size: number[]): TensorLike & { dispose(): void };
}

export function isTensor(value: unknown): value is TensorLike {
  if (typeof value !== "object" || value === null) return false;
  const isMethod = (name: string): boolean => typeof peek(value, name) === "function";
  return isMethod("dataSync") && isMethod("slice") && Array.isArray(peek(value, "shape")) && typeof peek(value, "dtype") === "string" && peek(value, "dataId") !== undefined;
}

/** An axis of more than `2 * EDGE` entries shows this many at each end, where the tensor has more than `WHOLE` values. */
const EDGE = 3;
const WHOLE = 120;
/** Beyond this many values only a corner is copied out of TensorFlow's memory: 4 MB of float32. */
const COPIED = 1_000_000;

function value(dtype: string, data: ArrayLike<number | string>, at: number): string {
  if (dtype === "complex64") {
    const imaginary = data[2 * at + 1] as number;
    return `${figure(data[2 * at] as number)}${imaginary < 0 ? "-" : "+"}${figure(Math.abs(imaginary))}i`;
  }
  const one = data[at];
  if (dtype === "bool") return one ? "true" : "false";
  if (typeof one === "string") return JSON.stringify(one.length > 40 ? `${one.slice(0, 39)}…` : one);
  if (typeof one !== "number") return String(one);
  if (Number.isFinite(one)) return dtype === "int32" ? String(one) : figure(one);
  return Number.isNaN(one) ? "NaN" : one > 0 ? "Infinity" : "-Infinity";
}

function shown(length: number, whole: boolean): (number | "…")[] {
  if (whole || length <= 2 * EDGE) return Array.from({ length }, (_, index) => index);
  return [0, 1, 2, "…", length - 3, length - 2, length - 1];
}

function written(shape: readonly number[], whole: boolean, cell: (position: number[]) => string): string {
  const cells: string[] = [];
  const visit = (position: number[]): void => {
    if (position.length === shape.length) cells.push(cell(position));
    else for (const index of shown(shape[position.length] as number, whole)) if (index !== "…") visit([...position, index]);
  };
  visit([]);
  // One width for all cells, so that columns line up.
  const width = Math.max(0, ...cells.map((text) => text.length));
  let next = 0;
  const nest = (axis: number, indent: string): string => {
    if (axis === shape.length) return (cells[next++] as string).padStart(shape.length > 1 ? width : 0);
    const inner = shown(shape[axis] as number, whole).map((index) => (index === "…" ? "…" : nest(axis + 1, `${indent} `)));
    const lastAxis = axis === shape.length - 1;
    return `[${inner.join(lastAxis ? ", " : `,\n${shape.length - axis > 2 ? "\n" : ""}${indent} `)}]`;
  };
  return nest(0, "");
}

/** `Tensor float32 [2, 3]` and below it the values, as far as they fit. */
export function tensorText(tensor: TensorLike): string {
  const { shape, dtype } = tensor;
  const name = (tensor as { name?: unknown; trainable?: unknown }).trainable === undefined ? "Tensor" : "Variable";
  const head = `${name} ${dtype} ${shape.length === 0 ? "scalar" : `[${shape.join(", ")}]`}`;
  if (tensor.isDisposed) return `${head} (disposed)`;
  if (tensor.size === 0) return `${head}\n[]`;
  if (tensor.size > COPIED) {
    const corner = shape.map((size) => Math.min(size, EDGE));
    const part = tensor.slice(
      shape.map(() => 0),
      corner,
    );
    try {
      const data = part.dataSync();
      return `${head}\nbegins with\n${written(corner, true, (position) => value(dtype, data, offset(corner, position)))}`;
    } finally {
      part.dispose();
    }
  }
  const data = tensor.dataSync();
  return `${head}\n${written(shape, tensor.size <= WHOLE, (position) => value(dtype, data, offset(shape, position)))}`;
}

const offset = (shape: readonly number[], position: readonly number[]): number =>
  position.reduce((sum, index, axis) => sum * (shape[axis] as number) + index, 0);
