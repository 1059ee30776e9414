import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DuckDBConnection, DuckDBDataChunk, DuckDBInstance, DuckDBMaterializedResult, DuckDBResult, DuckDBValue } from "@duckdb/node-api";
import { explained } from "./errors";
import { currentSignal, showProgress, showsProgress } from "./progress";
import { identifier } from "./query";
import type { Query } from "./query";

type DuckDB = typeof import("@duckdb/node-api");

/** DuckDB, loaded at first touch: a notebook that reads no frame does not pay for it. */
export function requireDuckDB(): DuckDB {
  return require("@duckdb/node-api") as DuckDB;
}

export interface EngineSettings {
  /** Bytes of memory for frames; beyond, DuckDB spills to disk. 80 % of the machine's unless given. */
  memoryLimit?: number;
  threads?: number;
}

let instance: Promise<DuckDBInstance> | undefined;
let settings: EngineSettings = {};

/**
 * Sets how much memory and how many threads frames may take, now and later.
 *
 * @example
 * await configureFrames({ memoryLimit: 2 * 2 ** 30, threads: 2 });
 */
export async function configureFrames(changes: EngineSettings): Promise<void> {
  settings = { ...settings, ...changes };
  if (!instance) return;
  const connection = await (await instance).connect();
  try {
    for (const [name, value] of Object.entries(optionsOf(settings))) await connection.run(`set ${name} = '${value}'`);
  } finally {
    connection.closeSync();
  }
}

function optionsOf({ memoryLimit, threads }: EngineSettings): Record<string, string> {
  return { ...(memoryLimit !== undefined && { memory_limit: `${Math.floor(memoryLimit)}B` }), ...(threads !== undefined && { threads: String(threads) }) };
}

async function open(): Promise<DuckDBInstance> {
  const spill = mkdtempSync(join(tmpdir(), "thawbook-frames-"));
  process.once("exit", () => rmSync(spill, { recursive: true, force: true }));
  return requireDuckDB().DuckDBInstance.create(":memory:", { temp_directory: spill, ...optionsOf(settings) });
}

async function connect(): Promise<DuckDBConnection> {
  instance ??= open();
  // One that could not be opened is tried again.
  instance.catch(() => (instance = undefined));
  const connection = await (await instance).connect();
  // DuckDB does not tell how far a query is where it is not asked before; it prints nothing itself.
  if (showsProgress()) for (const setting of ["enable_progress_bar = true", "enable_progress_bar_print = false"]) await connection.run(`set ${setting}`);
  return connection;
}

/**
 * Runs `work` with a connection of its own, so that an interrupt ends this query and no other.
 *
 * @throws what the signal was aborted with, and DuckDB's errors in words for people
 */
export async function withConnection<T>(query: Query, work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  const signal = currentSignal();
  signal?.throwIfAborted();
  await Promise.all(query.holds.map((held) => (held instanceof Stored ? held.ready : undefined)));
  const connection = await connect();
  const interrupt = () => connection.interrupt();
  signal?.addEventListener("abort", interrupt);
  const shown = showProgress(() => connection.progress);
  try {
    return await work(connection);
  } catch (error) {
    signal?.throwIfAborted();
    throw explained(error);
  } finally {
    shown.end();
    signal?.removeEventListener("abort", interrupt);
    connection.closeSync();
  }
}

/** The whole result, in memory. */
export function run(query: Query): Promise<DuckDBMaterializedResult> {
  return withConnection(query, (connection) => connection.run(query.text, query.values as DuckDBValue[]));
}

/** The result as it is computed: `take` sees chunks of about 2,000 rows, in order. */
export function stream(query: Query, take: (result: DuckDBResult) => Promise<void>): Promise<void> {
  return withConnection(query, async (connection) => take(await connection.stream(query.text, query.values as DuckDBValue[])));
}

/** A table of ours; it is dropped when nobody can reach this object any more. */
export class Stored {
  readonly name = `rows_${randomUUID().replaceAll("-", "")}`;
  /** Fulfilled when the table is filled: a query that reads it waits for this. */
  readonly ready: Promise<void>;

  /** @param fill makes the table of that name and fills it */
  constructor(fill: (name: string) => Promise<void>) {
    forgotten.register(this, this.name);
    this.ready = fill(this.name);
    // Who reads the table is told; that nobody has yet is no unhandled rejection.
    this.ready.catch(() => undefined);
  }
}

const forgotten = new FinalizationRegistry<string>((name) => {
  void run({ text: `drop table if exists ${name}`, values: [], holds: [] }).catch(() => undefined);
});

/** Computes a query and keeps its rows. */
export async function store(query: Query, connection?: DuckDBConnection): Promise<Stored> {
  const stored = new Stored(async (name) => {
    const making = { ...query, text: `create table ${name} as ${query.text}` };
    await (connection ? connection.run(making.text, making.values as DuckDBValue[]) : run(making));
  });
  await stored.ready;
  return stored;
}

/** Makes a table from rows in memory: `fill` appends them. */
export function storeRows(columns: readonly { name: string; type: string }[], fill: (append: (chunk: DuckDBDataChunk) => void, duck: DuckDB) => void | Promise<void>): Stored {
  return new Stored(async (table) => {
    const definition = columns.map(({ name, type }) => `${identifier(name).text} ${type}`).join(", ");
    const query = { text: `create table ${table} (${definition})`, values: [], holds: [] };
    await withConnection(query, async (connection) => {
      await connection.run(query.text);
      const appender = await connection.createAppender(table);
      try {
        await fill((chunk) => appender.appendDataChunk(chunk), requireDuckDB());
      } finally {
        appender.closeSync();
      }
    });
  });
}
