import { inspect } from "node:util";
import type { DataFrame } from "danfojs-node";
import { requireDfd } from "../tensorflow";
import { applied } from "./apply";
import { run, store, stream } from "./engine";
import type { Stored } from "./engine";
import { Expression } from "./expression";
import { preview } from "./preview";
import type { FramePreview } from "./preview";
import { compose, identifier, joined } from "./query";
import type { Value } from "./query";
import type { RejectedRow } from "./read/csv";
import { from, known, relation } from "./relation";
import type { Relation } from "./relation";
import { dtypeOf, isNumeric } from "./types";
import type { Dtype } from "./types";
import { columnsOf, rowsOf, rowsOfChunk } from "./values";
import { write } from "./write";
import { assign, drop, rename, select } from "./verbs/columns";
import { corr, describe, quantile } from "./verbs/describe";
import { groupAgg, valueCounts } from "./verbs/group";
import type { Aggregations } from "./verbs/group";
import { concat, merge } from "./verbs/merge";
import type { MergeOptions } from "./verbs/merge";
import { melt, pivot } from "./verbs/reshape";
import type { MeltOptions, PivotOptions } from "./verbs/reshape";
import { dropDuplicates, dropNa, fillNa, filter, sample, slice, sortValues, tail } from "./verbs/rows";
import type { SortOptions } from "./verbs/rows";

export type Row = Record<string, unknown>;
type Name<R extends Row> = keyof R & string;
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
export class Frame<R extends Row = Row> {
  /** @internal */
  readonly relation: Relation;
  /** The rows of a file that could not be read, where `badRows: "collect"` asked for them. */
  rejected?: readonly RejectedRow[];
  #dtypes: Promise<Record<Name<R>, Dtype>> | undefined;

  /** @internal frames are made by `frame`, `sql` and the `read…` functions */
  constructor(of: Relation) {
    this.relation = of;
  }

  /** @internal The frame of a table. */
  static async of(stored: Stored): Promise<Frame> {
    const query = { text: `select * from ${stored.name}`, values: [], holds: [stored] };
    const described = await rowsOf(await run(compose`describe ${query}`));
    return new Frame(relation(query, described.map((row) => String(row["column_name"]))));
  }

  /** Names, in their order. */
  get columns(): readonly Name<R>[] {
    return this.relation.columns as readonly Name<R>[];
  }

  /** The type of each column; nothing is computed for it. */
  dtypes(): Promise<Record<Name<R>, Dtype>> {
    return (this.#dtypes ??= run(compose`describe ${this.relation.query}`).then(async (result) => {
      const rows = await rowsOf(result);
      return Object.fromEntries(rows.map((row) => [row["column_name"], dtypeOf(String(row["column_type"]))])) as Record<Name<R>, Dtype>;
    }));
  }

  /** [rows, columns] */
  async shape(): Promise<[rows: number, columns: number]> {
    return [await this.count(), this.columns.length];
  }

  /** How many rows there are. */
  async count(): Promise<number> {
    const [row] = await rowsOf(await run(compose`select count(*) as n from ${from(this.relation)}`));
    return row!["n"] as number;
  }

  /** All rows, in memory. */
  async rows(): Promise<R[]> {
    return (await rowsOf(await run(this.relation.query))) as R[];
  }

  /** All values of a column, in memory. */
  async column<K extends Name<R>>(name: K): Promise<R[K][]> {
    known("column", this.relation, name);
    return (await columnsOf(await run(this.select(name).relation.query))).get(name) as R[K][];
  }

  /** The rows as they are computed, a few thousand in memory at a time. */
  async forEachRow(take: (row: R) => void): Promise<void> {
    await stream(this.relation.query, async (result) => {
      const names = result.columnNames();
      for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) for (const row of rowsOfChunk(chunk, names)) take(row as R);
    });
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
    return new Groups(this.relation, columns);
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

  /** How many different values each column has; missing ones do not count. */
  async nunique(): Promise<Record<Name<R>, number>> {
    const [row] = await rowsOf(await run(compose`select ${joined(this.relation.columns.map((name) => compose`count(distinct ${identifier(name)}) as ${identifier(name)}`))} from ${from(this.relation)}`));
    return row as Record<Name<R>, number>;
  }

  /** The value of each numeric column below which this share of the rows lies, 0 to 1; between two values it is interpolated. */
  async quantile(share = 0.5): Promise<Record<string, number | null>> {
    if (!(share >= 0 && share <= 1)) throw new RangeError(`quantile wants a share from 0 to 1; it is ${share}`);
    const [row] = await rowsOf(await run(quantile(this.relation, await this.#numeric(), share)));
    return row as Record<string, number | null>;
  }

  /** Count, mean, standard deviation, quartiles and extremes of the numeric columns: a row a figure. */
  async describe(): Promise<Frame> {
    return new Frame(describe(this.relation, await this.#numeric()));
  }

  /** Pearson's correlation of each pair of numeric columns. */
  async corr(): Promise<Frame> {
    return new Frame(corr(this.relation, await this.#numeric()));
  }

  async #numeric(): Promise<string[]> {
    const dtypes = (await this.dtypes()) as Record<string, Dtype>;
    return this.relation.columns.filter((name) => isNumeric(dtypes[name]!));
  }

  /** @internal What a cell shows. */
  preview(size: { whole: number; first: number; last: number }): Promise<FramePreview> {
    return preview(this as Frame, size);
  }

  [inspect.custom](): string {
    return `Frame [${this.relation.columns.join(", ")}]`;
  }

  /** Writes the rows to a file, compressed where the path ends in `.gz` or `.zst`. */
  writeCsv(path: string): Promise<void> {
    return write(this.relation, path, "csv");
  }

  writeParquet(path: string): Promise<void> {
    return write(this.relation, path, "parquet");
  }

  /** An array of objects in a `.json`, else one object a line. */
  writeJson(path: string): Promise<void> {
    return write(this.relation, path, "json");
  }

  /** The same rows as a danfojs `DataFrame`, in memory. Missing numbers are NaN there. */
  async toDanfo(): Promise<DataFrame> {
    const columns = await columnsOf(await run(this.relation.query));
    return new (requireDfd().DataFrame)(Object.fromEntries(columns) as never) as DataFrame;
  }
}

/** The groups of a frame, to be computed with `agg`. */
export class Groups {
  readonly #source: Relation;
  readonly #by: readonly string[];

  constructor(source: Relation, by: readonly string[]) {
    this.#source = source;
    this.#by = by;
  }

  /** `agg({ delay: "mean", distance: ["min", "max"] })`: a row a group, sorted by the group. */
  agg(aggregations: Aggregations): Frame {
    return new Frame(groupAgg(this.#source, this.#by, aggregations));
  }

  /** Rows of each group, as the column `count`. */
  size(): Frame {
    const [first] = this.#by as [string];
    const counted = relation(compose`select *, 1 as "__one" from ${from(this.#source)}`, [...this.#source.columns, "__one"]);
    return new Frame(rename(groupAgg(counted, this.#by, { __one: "count" }), { __one: first === "count" ? "size" : "count" }));
  }
}

function natural(verb: string, count: number): number {
  if (!Number.isInteger(count) || count < 0) throw new RangeError(`${verb} wants a whole number from 0 on; it is ${count}`);
  return count;
}
