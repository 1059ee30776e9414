/**
 * Training data as the loop wants it: columns of numbers in memory of the host, one row a sample.
 * Kept there because a row is then copied, not gathered by an op, the order needs no tensor, and
 * nothing has to be disposed.
 */
import type { LayersModel, Tensor } from "@tensorflow/tfjs-node";
import { forward } from "../models";
import type { Cut, ForwardOptions } from "../models";
import { requireTf } from "../tensorflow";
import { inputColumn, targetColumn, weightColumn, type Column, type Numbers } from "./columns";
import type { Loss } from "./losses";

export interface Samples {
  /** Inputs; an array of them for a model with several inputs. */
  x: Numbers | readonly Numbers[];
  /** Targets: classes (whole numbers from 0), one-hot rows, or numbers in the output's shape. */
  y: Numbers;
  /**
   * What each sample counts, [samples], from 0 on: the loss is the mean weighted by it, and so is every
   * figure. [samples, time] where the loss is one of each time step: 0 masks a token.
   */
  weights?: Numbers;
}

export interface TrainingData extends Samples {
  /** Held back to measure: its own samples, or the share of the training samples to split off (0 to 1). */
  validation?: Samples | readonly [x: Samples["x"], y: Numbers] | number;
}

export interface Dataset {
  rows: number;
  inputs: Column[];
  targets: Column;
  /** Sample weights; all alike where there are none. */
  weights?: Column | undefined;
  /** The class of each row, where targets are classes. */
  classes?: Int32Array;
  /** The dataset that the rows were taken from and is kept anyway, and their numbers there. */
  origin?: { data: Dataset; rows: Int32Array };
}

/** A few rows as tensors, which the receiver disposes. */
export interface Batch {
  inputs: Tensor[];
  targets: Tensor;
  /** [rows], or [rows, time]. */
  weights?: Tensor | undefined;
  rows: number;
  /** Which rows of which data these are, where they are just that. */
  from?: { data: Dataset; rows: Int32Array } | undefined;
  /** Where `inputs` are not the model's, but what the prefix of the cut model gives. */
  tail?: Cut;
}

/** All tensors of a batch in a fixed order, and back: what a graph is fed. */
export function tensorsOf({ inputs, targets, weights }: Batch): Tensor[] {
  return weights ? [...inputs, targets, weights] : [...inputs, targets];
}

/** The batch that is made up as `like` is, of other tensors. */
export function batchFrom(tensors: readonly Tensor[], like: Batch): Batch {
  const width = like.inputs.length;
  return { inputs: tensors.slice(0, width), targets: tensors[width]!, weights: like.weights && tensors[width + 1]!, rows: like.rows, ...(like.tail && { tail: like.tail }) };
}

/**
 * @param what names the data in errors: `training data`, `validation`
 * @throws on wrong shapes, unequal lengths, classes out of range, values that are not finite
 */
export function datasetOf(model: LayersModel, loss: Loss, { x, y, weights }: Samples, what: string): Dataset {
  const { inputs, rows } = inputColumns(model, x, what);
  if (rows === 0) throw new Error(`${what} is empty: x has no rows`);
  const targets = targetColumn(y, model, loss, rows, `${what}: y`);
  return { rows, inputs, ...targets, ...(weights !== undefined && { weights: weightColumn(weights, rows, `${what}: weights`) }) };
}

/** Samples without targets as tensors, all rows together, which the receiver disposes. */
export function inputTensors(model: LayersModel, x: Samples["x"], what: string): Tensor[] {
  const tf = requireTf();
  const { inputs, rows } = inputColumns(model, x, what);
  return inputs.map(({ values, shape, dtype }) => tf.tensor(values, [rows, ...shape], dtype));
}

