/** Data frames as tables: head and tail, the columns' types, what is missing. Knows danfojs' frames by their looks. */

import { element, type Markup } from "./svg";
import type { MimeBundle } from "./frontend";
import { peek } from "./peek";

/** What is read of a danfojs `DataFrame` or `Series`. */
export interface FrameLike {
  $isSeries: boolean;
  $dtypes: string[];
  values: readonly unknown[];
  columns: readonly (string | number)[];
  index: readonly (string | number)[];
  shape: readonly number[];
}

export function isFrame(value: unknown): value is FrameLike {
  if (typeof value !== "object" || value === null) return false;
  const it = value as Partial<FrameLike>;
  return typeof peek(value, "$isSeries") === "boolean" && Array.isArray(it.$dtypes) && Array.isArray(it.values) && Array.isArray(it.columns) && Array.isArray(it.index);
}

/** Rows: all of a frame that has no more than `whole`, else the first and the last. */
export const SHOWN = { whole: 20, first: 8, last: 4 } as const;
const MOST_COLUMNS = 20;
const FIRST_COLUMNS = 12;
const LAST_COLUMNS = 6;
/** Beyond this many cells missing values are not counted: a second or more of looking. */
const COUNTED = 20_000_000;

export interface Table {
  rows: number;
  columns: number;
  /** Rows and columns that are shown; "…" stands for the ones left out. */
  rowsShown: (number | "…")[];
  columnsShown: (number | "…")[];
  name: (column: number) => string;
  dtype: (column: number) => string;
  label: (row: number) => string;
  cell: (row: number, column: number) => unknown;
  missing: (column: number) => number | undefined;
  /** How the values of a column are spread, in one short line. */
  spread?: (column: number) => string;
}

function ends(length: number, most: number, first: number, last: number): (number | "…")[] {
  if (length <= most) return Array.from({ length }, (_, index) => index);
  return [...Array.from({ length: first }, (_, index) => index), "…" as const, ...Array.from({ length: last }, (_, index) => length - last + index)];
}

export const rowEnds = (rows: number): (number | "…")[] => ends(rows, SHOWN.whole, SHOWN.first, SHOWN.last);
export const columnEnds = (columns: number): (number | "…")[] => ends(columns, MOST_COLUMNS, FIRST_COLUMNS, LAST_COLUMNS);

const isMissing = (value: unknown): boolean => value === null || value === undefined || Number.isNaN(value);

function tableOf(frame: FrameLike): Table {
  const { values, columns, index, $dtypes, $isSeries } = frame;
  const rows = values.length;
  const width = $isSeries ? 1 : columns.length;
  const cell = $isSeries ? (row: number) => values[row] : (row: number, column: number) => (values[row] as readonly unknown[])[column];
  return {
    rows,
    columns: width,
    rowsShown: rowEnds(rows),
    columnsShown: columnEnds(width),
    name: (column) => String(columns[column] ?? column),
    dtype: (column) => $dtypes[column] ?? "",
    label: (row) => String(index[row] ?? row),
    cell,
    missing: (column) => {
      if (rows * width > COUNTED) return undefined;
      let count = 0;
      for (let row = 0; row < rows; row++) if (isMissing(cell(row, column))) count++;
      return count;
    },
  };
}

function cellText(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "invalid date" : value.toISOString().replace("T00:00:00.000Z", "");
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  const line = text.replace(/\s+/g, " ");
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}

const plural = (n: number, word: string): string => `${n.toLocaleString("en-US")} ${word}${n === 1 ? "" : "s"}`;

function summary(table: Table, series: boolean): string {
  return series ? `Series of ${plural(table.rows, "value")}` : `${plural(table.rows, "row")} × ${plural(table.columns, "column")}`;
}

function typeAndMissing(table: Table, column: number): string {
  const missing = table.missing(column);
  return missing ? `${table.dtype(column)}, ${missing.toLocaleString("en-US")} missing` : table.dtype(column);
}

function asText(table: Table, series: boolean): string {
  const header = ["", ...table.columnsShown.map((column) => (column === "…" ? "…" : table.name(column)))];
  const types = ["", ...table.columnsShown.map((column) => (column === "…" ? "…" : typeAndMissing(table, column)))];
  const body = table.rowsShown.map((row) =>
    row === "…"
      ? header.map(() => "…")
      : [table.label(row), ...table.columnsShown.map((column) => (column === "…" ? "…" : cellText(table.cell(row, column))))],
  );
  const { spread } = table;
  const spreads = spread ? [["", ...table.columnsShown.map((column) => (column === "…" ? "…" : spread(column)))]] : [];
  const lines = [header, types, ...spreads, ...body];
  const widths = header.map((_, column) => Math.max(...lines.map((line) => [...(line[column] as string)].length)));
  const padded = lines.map((line) => line.map((text, column) => " ".repeat((widths[column] as number) - [...text].length) + text).join("  "));
  return `${padded.join("\n")}\n${summary(table, series)}`;
}

function asHtml(table: Table, series: boolean): string {
  const head = (contents: (column: number) => string, cell: "th" | "td", tag: "b" | "small"): Markup =>
    element("tr", {}, element("th", {}, " "), ...table.columnsShown.map((column) => element(cell, {}, column === "…" ? "…" : element(tag, {}, contents(column)))));
  const rows = table.rowsShown.map((row) =>
    row === "…"
      ? element("tr", {}, element("th", {}, "…"), ...table.columnsShown.map(() => element("td", {}, "…")))
      : element(
          "tr",
          {},
          element("th", {}, table.label(row)),
          ...table.columnsShown.map((column) => {
            if (column === "…") return element("td", {}, "…");
            const value = table.cell(row, column);
            return element("td", {}, isMissing(value) ? element("i", {}, cellText(value)) : cellText(value));
          }),
        ),
  );
  const { spread } = table;
  return [
    element("table", {}, element("thead", {}, head(table.name, "th", "b"), head((column) => typeAndMissing(table, column), "td", "small"), spread && head(spread, "td", "small")), element("tbody", {}, ...rows)),
    element("p", {}, element("small", {}, summary(table, series))),
  ]
    .map((one) => one.markup)
    .join("\n");
}

/** A frame as an HTML table and as aligned text. */
export function frameBundle(frame: FrameLike): MimeBundle {
  return tableBundle(tableOf(frame), frame.$isSeries);
}

export function tableBundle(table: Table, series = false): MimeBundle {
  return { "text/html": asHtml(table, series), "text/plain": asText(table, series) };
}
