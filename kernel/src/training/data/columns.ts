/** From what people have (tensors, arrays, frames) to columns of numbers, with every doubt spoken out. */
import type { LayersModel, SymbolicTensor, Tensor } from "@tensorflow/tfjs-node";
import type { Loss } from "../objective/losses";

type NumberArray = Float32Array | Float64Array | Int32Array | Uint32Array | Int16Array | Uint16Array | Int8Array | Uint8Array | Uint8ClampedArray;
type NestedNumbers = readonly number[] | readonly NestedNumbers[];

/**
 * Numbers for each sample: a tensor [samples, ...], nested arrays, or a flat typed array; a danfojs
 * frame or series. Flat values are cut by the model's input shape.
 */
export type Numbers = Tensor | NumberArray | NestedNumbers | readonly NumberArray[] | { readonly values: unknown };

/** One column: `rows` times `rowSize` numbers. */
export interface Column {
  values: Float32Array | Int32Array;
  rowSize: number;
  /** Of one row. */
  shape: number[];
  dtype: "float32" | "int32";
}

type Values = Float32Array | Int32Array;

interface Read {
  values: Values;
  /** Undefined for a flat array, whose rows only the model's shape tells. */
  shape: number[] | undefined;
}

export function inputColumn(numbers: Numbers, input: SymbolicTensor, what: string): Column {
  const dtype = input.dtype === "int32" ? "int32" : "float32";
  const read = readNumbers(numbers, dtype, what);
  const shape = rowShape(read, input.shape.slice(1), what);
  const rowSize = shape.reduce((product, n) => product * n, 1);
  checkFinite(read.values, rowSize, what);
  return { values: read.values, rowSize, shape, dtype };
}

/** The shape of one row, checked against what the model wants (null: any). */
function rowShape({ values, shape }: Read, wanted: readonly (number | null)[], what: string): number[] {
  const wantedText = `[samples, ${wanted.map((n) => n ?? "any").join(", ")}]`;
  const given = shape?.slice(1);
  if (given && given.length === wanted.length && wanted.every((n, axis) => n === null || n === given[axis])) return given;
  const open = wanted.filter((n) => n === null).length;
  const size = wanted.reduce<number>((product, n) => product * (n ?? 1), 1);
  const givenSize = given?.reduce((product, n) => product * n, 1);
  if (open === 0) {
    // Rows that hold the same numbers in another shape (784 for 28 x 28 x 1) are what was meant.
    if (givenSize === size) return wanted as number[];
    if (!given && values.length % size === 0) return wanted as number[];
  }
  const got = shape ? `[${shape.join(", ")}]` : `${values.length} numbers, which is no multiple of ${size}`;
  throw new Error(`${what} has ${got}; the model takes ${wantedText}${!shape && open > 0 ? "; give nested arrays or a tensor, a flat array does not say where a row ends" : ""}`);
}

function checkFinite(values: Values, rowSize: number, what: string): void {
  if (values instanceof Int32Array) return;
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at !== -1) throw new Error(`${what} holds ${values[at]} in row ${Math.floor(at / rowSize)} (number ${at % rowSize} of it); training on it would spoil every weight`);
}

/** Targets as the loss takes them: one-hot rows for classes, else numbers in the output's shape. */
export function targetColumn(numbers: Numbers, model: LayersModel, loss: Loss, rows: number, what: string, part = false): { targets: Column; classes?: Int32Array; mask?: Column } {
  const output = model.outputs[0]!.shape.slice(1);
  const read = readNumbers(numbers, "float32", what);
  // A flat array says only how many numbers there are; they must go into the rows of x.
  const fits = read.shape ? read.shape[0] === rows : read.values.length > 0 && read.values.length % rows === 0;
  if (!fits) throw new Error(`${what} has ${read.shape?.[0] ?? read.values.length} rows and x has ${rows}`);
  const perRow = read.values.length / rows;
  if (loss.targets === "classes") {
    const units = output.at(-1)!;
    if (output.length === 2) return timeSteps(read, rows, output[0]!, units, what, part);
    if (output.length !== 1) throw new Error(`${what}: classes want a model that gives [samples, classes] or [samples, time, classes]; ${model.name} gives [samples, ${output.join(", ")}]`);
    const classes = perRow === 1 ? classIndices(read.values, units, what) : undefined;
    if (!classes && perRow !== units) throw new Error(`${what} has ${perRow} numbers a row; the model tells ${units} classes apart: give a class (0 to ${units - 1}) or ${units} numbers`);
    checkFinite(read.values, perRow, what);
    const values = classes ? oneHot(classes, units) : (read.values as Float32Array);
    return { targets: { values, rowSize: units, shape: [units], dtype: "float32" }, classes: classes ?? mostLikely(values, units) };
  }
  checkFinite(read.values, perRow, what);
  if (loss.own) return ownTargets(read, output, perRow, model.name, what);
  const size = output.reduce<number>((product, n) => product * (n ?? 1), 1);
  if (perRow !== size) throw new Error(`${what} has ${perRow} numbers a row; ${model.name} gives ${size} ([samples, ${output.join(", ")}])`);
  if (loss.name === "binaryCrossentropy") {
    const bad = read.values.findIndex((value) => value < 0 || value > 1);
    if (bad !== -1) throw new RangeError(`${what} holds ${read.values[bad]} in row ${Math.floor(bad / perRow)}; binaryCrossentropy takes numbers from 0 to 1`);
  }
  return { targets: { values: read.values, rowSize: size, shape: output as number[], dtype: "float32" } };
}

