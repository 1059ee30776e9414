/** A danfojs frame with a column of labels as samples. */
import type { Numbers } from "./columns";
import type { Samples, TrainingData } from "./data";
import type { StreamData, StreamElement, StreamSource } from "./streams";

export interface FrameLike {
  readonly columns: readonly (string | number)[];
  readonly values: unknown;
}

export interface FrameData {
  /** A row a sample. */
  frame: FrameLike;
  /** The column of the targets; text is taken as classes, in the order of the alphabet. */
  label: string;
  /** The columns of the inputs, in this order; all others unless given. */
  columns?: readonly string[];
  /** Another frame with the same columns, samples, or the share to split off. */
  validation?: FrameLike | TrainingData["validation"];
}

/** A frame of `frame(…)` and the `read…` functions: it gives batches, in another order each epoch. */
export interface TableLike {
  batches(size: number, options: { features?: readonly string[]; label: string; classes?: readonly string[]; seed?: number }): (epoch: number) => AsyncIterable<StreamElement>;
  classes(label: string): Promise<readonly string[]>;
}

export interface TableData {
  /** A row a sample. Missing values are an error: fill them, or drop their rows, before. */
  frame: TableLike;
  /** The column of the targets; text is taken as classes, in the order of the alphabet. */
  label: string;
  /** The columns of the inputs, in this order; all others unless given. */
  columns?: readonly string[];
  /** Another frame with the same columns and classes, or what a stream takes. */
  validation?: TableLike | StreamData["validation"];
}

/** A frame that streams as a stream; anything else as it is. */
export function tableAsStream<T>(data: T | TableData, seed: number, batchSize: number): T | StreamData {
  if (typeof data !== "object" || data === null || !("frame" in data) || !isTable(data.frame)) return data as T;
  const { frame, label, columns, validation } = data as TableData;
  const asked = { label, ...(columns && { features: columns }) };
  // What a number stands for is decided by the training part.
  const held = (table: TableLike): StreamSource => async (epoch) => table.batches(batchSize, { ...asked, classes: await frame.classes(label) })(epoch);
  return { stream: frame.batches(batchSize, { ...asked, seed }), ...(validation !== undefined && { validation: isTable(validation) ? held(validation) : validation }) };
}

const isTable = (value: unknown): value is TableLike => typeof value === "object" && value !== null && "batches" in value && typeof value.batches === "function";

/** @throws on columns that are not there, and on what is no number */
export function framesAsColumns(data: TrainingData | FrameData): TrainingData {
  if (!("frame" in data)) return data;
  const { frame, label, columns, validation } = data;
  const classes = classesOf(frame, label);
  const samples = samplesOf(frame, label, columns, classes, "frame");
  if (validation === undefined) return samples;
  return { ...samples, validation: isFrame(validation) ? samplesOf(validation, label, columns, classes, "validation") : (validation as Exclude<typeof validation, FrameLike>) };
}

function samplesOf(frame: FrameLike, label: string, columns: readonly string[] | undefined, classes: ReadonlyMap<string, number> | undefined, what: string): Samples {
  const names = frame.columns.map(String);
  const at = (name: string): number => {
    const index = names.indexOf(name);
    if (index === -1) throw new Error(`${what}: there is no column ${name}; there are ${names.join(", ")}`);
    return index;
  };
  const rows = rowsOf(frame, what);
  const target = at(label);
  const inputs = (columns ?? names.filter((name) => name !== label)).map(at);
  if (inputs.includes(target)) throw new Error(`${what}: the label ${label} is among the columns of the inputs; the model would only copy it`);
  const x = rows.map((row, index) => inputs.map((column) => {
    const value = row[column];
    if (typeof value !== "number" && typeof value !== "boolean") throw new TypeError(`${what}: column ${names[column]} holds ${JSON.stringify(value)} in row ${index}, which is no number; name the columns to train on, columns: […]`);
    return Number(value);
  }));
  const y = rows.map((row, index) => {
    const value = row[target];
    const known = classes ? classes.get(String(value)) : Number(value);
    if (known === undefined) throw new Error(`${what}: ${label} is ${JSON.stringify(value)} in row ${index}, which the training data do not have`);
    return known;
  });
  return { x, y: y as Numbers };
}

/** Numbers by label, where labels are text. */
function classesOf(frame: FrameLike, label: string): Map<string, number> | undefined {
  const column = frame.columns.map(String).indexOf(label);
  const values = column === -1 ? [] : rowsOf(frame, "frame").map((row) => row[column]);
  if (!values.some((value) => typeof value === "string")) return undefined;
  return new Map([...new Set(values.map(String))].sort().map((name, index) => [name, index]));
}

function rowsOf({ values }: FrameLike, what: string): readonly (readonly unknown[])[] {
  if (!Array.isArray(values) || values.some((row) => !Array.isArray(row))) throw new TypeError(`${what} must be a danfojs DataFrame: rows of columns`);
  return values as unknown[][];
}

function isFrame(value: unknown): value is FrameLike {
  return typeof value === "object" && value !== null && "columns" in value && "values" in value;
}