function inputColumns(model: LayersModel, x: Samples["x"], what: string): { inputs: Column[]; rows: number } {
  const given = model.inputs.length > 1 ? (x as readonly Numbers[]) : [x as Numbers];
  if (!Array.isArray(given) || given.length !== model.inputs.length) {
    throw new Error(`${what}: ${model.name} has ${model.inputs.length} inputs, so x must be an array of as many`);
  }
  const inputs = model.inputs.map((input, index) => inputColumn(given[index]!, input, `${what}: x${given.length > 1 ? `[${index}]` : ""}`));
  const rows = inputs[0]!.values.length / inputs[0]!.rowSize;
  for (const [index, column] of inputs.entries()) {
    const own = column.values.length / column.rowSize;
    if (own !== rows) throw new Error(`${what}: x[${index}] has ${own} rows and x[0] has ${rows}`);
  }
  return { inputs, rows };
}

/** Rows by number, in the order given. */
export function batchOf(data: Dataset, rows: Int32Array): Batch {
  const tf = requireTf();
  const gather = ({ values, rowSize, shape, dtype }: Column): Tensor => {
    const made = dtype === "int32" ? new Int32Array(rows.length * rowSize) : new Float32Array(rows.length * rowSize);
    rows.forEach((row, index) => made.set(values.subarray(row * rowSize, (row + 1) * rowSize), index * rowSize));
    return tf.tensor(made, [rows.length, ...shape], dtype);
  };
  return { inputs: data.inputs.map(gather), targets: gather(data.targets), weights: data.weights && gather(data.weights), rows: rows.length, from: { data, rows } };
}

/** The model's output for a batch, whichever part of the model it goes through. */
export function outputOf(model: LayersModel, { inputs, tail: cut }: Batch, options: ForwardOptions = {}): Tensor {
  if (!cut) return forward(model, inputs, options)[0]!;
  const values = new Map(cut.frontier.map((name, index) => [name, inputs[index]!]));
  return forward(model, [], { ...options, tail: { cut, values } })[0]!;
}

export function disposeBatch(batch: Batch): void {
  tensorsOf(batch).forEach((tensor) => tensor.dispose());
}

/** The rows of both, one after the other. @throws where the rows are of different shapes */
export function joinRows(first: Dataset, second: Dataset): Dataset {
  const rows = first.rows + second.rows;
  const join = (a: Column, b: Column): Column => {
    if (a.shape.join() !== b.shape.join()) throw new Error(`samples of [${a.shape.join(", ")}] and of [${b.shape.join(", ")}] do not go into one batch`);
    const values = a.dtype === "int32" ? new Int32Array(rows * a.rowSize) : new Float32Array(rows * a.rowSize);
    values.set(a.values);
    values.set(b.values, a.values.length);
    return { ...a, values };
  };
  const weightsOf = ({ weights, rows: count }: Dataset, like: Column): Column => weights ?? { ...like, values: new Float32Array(count * like.rowSize).fill(1) };
  const like = first.weights ?? second.weights;
  return {
    rows,
    inputs: first.inputs.map((column, index) => join(column, second.inputs[index]!)),
    targets: join(first.targets, second.targets),
    weights: like && join(weightsOf(first, like), weightsOf(second, like)),
  };
}

/** Rows of data that is kept beside them. */
export function sampleOf(data: Dataset, rows: Int32Array): Dataset {
  return { ...takeRows(data, rows), origin: { data, rows } };
}

/** Only these rows, in their order. */
export function takeRows(data: Dataset, rows: Int32Array): Dataset {
  const take = (column: Column): Column => {
    const values = column.dtype === "int32" ? new Int32Array(rows.length * column.rowSize) : new Float32Array(rows.length * column.rowSize);
    rows.forEach((row, index) => values.set(column.values.subarray(row * column.rowSize, (row + 1) * column.rowSize), index * column.rowSize));
    return { ...column, values };
  };
  const classes = data.classes && Int32Array.from(rows, (row) => data.classes![row]!);
  return { rows: rows.length, inputs: data.inputs.map(take), targets: take(data.targets), weights: data.weights && take(data.weights), classes };
}
