/**
 * Training data as the loop wants it: columns of numbers in memory of the host, one row a sample.
 * Kept there because a row is then copied, not gathered by an op, the order needs no tensor, and
 * nothing has to be disposed.
 */
import type { LayersModel, Tensor } from "@tensorflow/tfjs-node";
import { forward } from "../../models";
import type { Cut, ForwardOptions } from "../../models";
import { requireTf } from "../../tensorflow";
import { inputColumn, targetColumn, weightColumn, type Column, type Numbers } from "./columns";
import { checkTokens } from "./token-range";
import type { Loss } from "../objective/losses";

export interface Samples {
  /** Inputs; an array of them for a model with several inputs. */
  x: Numbers | readonly Numbers[];
  /**
   * Targets: classes (whole numbers from 0), one-hot rows, or numbers in the output's shape; [samples, time] where
   * each time step has a class, -100 where it has none. For a loss function of your own, classes become one-hot rows
   * and rows of another shape stay as they are. Of pairs: what belongs to `x`, given as `x` is.
   */
  y: Numbers | readonly Numbers[];
  /** Of pairs: what does not belong to `x`, given as `x` is. */
  negatives?: Numbers | readonly Numbers[];
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
 * @param part whether there are more of them elsewhere, so that these may count nothing
 * @throws on wrong shapes, unequal lengths, classes out of range, values that are not finite
 */
export function datasetOf(model: LayersModel, loss: Loss, { x, y, negatives, weights }: Samples, what: string, part = false): Dataset {
  if (!loss.pairs && negatives !== undefined) throw new Error(`${what}: negatives belong to a loss of pairs; the loss here is ${loss.name}`);
  if (loss.pairs?.least === 3 && negatives === undefined) throw new Error(`${what}: ${loss.name} wants negatives beside x and y`);
  const parts = loss.pairs ? [x, y, ...(negatives === undefined ? [] : [negatives])] : [x];
  const views = parts.map((part, index) => inputColumns(model, part, what, ["x", "y", "negatives"][index]!));
  const { rows } = views[0]!;
  if (rows === 0) throw new Error(`${what} is empty: x has no rows`);
  const inputs = model.inputs.map((_, index) => interleaved(views.map((view) => view.inputs[index]!), what));
  const given = weights === undefined ? undefined : weightColumn(weights, rows, `${what}: weights`, part);
  if (loss.pairs) return { rows, inputs, targets: { values: new Float32Array(rows), rowSize: 1, shape: [], dtype: "float32" }, ...(given && { weights: given }) };
  const { mask, ...targets } = targetColumn(y as Numbers, model, loss, rows, `${what}: y`, part);
  const masked = mask ? product(mask, given) : given;
  return { rows, inputs, ...targets, ...(masked && { weights: masked }) };
}

/** Samples without targets as tensors, all rows together, which the receiver disposes. */
export function inputTensors(model: LayersModel, x: Samples["x"], what: string): Tensor[] {
  const tf = requireTf();
  const { inputs, rows } = inputColumns(model, x, what);
  return inputs.map(({ values, shape, dtype }) => tf.tensor(values, [rows, ...shape], dtype));
}

function inputColumns(model: LayersModel, part: Samples["x"], what: string, name = "x"): { inputs: Column[]; rows: number } {
  const given = model.inputs.length > 1 ? (part as readonly Numbers[]) : [part as Numbers];
  if (!Array.isArray(given) || given.length !== model.inputs.length) {
    throw new Error(`${what}: ${model.name} has ${model.inputs.length} inputs, so ${name} must be an array of as many`);
  }
  const whatOf = (index: number) => `${what}: ${name}${given.length > 1 ? `[${index}]` : ""}`;
  const inputs = model.inputs.map((input, index) => inputColumn(given[index]!, input, whatOf(index)));
  checkTokens(model, inputs, whatOf);
  const rows = inputs[0]!.values.length / inputs[0]!.rowSize;
  for (const [index, column] of inputs.entries()) {
    const own = column.values.length / column.rowSize;
    if (own !== rows) throw new Error(`${what}: ${name}[${index}] has ${own} rows and ${name}[0] has ${rows}`);
  }
  return { inputs, rows };
}

/** The inputs of one sample one after the other, where a sample is several. `shape` stays that of one of them. */
function interleaved(columns: readonly Column[], what: string): Column {
  const [first, ...others] = columns as [Column, ...Column[]];
  if (others.length === 0) return first;
  for (const other of others) {
    if (other.shape.join() !== first.shape.join() || other.values.length !== first.values.length) {
      const text = ({ values, rowSize, shape }: Column) => `[${[values.length / rowSize, ...shape].join(", ")}]`;
      throw new Error(`${what}: the inputs of a pair must be alike; x is ${text(first)} and another ${text(other)}`);
    }
  }
  const { rowSize } = first;
  const values = first.dtype === "int32" ? new Int32Array(first.values.length * columns.length) : new Float32Array(first.values.length * columns.length);
  columns.forEach((column, view) => {
    for (let row = 0; row * rowSize < column.values.length; row++) values.set(column.values.subarray(row * rowSize, (row + 1) * rowSize), (row * columns.length + view) * rowSize);
  });
  return { ...first, values, rowSize: rowSize * columns.length };
}

/** A mask of time steps, and the weights of samples or time steps. */
function product(mask: Column, weights: Column | undefined): Column {
  if (!weights) return mask;
  const { rowSize } = mask;
  return { ...mask, values: Float32Array.from(mask.values, (value, index) => value * weights.values[weights.rowSize === 1 ? Math.floor(index / rowSize) : index]!) };
}

/** Rows by number, in the order given. */
export function batchOf(data: Dataset, rows: Int32Array): Batch {
  const tf = requireTf();
  const gather = ({ values, rowSize, shape, dtype }: Column): Tensor => {
    const made = dtype === "int32" ? new Int32Array(rows.length * rowSize) : new Float32Array(rows.length * rowSize);
    rows.forEach((row, index) => made.set(values.subarray(row * rowSize, (row + 1) * rowSize), index * rowSize));
    // A sample of pairs is several rows of the model's input.
    const size = shape.reduce((all, n) => all * n, 1);
    return tf.tensor(made, [(rows.length * rowSize) / Math.max(1, size), ...shape], dtype);
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
