/** Columns of a frame as rows of float32 numbers, read out of DuckDB's own memory. */
import type { DuckDBDataChunk, DuckDBVector } from "@duckdb/node-api";
import { run } from "./engine";
import { compose, identifier, joined, verbatim } from "./query";
import type { Query, Value } from "./query";
import { from, known } from "./relation";
import type { Relation } from "./relation";
import { rowsOf } from "./values";

export interface NumbersOptions {
  /** Columns of the inputs, in this order; all but the label unless given. */
  features?: readonly string[];
  /** The column of the targets: numbers as they are; texts as classes, numbered in the order of `classes`. */
  label?: string;
  /** The classes of a label that is text; those of this frame in alphabetical order, unless given. Give those of the training part for the others. */
  classes?: readonly Value[];
  /**
   * What becomes of missing values and NaN among the inputs: `"error"` names their columns; `"drop"` leaves out their rows;
   * a number takes their place. A missing label is an error, or dropped.
   */
  missing?: "error" | "drop" | number;
}

/** What is asked of DuckDB: the features, then the label. */
export interface NumbersPlan {
  verb: string;
  source: Relation;
  query: Query;
  features: readonly string[];
  label: string | undefined;
  classes: readonly Value[] | undefined;
  fill: number | undefined;
}

export interface NumberRows {
  rows: number;
  /** [rows, features], row after row. */
  x: Float32Array;
  y: Float32Array | undefined;
}

/** Read as they are; other numbers are converted by DuckDB. */
const AS_THEY_ARE = /^(FLOAT|DOUBLE|TINYINT|SMALLINT|INTEGER|UTINYINT|USMALLINT|UINTEGER)$/;
const CONVERTED = /^(BIGINT|UBIGINT|HUGEINT|UHUGEINT|DECIMAL.*|BOOLEAN)$/;

export async function numbersPlan(verb: string, source: Relation, options: NumbersOptions): Promise<NumbersPlan> {
  const { label, missing = "error" } = options;
  if (label !== undefined) known(verb, source, label);
  const features = known(verb, source, options.features ?? source.columns.filter((name) => name !== label));
  if (features.length === 0) throw new Error(`${verb}: there is no column of inputs beside the label`);
  if (label !== undefined && features.includes(label)) throw new Error(`${verb}: the label ${JSON.stringify(label)} is among the features; the model would only copy it`);
  if (missing !== "error" && missing !== "drop" && !Number.isFinite(missing)) throw new TypeError(`${verb}: missing is "error", "drop" or a number; it is ${String(missing)}`);
  const described = await rowsOf(await run(compose`describe ${source.query}`));
  const types = new Map(described.map((row) => [String(row["column_name"]), String(row["column_type"])]));
  const number = (name: string): Query => {
    const type = types.get(name)!;
    if (AS_THEY_ARE.test(type)) return identifier(name);
    if (CONVERTED.test(type)) return compose`${identifier(name)}::double as ${identifier(name)}`;
    const advice = type === "VARCHAR" || type.startsWith("ENUM") ? "encode it (oneHot, ordinal)" : /^(DATE|TIMESTAMP)/.test(type) ? "compute numbers of it (col(…).year(), …)" : "convert it";
    throw new TypeError(`${verb}: column ${JSON.stringify(name)} is ${type.toLowerCase()}, which is no number; ${advice}, or leave it out: features: […]`);
  };
  const inputs = features.map(number);
  const isText = label !== undefined && /^(VARCHAR|ENUM|UUID)/.test(types.get(label)!);
  const classes = isText ? (options.classes ?? (await classesOf(source, label))) : undefined;
  // 0 stands for a class that is not among them.
  const target = label === undefined ? [] : [classes ? compose`case when ${identifier(label)} is not null then coalesce(list_position([${joined(classes.map((value) => compose`${value}`))}]::varchar[], ${identifier(label)}::varchar), 0)::integer - 1 end as ${identifier(label)}` : number(label)];
  const present = [...features, ...(label === undefined ? [] : [label])].map((name) => (/^(FLOAT|DOUBLE)$/.test(types.get(name)!) ? compose`(${identifier(name)} is not null and not isnan(${identifier(name)}))` : compose`${identifier(name)} is not null`));
  const where = missing === "drop" ? compose` where ${joined(present, " and ")}` : verbatim("");
  return { verb, source, query: compose`select ${joined([...inputs, ...target])} from ${from(source)}${where}`, features, label, classes, fill: typeof missing === "number" ? missing : undefined };
}

/** The different values of a column, sorted. */
export async function classesOf(source: Relation, label: string): Promise<Value[]> {
  const at = identifier(label);
  return (await rowsOf(await run(compose`select distinct ${at}::varchar as v from ${from(source)} where ${at} is not null order by v`))).map((row) => row["v"] as string);
}

