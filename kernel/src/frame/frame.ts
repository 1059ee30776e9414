import type { DataFrame } from "danfojs-node";
import { applied } from "./apply";
import { run, store } from "./engine";
import type { Stored } from "./engine";
import { Expression } from "./expression";
import { applied as prepared, fit } from "./fit";
import type { FitOptions, FittedStep } from "./fit";
import { Groups } from "./groups";
import { relationOfDanfo } from "./memory";
import { Preparation } from "./preparation";
import { preview } from "./preview";
import type { FramePreview } from "./preview";
import { compose, identifier } from "./query";
import type { Value } from "./query";
import { from, known, relation } from "./relation";
import type { Relation } from "./relation";
import { Rows } from "./rows";
import type { Name, Row } from "./rows";
import { Split, split } from "./split";
import type { SplitOptions } from "./split";
import { columnsOf, rowsOf } from "./values";
import { assign, drop, rename, select } from "./verbs/columns";
import { corr, describe } from "./verbs/describe";
import { valueCounts } from "./verbs/group";
import { concat, merge } from "./verbs/merge";
import type { MergeOptions } from "./verbs/merge";
import { melt, pivot } from "./verbs/reshape";
import type { MeltOptions, PivotOptions } from "./verbs/reshape";
import { dropDuplicates, dropNa, fillNa, filter, sample, slice, sortValues, tail } from "./verbs/rows";
import type { SortOptions } from "./verbs/rows";

export type { Row } from "./rows";
type Flat<T> = { [K in keyof T]: T[K] };

/**
 * A data frame: danfojs' verbs on DuckDB's engine. It is lazy: a verb gives another frame and computes
 * nothing; what is awaited (`rows()`, `shape()`, `describe()`, a display) is computed then, in parallel,
 * and on disk where memory does not do. A frame never changes.
 *
 * @example
 * const flights = frame({ carrier: ["AA", "UA", "AA"], delay: [10, 45, 20] });
 * await flights.groupby("carrier").agg({ delay: "mean" }).rows(); // [{ carrier: "AA", delay: 15 }, { carrier: "UA", delay: 45 }]
 */
export class Frame<R extends Row = Row> extends Rows<R> {
  /** The rows of a danfojs `DataFrame`. */
  static from(danfo: DataFrame): Frame {
    return new Frame(relationOfDanfo(danfo));
  }

  /** @internal The frame of a table. */
  static async of(stored: Stored): Promise<Frame> {
    const query = { text: `select * from ${stored.name}`, values: [], holds: [stored] };
    const described = await rowsOf(await run(compose`describe ${query}`));
    return new Frame(relation(query, described.map((row) => String(row["column_name"]))));
  }

  /** Computes the frame now and keeps its rows, where they are asked for more than once. */
  async collect(): Promise<Frame<R>> {
    const stored = await store(this.relation.query);
    return new Frame({ query: { text: `select * from ${stored.name}`, values: [], holds: [stored] }, columns: this.relation.columns });
  }

  select<K extends Name<R>>(...columns: readonly K[]): Frame<Pick<R, K>> {
    return new Frame(select(this.relation, columns));
  }

  drop<K extends Name<R>>(...columns: readonly K[]): Frame<Omit<R, K>> {
    return new Frame(drop(this.relation, columns));
  }

  rename(changes: { readonly [K in Name<R>]?: string }): Frame {
    return new Frame(rename(this.relation, changes as Record<string, string>));
  }

  /** New columns, from expressions, SQL text (`{ gain: "arrival - departure" }`) or one value for all rows (through `value`). */
  assign<C extends Readonly<Record<string, Expression | string>>>(columns: C): Frame<Flat<Omit<R, keyof C> & Record<keyof C & string, unknown>>> {
    return new Frame(assign(this.relation, columns, (value): value is Expression | string => value instanceof Expression || typeof value === "string"));
  }

  /** The rows where `condition` is true: an expression, or SQL text. */
  filter(condition: Expression | string): Frame<R> {
    return new Frame(filter(this.relation, condition));
  }

  /** As `filter`, by the name that danfojs and pandas have for it. */
  query(condition: Expression | string): Frame<R> {
    return this.filter(condition);
  }

  head(rows = 5): Frame<R> {
    return new Frame(slice(this.relation, 0, natural("head", rows)));
  }

  tail(rows = 5): Frame<R> {
    return new Frame(tail(this.relation, natural("tail", rows)));
  }

  /** Rows from `start` on, up to `end` and without it. */
  slice(start: number, end?: number): Frame<R> {
    return new Frame(slice(this.relation, natural("slice", start), end === undefined ? undefined : Math.max(natural("slice", end) - start, 0)));
  }