/**
 * Of a loss function: numbers in the output's shape; whole numbers, one a sample, as one-hot rows where the model has a
 * unit for each; rows of another shape, which only nested arrays and tensors have, as they are.
 */
function ownTargets({ values, shape }: Read, output: readonly (number | null)[], perRow: number, name: string, what: string): { targets: Column; classes?: Int32Array } {
  const size = output.reduce<number>((product, n) => product * (n ?? 1), 1);
  const own = shape?.slice(1) ?? [];
  if (perRow === size && !output.includes(null)) return { targets: { values, rowSize: size, shape: output as number[], dtype: "float32" } };
  if (own.length > 0) return { targets: { values, rowSize: perRow, shape: own, dtype: "float32" } };
  const units = output[0]!;
  const advice = `give one-hot rows, or rows in the shape that the loss function takes ([[0], [1], …] for one number a sample)`;
  if (perRow !== 1 || output.length !== 1) throw new Error(`${what} has ${perRow} numbers a row; ${name} gives ${size} ([samples, ${output.map((n) => n ?? "any").join(", ")}]): ${advice}`);
  const bad = values.findIndex((value) => !Number.isInteger(value) || value < 0 || value >= units);
  if (bad !== -1) throw new RangeError(`${what} holds ${values[bad]} in row ${bad}, which is none of the classes 0 to ${units - 1} of ${name}: ${advice}`);
  const classes = Int32Array.from(values);
  return { targets: { values: oneHot(classes, units), rowSize: units, shape: [units], dtype: "float32" }, classes };
}

/** What PyTorch and others write where a time step has no class. */
const NO_CLASS = -100;

/** A class for each time step, [rows, time], as one-hot rows; those that have none are masked. */
function timeSteps({ values, shape }: Read, rows: number, steps: number | null, units: number, what: string, part: boolean): { targets: Column; mask?: Column } {
  const time = values.length / rows;
  if (steps !== null && steps !== time) throw new Error(`${what} has ${time} time steps and the model gives ${steps}`);
  if (shape && shape.length !== 2) throw new Error(`${what} has [${shape.join(", ")}]; give a class for each time step: [samples, time]`);
  const none = values.map((value) => Number(value === NO_CLASS)) as Values;
  const classes = classIndices(values.map((value) => (value === NO_CLASS ? 0 : value)) as Values, units, what, time);
  const targets: Column = { values: oneHot(classes, units), rowSize: time * units, shape: [time, units], dtype: "float32" };
  if (!none.includes(1)) return { targets };
  if (!none.includes(0) && !part) throw new RangeError(`${what} has no class at all, only ${NO_CLASS}`);
  return { targets, mask: { values: Float32Array.from(none, (value) => 1 - value), rowSize: time, shape: [time], dtype: "float32" } };
}

/** Weights of samples, or of their time steps: numbers from 0 on, not all 0. @param part whether there are more samples elsewhere */
export function weightColumn(numbers: Numbers, rows: number, what: string, part = false): Column {
  const { values, shape } = readNumbers(numbers, "float32", what);
  const perRow = values.length / rows;
  if (shape ? shape[0] !== rows || shape.length > 2 : values.length !== rows) {
    throw new Error(`${what} has ${shape ? `[${shape.join(", ")}]` : `${values.length} numbers`}; give one for each of the ${rows} samples${shape ? `, or [${rows}, time]` : ""}`);
  }
  const bad = values.findIndex((value) => !(value >= 0 && value < Infinity));
  if (bad !== -1) throw new RangeError(`${what} holds ${values[bad]} in row ${Math.floor(bad / perRow)}; a weight is a number from 0 on`);
  if (!part && values.every((value) => value === 0)) throw new RangeError(`${what} are all 0; nothing would be learned`);
  const own = shape?.slice(1) ?? [];
  return { values, rowSize: perRow, shape: own.length === 1 && own[0] === 1 ? [] : own, dtype: "float32" };
}

