import { store, withConnection } from "../engine";
import { FrameError } from "../errors";
import { Frame } from "../frame";
import { compose, identifier, joined, verbatim } from "../query";
import type { Query } from "../query";
import { rowsOf } from "../values";
import { withSource } from "./source";

export interface CsvOptions {
  /** What stands between two values; found out unless given. */
  delimiter?: string;
  /** What encloses a value that holds a delimiter; `"` unless found otherwise. */
  quote?: string;
  /** Whether the first line names the columns; found out unless given. */
  header?: boolean;
  /** Names of the columns, where the file has none or others are wanted. */
  names?: readonly string[];
  /** Types of columns, as DuckDB names them: `{ zip: "varchar" }`. The others are found out from the whole file. */
  types?: Readonly<Record<string, string>>;
  /** What stands for a missing value; the empty text. */
  missing?: string | readonly string[];
  /** What stands before decimals; `"."`. */
  decimal?: "." | ",";
  /** How dates are written, as `strptime` has it: `"%d.%m.%Y"`. */
  dateFormat?: string;
  encoding?: "utf-8" | "utf-16" | "latin-1";
  /** Lines to leave out at the beginning. */
  skip?: number;
  /**
   * What happens with rows that do not fit: `"error"` names them and throws; `"skip"` leaves them out and says how
   * many on stderr; `"collect"` leaves them out and gives them as `frame.rejected` (line, column, reason, text).
   */
  badRows?: "error" | "skip" | "collect";
}

/** Most bad rows that an error names. */
const NAMED = 3;

/**
 * Reads CSV: a path, a glob (`"logs/*.csv"`: one below the other), gzip and zstd by their endings, or an `http(s)` address.
 * Dialect and types are found out from the file and can be set.
 *
 * @throws FrameError that names the first bad rows, with their lines and why
 * @example
 * const flights = await readCsv("flights.csv", { types: { number: "varchar" }, missing: ["", "NA"] });
 */
export async function readCsv(path: string, options: CsvOptions = {}): Promise<Frame> {
  const { badRows = "error" } = options;
  if (!["error", "skip", "collect"].includes(badRows)) throw new Error(`readCsv: badRows is "error", "skip" or "collect"; it is ${JSON.stringify(badRows)}`);
  return withSource("readCsv", path, async (file) => {
    if (badRows === "error") {
      try {
        return await kept(scan(file, options));
      } catch (error) {
        if (!(error instanceof FrameError)) throw error;
        const { rejected } = await tolerant(file, options).catch(() => ({ rejected: undefined }));
        if (rejected === undefined || rejected.length === 0) throw new FrameError(`${path}: ${error.message}`, { cause: error.cause });
        throw new FrameError(`${path}: ${described(rejected)}. Leave them out with badRows: "skip", see them with badRows: "collect", or set delimiter, quote or types`, { cause: error.cause });
      }
    }
    const { frame, rejected } = await tolerant(file, options);
    if (badRows === "skip" && rejected.length > 0) process.stderr.write(`${path}: left out ${described(rejected)}\n`);
    if (badRows === "collect") frame.rejected = rejected;
    return frame;
  });
}

/** A row of a file that could not be read. */
export interface RejectedRow {
  /** In the file, from 1. */
  line: number;
  column: string | null;
  reason: string;
  text: string;
}

function scan(file: string, options: CsvOptions, more: readonly Query[] = []): Query {
  const { delimiter, quote, header, names, types, missing, decimal, dateFormat, encoding, skip } = options;
  const settings: Query[] = [];
  const set = (name: string, value: unknown): void => void (value !== undefined && settings.push(compose`${verbatim(name)} = ${value}`));
  const list = (values: readonly string[]): Query => compose`[${joined(values.map((value) => compose`${value}`))}]`;
  set("delim", delimiter);
  set("quote", quote);
  set("header", header);
  set("decimal_separator", decimal);
  set("dateformat", dateFormat);
  set("encoding", encoding);
  set("skip", skip);
  if (names) settings.push(compose`names = ${list(names)}`);
  if (missing !== undefined) settings.push(compose`nullstr = ${list([missing].flat())}`);
  if (types) settings.push(compose`types = {${joined(Object.entries(types).map(([name, type]) => compose`${identifier(name)}: ${type}`))}}`);
  return compose`select * from read_csv(${joined([compose`${file}`, verbatim("sample_size = -1"), ...settings, ...more])})`;
}

async function kept(query: Query): Promise<Frame> {
  const stored = await store(query);
  return Frame.of(stored);
}

/** Reads what can be read, and tells what cannot. */
async function tolerant(file: string, options: CsvOptions): Promise<{ frame: Frame; rejected: RejectedRow[] }> {
  const query = scan(file, options, [verbatim("store_rejects = true"), verbatim("strict_mode = true")]);
  return withConnection(query, async (connection) => {
    const stored = await store(query, connection);
    const found = await rowsOf(await connection.run("select line, column_name, error_message, csv_line from reject_errors order by line"));
    const rejected = found.map((row) => ({ line: Number(row["line"]), column: row["column_name"] as string | null, reason: String(row["error_message"]).split("\n", 1)[0]!, text: String(row["csv_line"]) }));
    return { frame: await Frame.of(stored), rejected };
  });
}

function described(rejected: readonly RejectedRow[]): string {
  const lines = new Set(rejected.map(({ line }) => line)).size;
  const some = rejected.slice(0, NAMED).map(({ line, reason, text }) => `line ${line} (${text.length > 60 ? `${text.slice(0, 59)}…` : text}): ${reason}`);
  return `${lines} row${lines === 1 ? " does" : "s do"} not fit: ${some.join("; ")}${rejected.length > NAMED ? "; …" : ""}`;
}
