/** From what a stream gives to rows in columns. */
import { createHash } from "node:crypto";
import type { LayersModel, Tensor } from "@tensorflow/tfjs-node";
import type { Column, Numbers } from "../columns";
import { datasetOf } from "../data";
import type { Dataset, Samples } from "../data";
import type { Loss } from "../../objective/losses";
import type { StreamElement } from "./stream.types";

/** Rows of one element, and whether it was a batch. @throws naming the element where it does not fit */
export function rowsOf(model: LayersModel, loss: Loss, element: unknown, what: string): { rows: Dataset; batch: boolean } {
  const { x, y, weights } = named(element, what);
  const first = model.inputs.length > 1 ? (x as readonly Numbers[])[0]! : (x as Numbers);
  const batch = isBatch(first, model.inputs[0]!.shape, y);
  const made: Tensor[] = [];
  const one = (value: Numbers | number): Numbers => {
    if (typeof value === "number" || typeof value === "boolean") return [Number(value)];
    if (isTensor(value)) {
      const row = value.reshape([1, ...value.shape]);
      made.push(row);
      return row;
    }
    // Flat numbers are cut by the model's shape.
    return ArrayBuffer.isView(value) ? value : ([value] as unknown as Numbers);
  };
  try {
    const samples: Samples = batch
      ? { x: x as Samples["x"], y: y as Numbers, ...(weights !== undefined && { weights: weights as Numbers }) }
      : { x: model.inputs.length > 1 ? (x as readonly Numbers[]).map(one) : one(x as Numbers), y: one(y!), ...(weights !== undefined && { weights: one(weights) }) };
    const rows = datasetOf(model, loss, samples, what, true);
    // A typed array may be used again for the next element.
    return { rows: copied(rows), batch };
  } finally {
    made.forEach((tensor) => tensor.dispose());
  }
}

function named(element: unknown, what: string): Pick<StreamElement, "x" | "y" | "weights"> {
  const given = Array.isArray(element) && element.length >= 2 ? { x: element[0], y: element[1] as Numbers } : (element as StreamElement | null);
  const x = given?.x ?? (given as StreamElement | null)?.xs;
  const y = given?.y ?? (given as StreamElement | null)?.ys;
  if (x === undefined || y === undefined) throw new TypeError(`${what} has no ${x === undefined ? "x" : "y"}: a stream gives { x, y }, samples or batches`);
  const weights = (given as StreamElement).weights;
  return { x: columnsToRow(x), y: columnsToRow(y) as Numbers | number, ...(weights !== undefined && { weights }) };
}

/** tf.data.csv gives a row as an object of numbers by column. */
function columnsToRow<T>(value: T): T | number[] {
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype || "values" in value) return value;
  const numbers = Object.values(value as Record<string, number>);
  return numbers.every((each) => typeof each === "number") ? numbers : value;
}

function isBatch(x: Numbers, shape: readonly (number | null)[], y: unknown): boolean {
  const row = shape.slice(1);
  if (typeof x === "number") return false;
  if (isTensor(x)) return x.shape.length > row.length;
  if (ArrayBuffer.isView(x)) return !(row.every((n) => n !== null) && (x as unknown as ArrayLike<number>).length === row.reduce<number>((product, n) => product * n!, 1)) || (typeof y !== "number" && lengthOf(y) === 1);
  return depthOf(x) > row.length;
}

function lengthOf(value: unknown): number | undefined {
  return typeof value === "object" && value !== null && "length" in value ? Number(value.length) : undefined;
}

function depthOf(value: unknown): number {
  if (isTensor(value)) return value.shape.length;
  if (ArrayBuffer.isView(value)) return 1;
  if (Array.isArray(value)) return 1 + (value.length > 0 ? depthOf(value[0]) : 0);
  return typeof value === "object" && value !== null && "values" in value ? depthOf(value.values) : 0;
}

function isTensor(value: unknown): value is Tensor {
  return typeof value === "object" && value !== null && "dataSync" in value && "shape" in value;
}

function copied({ rows, inputs, targets, weights, classes }: Dataset): Dataset {
  const copy = (column: Column): Column => ({ ...column, values: column.values.slice() });
  return { rows, inputs: inputs.map(copy), targets: copy(targets), ...(weights && { weights: copy(weights) }), ...(classes && { classes: classes.slice() }) };
}

/** The rows of all, in their order. @throws where they are of different shapes */
export function joined(parts: readonly Dataset[]): Dataset {
  const [first] = parts as readonly [Dataset];
  if (parts.length === 1) return first;
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const join = (columns: readonly Column[]): Column => {
    const [{ shape, rowSize, dtype }] = columns as readonly [Column];
    const values = dtype === "int32" ? new Int32Array(rows * rowSize) : new Float32Array(rows * rowSize);
    let at = 0;
    for (const column of columns) {
      if (column.shape.join() !== shape.join()) throw new Error(`The stream gives samples of [${shape.join(", ")}] and of [${column.shape.join(", ")}], which do not go into one batch; give batches of one shape and leave batchSize out`);
      values.set(column.values, at);
      at += column.values.length;
    }
    return { values, shape, rowSize, dtype };
  };
  const like = parts.find(({ weights }) => weights)?.weights;
  const weightsOf = ({ weights, rows: count }: Dataset): Column => weights ?? { ...like!, values: new Float32Array(count * like!.rowSize).fill(1) };
  const classes = parts.every((part) => part.classes) ? Int32Array.from(parts.flatMap((part) => [...part.classes!])) : undefined;
  return {
    rows,
    inputs: first.inputs.map((_, index) => join(parts.map((part) => part.inputs[index]!))),
    targets: join(parts.map(({ targets }) => targets)),
    ...(like && { weights: join(parts.map(weightsOf)) }),
    ...(classes && { classes }),
  };
}

/** 48 bits of a hash of all numbers, and how they lie. */
export function hashOfRows({ inputs, targets, weights }: Dataset): number {
  const hash = createHash("sha1");
  for (const { values, shape } of [...inputs, targets, ...(weights ? [weights] : [])]) {
    hash.update(`${values.constructor.name}${shape.join()}/`).update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest().readUIntBE(0, 6);
}