  sortValues(by: Name<R> | readonly Name<R>[], options: SortOptions = {}): Frame<R> {
    return new Frame(sortValues(this.relation, by, options));
  }

  /** Without the rows where one of these columns (all, unless given) is missing. */
  dropNa(...columns: readonly Name<R>[]): Frame<R> {
    return new Frame(dropNa(this.relation, columns.length > 0 ? columns : undefined));
  }

  fillNa(values: { readonly [K in Name<R>]?: Value }): Frame<R> {
    return new Frame(fillNa(this.relation, values as Record<string, Value>));
  }

  dropDuplicates(...columns: readonly Name<R>[]): Frame<R> {
    return new Frame(dropDuplicates(this.relation, columns.length > 0 ? columns : undefined));
  }

  /** A seeded choice of rows, in their order. */
  sample(rows: number, { seed = 0 }: { seed?: number } = {}): Frame<R> {
    return new Frame(sample(this.relation, natural("sample", rows), seed));
  }

  groupby<K extends Name<R>>(...columns: readonly K[]): Groups {
    known("groupby", this.relation, columns);
    return new Groups(this as Frame, columns);
  }

  valueCounts(column: Name<R>): Frame {
    return new Frame(valueCounts(this.relation, column));
  }

  merge(right: Frame, options: MergeOptions = {}): Frame {
    return new Frame(merge(this.relation, right.relation, options));
  }

  /** The rows of the others below these; a column that one of them lacks is missing there. */
  concat(...others: readonly Frame[]): Frame {
    return new Frame(concat([this.relation, ...others.map((each) => each.relation)]));
  }

  /** The values of a column become columns: asks which there are, and computes nothing else yet. */
  async pivot(options: PivotOptions): Promise<Frame> {
    const [across] = known("pivot", this.relation, options.columns) as [string];
    const at = identifier(across);
    const found = await columnsOf(await run(compose`select distinct ${at} from ${from(this.relation)} where ${at} is not null order by ${at}`));
    return new Frame(pivot(this.relation, options, found.get(across) as Value[]));
  }

  /** Columns become rows: one with the column's name, one with its value. */
  melt(options: MeltOptions = {}): Frame {
    return new Frame(melt(this.relation, options));
  }

  /**
   * A column more, computed by a JavaScript function, where SQL has none. Computed now; expressions are far faster.
   *
   * @throws TypeError where values of the new column are of different types
   */
  async apply<K extends string>(name: K, value: (row: R, index: number) => Value | undefined): Promise<Frame<Flat<Omit<R, K> & Record<K, unknown>>>> {
    return new Frame(await applied(this.relation, name, value as (row: Row, index: number) => Value | undefined));
  }

  /** Count, mean, standard deviation, quartiles and extremes of the numeric columns: a row a figure. */
  async describe(): Promise<Frame> {
    return new Frame(describe(this.relation, await this.numeric()));
  }

  /** Pearson's correlation of each pair of numeric columns. */
  async corr(): Promise<Frame> {
    return new Frame(corr(this.relation, await this.numeric()));
  }

  /** @internal */
  derived(of: Relation): Frame {
    return new Frame(of);
  }

  /** @internal What a cell shows. */
  preview(size: { whole: number; first: number; last: number }): Promise<FramePreview> {
    return preview(this as Frame, size);
  }

  /**
   * Parts to train, validate and test on. Rows of one group (a patient, a user) and equal rows stay on one side; `said`
   * tells how many went where, and what was kept together.
   */
  async split(options: SplitOptions = {}): Promise<Split<Frame<R>>> {
    const { parts, said } = await split(this.relation, options);
    return new Split(new Frame<R>(parts.train), new Frame<R>(parts.validation), new Frame<R>(parts.test), said);
  }

  /** Learns how to fill, encode and scale columns, of this frame only: give it the training part, and `prepare` all parts with it. */
  async fit(options: FitOptions): Promise<Preparation> {
    return new Preparation(await fit(this.relation, await this.dtypes(), options));
  }

  /** The rows filled, encoded and scaled by what was learned of the training part: what `fit` gave, or `JSON.parse` made of it. */
  prepare(preparation: Preparation | readonly FittedStep[]): Frame {
    return new Frame(prepared(this.relation, Preparation.of(preparation).steps));
  }
}

function natural(verb: string, count: number): number {
  if (!Number.isInteger(count) || count < 0) throw new RangeError(`${verb} wants a whole number from 0 on; it is ${count}`);
  return count;
}
