/** What DuckDB answers, as JavaScript's values. */
import type { DuckDBDataChunk, DuckDBMaterializedResult } from "@duckdb/node-api";
import { requireDuckDB } from "./engine";

/** A value of a cell: a number wherever it is exact, a Date for dates and times of day and date. */
export function plain(value: unknown): unknown {
  if (value === null || typeof value !== "object") return typeof value === "bigint" ? (Number.isSafeInteger(Number(value)) ? Number(value) : value) : value;
  const duck = requireDuckDB();
  if (value instanceof duck.DuckDBDecimalValue) return value.toDouble();
  if (value instanceof duck.DuckDBDateValue) return new Date(value.days * 86_400_000);
  if (value instanceof duck.DuckDBTimestampValue || value instanceof duck.DuckDBTimestampTZValue) return new Date(Number(value.micros / 1000n));
  if (value instanceof duck.DuckDBTimestampMillisecondsValue) return new Date(Number(value.millis));
  if (value instanceof duck.DuckDBTimestampSecondsValue) return new Date(Number(value.seconds) * 1000);
  if (value instanceof duck.DuckDBTimestampNanosecondsValue) return new Date(Number(value.nanos / 1_000_000n));
  if (value instanceof duck.DuckDBListValue || value instanceof duck.DuckDBArrayValue) return value.items.map(plain);
  if (value instanceof duck.DuckDBStructValue) return Object.fromEntries(Object.entries(value.entries).map(([key, each]) => [key, plain(each)]));
  if (value instanceof duck.DuckDBMapValue) return value.entries.map(({ key, value: each }) => [plain(key), plain(each)]);
  if (value instanceof duck.DuckDBBlobValue) return value.bytes;
  return String(value);
}

/** The columns of a result, each an array of plain values. */
export async function columnsOf(result: DuckDBMaterializedResult): Promise<Map<string, unknown[]>> {
  const columns = await result.getColumns();
  return new Map(result.columnNames().map((name, index) => [name, (columns[index] ?? []).map(plain)]));
}

/** The rows of a result, each an object. */
export async function rowsOf(result: DuckDBMaterializedResult): Promise<Record<string, unknown>[]> {
  const names = result.columnNames();
  const rows = await result.getRows();
  return rows.map((row) => Object.fromEntries(names.map((name, index) => [name, plain(row[index])])));
}

export function rowsOfChunk(chunk: DuckDBDataChunk, names: readonly string[]): Record<string, unknown>[] {
  return chunk.getRows().map((row) => Object.fromEntries(names.map((name, index) => [name, plain(row[index])])));
}
