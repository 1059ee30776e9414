/** Data frames: danfojs' verbs on DuckDB's engine. */
import type { Tensor } from "@tensorflow/tfjs-node";
import type { DataFrame } from "danfojs-node";
import { Frame } from "./frame";
import type { Row } from "./frame";
import { relationOfColumns, relationOfDanfo, relationOfRows, relationOfTensor } from "./memory";
import type { ColumnValues } from "./memory";
import type { Value } from "./query";

export { configureFrames } from "./engine";
export { runIn } from "./progress";
export type { Surroundings } from "./progress";
export { FrameError } from "./errors";
export { col, expression, Expression } from "./expression";
export { readExcel, readJson, readParquet } from "./read/files";
export { sql } from "./sql";
export { readCsv } from "./read/csv";
export type { CsvOptions, RejectedRow } from "./read/csv";
export type { ColumnPreview, FramePreview } from "./preview";
export { Frame } from "./frame";
export { Groups } from "./groups";
export { Preparation } from "./preparation";
export { Split } from "./split";
export type { FitOptions, FittedStep } from "./fit";
export type { NumbersOptions } from "./numbers";
export type { SplitOptions } from "./split";
export type { ColumnSummary, Summary } from "./summary";
export type { Batches, BatchOptions, FrameBatch, FrameTensors } from "./tensors";

type Element<C> = C extends readonly (infer V)[] ? V : C extends BigInt64Array ? bigint : number;

/**
 * A frame of what lies in memory: columns, rows, a danfojs `DataFrame`, or a tensor [rows] or [rows, columns], whose
 * columns are named after their places.
 *
 * @throws where columns have different lengths, or a column mixes types
 * @example
 * const people = frame({ name: ["Ada", "Alan"], born: [1815, 1912] });
 * await people.filter(col("born").lt(1900)).rows(); // [{ name: "Ada", born: 1815 }]
 */
export function frame<C extends Readonly<Record<string, ColumnValues>>>(columns: C): Frame<{ [K in keyof C]: Element<C[K]> }>;
export function frame<R extends Readonly<Record<string, Value | undefined>>>(rows: readonly R[]): Frame<R & Row>;
export function frame(table: DataFrame | Tensor): Frame;
export function frame(given: Readonly<Record<string, ColumnValues>> | readonly Readonly<Record<string, Value | undefined>>[] | DataFrame | Tensor): Frame {
  if (Array.isArray(given)) return new Frame(relationOfRows(given));
  if (typeof given !== "object" || given === null) throw new TypeError(`frame wants columns ({ x: [1, 2] }), rows ([{ x: 1 }, { x: 2 }]), a danfojs DataFrame or a tensor; it got ${given === null ? "null" : typeof given}`);
  if ("$isSeries" in given) return new Frame(relationOfDanfo(given as DataFrame));
  if ("dataSync" in given) return new Frame(relationOfTensor(given as unknown as Tensor));
  return new Frame(relationOfColumns(given as Readonly<Record<string, ColumnValues>>));
}
