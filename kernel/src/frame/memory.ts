/** Frames from what lies in memory: rows, columns, tensors, danfojs. */
import type { Tensor } from "@tensorflow/tfjs-node";
import type { DataFrame } from "danfojs-node";
import type { DuckDBValue } from "@duckdb/node-api";
import { storeRows } from "./engine";
import { compose, verbatim } from "./query";
import type { Value } from "./query";
import { relation } from "./relation";
import type { Relation } from "./relation";

export type ColumnValues = readonly (Value | undefined)[] | NumericArray;
export type NumericArray = Float32Array | Float64Array | Int8Array | Uint8Array | Uint8ClampedArray | Int16Array | Uint16Array | Int32Array | Uint32Array | BigInt64Array;
type Columns = Readonly<Record<string, ColumnValues>>;

/** Rows that DuckDB takes at once. */
const CHUNK = 2048;

const TYPES: readonly [new (...given: never[]) => NumericArray, string][] = [
  [Float32Array, "FLOAT"], [Float64Array, "DOUBLE"], [Int8Array, "TINYINT"], [Uint8Array, "UTINYINT"], [Uint8ClampedArray, "UTINYINT"],
  [Int16Array, "SMALLINT"], [Uint16Array, "USMALLINT"], [Int32Array, "INTEGER"], [Uint32Array, "UINTEGER"], [BigInt64Array, "BIGINT"],
];

export function relationOfColumns(columns: Columns): Relation {
  const entries = Object.entries(columns);
  const rows = entries[0]?.[1].length ?? 0;
  for (const [name, values] of entries) if (values.length !== rows) throw new RangeError(`frame: column ${JSON.stringify(name)} has ${values.length} values and ${JSON.stringify(entries[0]![0])} has ${rows}`);
  const typed = entries.map(([name, values]) => ({ name, values, type: typeOf(name, values) }));
  const stored = storeRows(typed, (append, duck) => {
    const types = typed.map(({ type }) => duck[type as "DOUBLE"]);
    for (let start = 0; start < rows; start += CHUNK) {
      const chunk = duck.DuckDBDataChunk.create(types, Math.min(CHUNK, rows - start));
      typed.forEach(({ values, type }, index) => chunk.setColumnValues(index, Array.from(values.slice(start, start + CHUNK), (value) => storable(value, type, duck))));
      append(chunk);
    }
  });
  return relation({ ...compose`select * from ${verbatim(stored.name)}`, holds: [stored] }, entries.map(([name]) => name));
}

export function relationOfRows(rows: readonly Readonly<Record<string, Value | undefined>>[]): Relation {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  if (names.length === 0) throw new Error("frame: the rows name no column; give objects such as { x: 1, label: \"a\" }");
  return relationOfColumns(Object.fromEntries(names.map((name) => [name, rows.map((row) => row[name])])));
}

/** Each row of a matrix is a row; a column is named after its place. */
export function relationOfTensor(tensor: Tensor): Relation {
  if (tensor.rank !== 1 && tensor.rank !== 2) throw new RangeError(`frame: a tensor of a table has one or two axes; this one is [${tensor.shape.join(", ")}]`);
  const [rows, width] = [tensor.shape[0]!, tensor.shape[1] ?? 1];
  const values = tensor.dataSync() as Float32Array | Int32Array;
  return relationOfColumns(Object.fromEntries(Array.from({ length: width }, (_, column) => [String(column), taken(values, rows, width, column)])));
}

function taken(values: Float32Array | Int32Array, rows: number, width: number, column: number): NumericArray {
  const own = values instanceof Int32Array ? new Int32Array(rows) : new Float32Array(rows);
  for (let row = 0; row < rows; row++) own[row] = values[row * width + column]!;
  return own;
}

export function relationOfDanfo(danfo: DataFrame): Relation {
  const values = danfo.getColumnData as readonly (readonly (Value | undefined)[])[];
  return relationOfColumns(Object.fromEntries(danfo.columns.map((name, index) => [String(name), values[index]!])));
}

/** The type of a column from its values; they must agree, and missing ones do not count. */
function typeOf(name: string, values: ColumnValues): string {
  const typed = TYPES.find(([array]) => values instanceof array);
  if (typed) return typed[1];
  let type: string | undefined;
  for (const value of values as readonly (Value | undefined)[]) {
    const own = typeOfValue(name, value);
    if (own === undefined || own === type) continue;
    if (type === undefined) type = own;
    else if ([own, type].every((each) => each === "INTEGER" || each === "BIGINT")) type = "BIGINT";
    else if ([own, type].every((each) => ["INTEGER", "BIGINT", "DOUBLE"].includes(each))) type = "DOUBLE";
    else throw new TypeError(`frame: column ${JSON.stringify(name)} mixes ${type.toLowerCase()} and ${own.toLowerCase()}; convert its values first`);
  }
  return type ?? "DOUBLE";
}

function typeOfValue(name: string, value: Value | undefined): string | undefined {
  if (value === null || value === undefined || Number.isNaN(value)) return undefined;
  if (typeof value === "number") return Number.isInteger(value) ? (Math.abs(value) < 2 ** 31 ? "INTEGER" : Number.isSafeInteger(value) ? "BIGINT" : "DOUBLE") : "DOUBLE";
  if (typeof value === "bigint") return "BIGINT";
  if (typeof value === "boolean") return "BOOLEAN";
  if (typeof value === "string") return "VARCHAR";
  if (value instanceof Date) return "TIMESTAMP";
  if (value instanceof Uint8Array) return "BLOB";
  throw new TypeError(`frame: column ${JSON.stringify(name)} holds ${Object.prototype.toString.call(value).slice(8, -1)}, which no column can hold; give numbers, texts, booleans, dates or null`);
}

function storable(value: Value | undefined, type: string, duck: typeof import("@duckdb/node-api")): DuckDBValue {
  // NaN is how danfojs and typed arrays say that a number is missing.
  if (value === null || value === undefined || Number.isNaN(value)) return null;
  if (type === "BIGINT") return BigInt(value as number);
  if (value instanceof Date) return new duck.DuckDBTimestampValue(BigInt(value.getTime()) * 1000n);
  if (value instanceof Uint8Array) return new duck.DuckDBBlobValue(value);
  return value;
}