function classIndices(values: Values, classes: number, what: string, perRow = 1): Int32Array {
  const bad = values.findIndex((value) => !Number.isInteger(value) || value < 0 || value >= classes);
  if (bad !== -1) throw new RangeError(`${what} holds ${values[bad]} in row ${Math.floor(bad / perRow)}; the model tells ${classes} classes apart, 0 to ${classes - 1}`);
  return Int32Array.from(values);
}

function oneHot(classes: Int32Array, units: number): Float32Array {
  const rows = new Float32Array(classes.length * units);
  classes.forEach((value, row) => (rows[row * units + value] = 1));
  return rows;
}

function mostLikely(values: Float32Array, units: number): Int32Array {
  return Int32Array.from({ length: values.length / units }, (_, row) => {
    const own = values.subarray(row * units, (row + 1) * units);
    return own.indexOf(Math.max(...own));
  });
}

/** Whether targets look like classes: whole numbers from 0, one a row, or rows with a single one. */
export function looksLikeClasses(numbers: Numbers, units: number): boolean {
  const { values, shape } = readNumbers(numbers, "float32", "y");
  const perRow = shape ? shape.slice(1).reduce((product, n) => product * n, 1) : 1;
  if (perRow === 1) return values.every((value) => Number.isInteger(value) && value >= 0 && value < units);
  if (perRow !== units) return false;
  for (let start = 0; start < values.length; start += units) {
    const row = values.subarray(start, start + units);
    if (![...row].every((value) => value === 0 || value === 1) || [...row].reduce((sum, value) => sum + value, 0) !== 1) return false;
  }
  return true;
}

function readNumbers(numbers: Numbers, dtype: "float32" | "int32", what: string): Read {
  if (isTensor(numbers) && numbers.isDisposed) throw new Error(`${what} is a tensor [${numbers.shape.join(", ")}] that has been disposed; tf.keep it, or give it before it is`);
  if (isTensor(numbers)) return { values: typed(numbers.dataSync() as Values, dtype), shape: [...numbers.shape] };
  if (ArrayBuffer.isView(numbers)) return { values: typed(numbers as Values, dtype), shape: undefined };
  if (!Array.isArray(numbers) && typeof numbers === "object" && numbers !== null && "values" in numbers) return readNumbers(numbers.values as Numbers, dtype, what);
  if (!Array.isArray(numbers)) throw new TypeError(`${what} must be a tensor, an array, a typed array or a frame; it is ${numbers === null ? "null" : typeof numbers}`);
  const shape = nestedShape(numbers);
  const flat = new Float64Array(shape.reduce((product, n) => product * n, 1));
  let at = 0;
  const fill = (value: unknown, axis: number, row: number): void => {
    if (axis === shape.length) {
      if (typeof value !== "number" && typeof value !== "boolean") throw new TypeError(`${what} holds ${JSON.stringify(value) ?? typeof value} in row ${row}, which is no number`);
      flat[at++] = Number(value);
      return;
    }
    const list = value as ArrayLike<unknown>;
    if (typeof value !== "object" || value === null || list.length !== shape[axis]) {
      throw new Error(`${what} is ragged: row ${row} does not have the shape of row 0, [${shape.slice(1).join(", ")}]`);
    }
    for (let i = 0; i < list.length; i++) fill(list[i], axis + 1, axis === 0 ? i : row);
  };
  fill(numbers, 0, 0);
  return { values: dtype === "int32" ? Int32Array.from(flat) : Float32Array.from(flat), shape };
}

function nestedShape(value: unknown): number[] {
  if (typeof value !== "object" || value === null || !("length" in value)) return [];
  const list = value as ArrayLike<unknown>;
  return [list.length, ...(list.length > 0 ? nestedShape(list[0]) : [])];
}

function typed(values: ArrayLike<number>, dtype: "float32" | "int32"): Values {
  if (dtype === "int32") return values instanceof Int32Array ? values : Int32Array.from(values);
  return values instanceof Float32Array ? values : Float32Array.from(values);
}

function isTensor(value: unknown): value is Tensor {
  return typeof value === "object" && value !== null && "dataSync" in value && "shape" in value;
}