/** A chunk as rows of numbers. @throws where a value is missing that may not be */
export async function numbersOfChunk(plan: NumbersPlan, chunk: DuckDBDataChunk): Promise<NumberRows> {
  const rows = chunk.rowCount;
  const { features, label, classes, fill } = plan;
  const x = new Float32Array(rows * features.length);
  let missing = 0;
  features.forEach((_, column) => (missing += copyColumn(chunk.getColumnVector(column), x, column, features.length, rows, fill)));
  if (missing > 0 && fill === undefined) throw await missingIn(plan);
  if (label === undefined) return { rows, x, y: undefined };
  const y = new Float32Array(rows);
  if (copyColumn(chunk.getColumnVector(features.length), y, 0, 1, rows, undefined) > 0) throw await missingIn(plan);
  if (classes && y.includes(-1)) throw await unknownClass(plan, classes);
  return { rows, x, y };
}

/** Copies a column into its place in rows of `width` numbers; gives how many are missing. */
function copyColumn(vector: DuckDBVector, into: Float32Array, first: number, width: number, rows: number, fill: number | undefined): number {
  // Private in DuckDB's types, and the only way without a call for each value; a test holds that it is there.
  const items: unknown = Reflect.get(vector, "items");
  let missing = 0;
  if (items instanceof Float32Array) missing = copyFloats(items, into, first, width, rows, fill);
  else if (items instanceof Float64Array) missing = copyDoubles(items, into, first, width, rows, fill);
  else if (ArrayBuffer.isView(items)) copyIntegers(items as Int32Array, into, first, width, rows);
  else for (let row = 0; row < rows; row++) into[first + row * width] = Number(vector.getItem(row));
  if (hasNulls(vector)) {
    for (let row = 0; row < rows; row++) {
      if (vector.getItem(row) !== null) continue;
      // What lies in the place of a missing value is anything, NaN too.
      if (!Number.isNaN(items instanceof Float32Array || items instanceof Float64Array ? items[row] : 0)) missing++;
      into[first + row * width] = fill ?? NaN;
    }
  }
  return missing;
}

function hasNulls(vector: DuckDBVector): boolean {
  const validity: unknown = Reflect.get(vector, "validity");
  return typeof validity !== "object" || validity === null || Reflect.get(validity, "data") !== null;
}

// A loop for each type of array: one that sees several is compiled for all, and three times as slow.
function copyFloats(items: Float32Array, into: Float32Array, first: number, width: number, rows: number, fill: number | undefined): number {
  let missing = 0;
  for (let row = 0, at = first; row < rows; row++, at += width) {
    const value = items[row]!;
    into[at] = value;
    if (value !== value) {
      missing++;
      if (fill !== undefined) into[at] = fill;
    }
  }
  return missing;
}

function copyDoubles(items: Float64Array, into: Float32Array, first: number, width: number, rows: number, fill: number | undefined): number {
  let missing = 0;
  for (let row = 0, at = first; row < rows; row++, at += width) {
    const value = items[row]!;
    into[at] = value;
    if (value !== value) {
      missing++;
      if (fill !== undefined) into[at] = fill;
    }
  }
  return missing;
}

function copyIntegers(items: Int32Array, into: Float32Array, first: number, width: number, rows: number): void {
  for (let row = 0, at = first; row < rows; row++, at += width) into[at] = items[row]!;
}

/** Which columns lack how many values, and what to do. */
async function missingIn({ verb, source, features, label, fill }: NumbersPlan): Promise<Error> {
  const asked = [...features, ...(label === undefined ? [] : [label])];
  const count = (name: string): Query => compose`count(*) filter (where ${identifier(name)} is null or isnan(try_cast(${identifier(name)}::varchar as double))) as ${identifier(name)}`;
  const [row] = await rowsOf(await run(compose`select ${joined(asked.map(count))} from ${from(source)}`));
  const found = asked.filter((name) => (row![name] as number) > 0);
  const some = found.slice(0, 5).map((name) => `${JSON.stringify(name)} (${row![name]})`).join(", ");
  const labelOnly = fill !== undefined || (found.length === 1 && found[0] === label);
  return new Error(`${verb}: values are missing in ${some}${found.length > 5 ? ` and ${found.length - 5} more columns` : ""}; leave their rows out (missing: "drop"), ${labelOnly ? "or give them a label" : "put a number in their place (missing: 0), or fill them before (fillNa)"}`);
}

async function unknownClass({ verb, source, label }: NumbersPlan, classes: readonly Value[]): Promise<Error> {
  const at = identifier(label!);
  const [row] = await rowsOf(await run(compose`select ${at}::varchar as v from ${from(source)} where ${at} is not null and not list_contains([${joined(classes.map((value) => compose`${value}`))}]::varchar[], ${at}::varchar) limit 1`));
  return new Error(`${verb}: the label ${JSON.stringify(label)} is ${JSON.stringify(row?.["v"])} in a row, which is none of the classes ${classes.join(", ")}`);
}
