import { inspect } from "node:util";
import type { DataFrame } from "danfojs-node";
import { requireDfd } from "../tensorflow";
import { run, stream } from "./engine";
import { classesOf } from "./numbers";
import type { NumbersOptions } from "./numbers";
import { compose, identifier, joined } from "./query";
import type { RejectedRow } from "./read/csv";
import { from, known } from "./relation";
import type { Relation } from "./relation";
import { summary } from "./summary";
import type { Summary } from "./summary";
import { batches, toTensors } from "./tensors";
import type { Batches, BatchOptions, FrameTensors } from "./tensors";
import { dtypeOf, isNumeric } from "./types";
import type { Dtype } from "./types";
import { columnsOf, rowsOf, rowsOfChunk } from "./values";
import { select } from "./verbs/columns";
import { quantile } from "./verbs/describe";
import { write } from "./write";

export type Row = Record<string, unknown>;
export type Name<R extends Row> = keyof R & string;

/** Rows that can be asked for: what computes. `Frame` adds the verbs, which do not. */
export abstract class Rows<R extends Row = Row> {
  /** @internal */
  readonly relation: Relation;
  /** The rows of a file that could not be read, where `badRows: "collect"` asked for them. */
  rejected?: readonly RejectedRow[];
  #dtypes: Promise<Record<Name<R>, Dtype>> | undefined;

  /** @internal frames are made by `frame`, `sql` and the `read…` functions */
  constructor(of: Relation) {
    this.relation = of;
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
    return (await columnsOf(await run(select(this.relation, [name]).query))).get(name) as R[K][];
  }

  /** The rows as they are computed, a few thousand in memory at a time. */
  async forEachRow(take: (row: R) => void): Promise<void> {
    await stream(this.relation.query, async (result) => {
      const names = result.columnNames();
      for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) for (const row of rowsOfChunk(chunk, names)) take(row as R);
    });
  }

  /** How many different values each column has; missing ones do not count. */
  async nunique(): Promise<Record<Name<R>, number>> {
    const [row] = await rowsOf(await run(compose`select ${joined(this.relation.columns.map((name) => compose`count(distinct ${identifier(name)}) as ${identifier(name)}`))} from ${from(this.relation)}`));
    return row as Record<Name<R>, number>;
  }

  /** The value of each numeric column below which this share of the rows lies, 0 to 1; between two values it is interpolated. */
  async quantile(share = 0.5): Promise<Record<string, number | null>> {
    if (!(share >= 0 && share <= 1)) throw new RangeError(`quantile wants a share from 0 to 1; it is ${share}`);
    const [row] = await rowsOf(await run(quantile(this.relation, await this.numeric(), share)));
    return row as Record<string, number | null>;
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

  /** The values of a column as text, sorted: the classes that `toTensors` numbers from 0. */
  async classes(label: Name<R>): Promise<string[]> {
    known("classes", this.relation, label);
    return (await classesOf(this.relation, label)) as string[];
  }

  /**
   * What each class counts so that all count the same: rows / (classes * rows of the class), by the number that `toTensors`
   * gives the class. For `finetune(model, tensors, { classWeights })`.
   */
  async classWeights(label: Name<R>): Promise<Record<number, number>> {
    const [name] = known("classWeights", this.relation, label) as [string];
    const at = identifier(name);
    const counted = await rowsOf(await run(compose`select ${at} as v, count(*) as n from ${from(this.relation)} where ${at} is not null group by ${at} order by ${at}::varchar`));
    const rows = counted.reduce((sum, row) => sum + (row["n"] as number), 0);
    return Object.fromEntries(counted.map((row, index) => {
      const value = row["v"];
      if (typeof value === "number" && !(Number.isInteger(value) && value >= 0)) throw new RangeError(`classWeights: ${JSON.stringify(name)} holds ${value}; classes are texts, or whole numbers from 0`);
      return [typeof value === "number" || typeof value === "boolean" ? Number(value) : index, rows / (counted.length * (row["n"] as number))];
    }));
  }

  /** What matters before a fine-tune: missing, constant and doubled values, uneven classes, columns that give the label away. */
  async summary({ label }: { label?: Name<R> } = {}): Promise<Summary> {
    return summary(this.relation, await this.dtypes(), label);
  }

  /**
   * All rows as tensors, ready for `finetune(model, await train.toTensors({ label: "species" }))`. Give the `classes` of the
   * training part for the other parts.
   *
   * @throws on columns that are no numbers, and on missing values unless `missing` says what becomes of them
   */
  toTensors(options: NumbersOptions & { label: string }): Promise<FrameTensors>;
  toTensors(options?: NumbersOptions): Promise<Omit<FrameTensors, "y">>;
  toTensors(options: NumbersOptions = {}): Promise<Omit<FrameTensors, "y">> {
    return toTensors(this.relation, options);
  }

  /** Batches of [size, features] to loop over, or to train on: a function that gives those of an epoch. */
  batches(size: number, options: BatchOptions = {}): Batches {
    return batches(this.relation, size, options);
  }

  /** The same rows as a danfojs `DataFrame`, in memory. Missing numbers are NaN there. */
  async toDanfo(): Promise<DataFrame> {
    const columns = await columnsOf(await run(this.relation.query));
    return new (requireDfd().DataFrame)(Object.fromEntries(columns) as never) as DataFrame;
  }

  /** @internal */
  protected async numeric(): Promise<string[]> {
    const dtypes = (await this.dtypes()) as Record<string, Dtype>;
    return this.relation.columns.filter((name) => isNumeric(dtypes[name]!));
  }
}
