import { run, store, withConnection } from "../engine";
import { FrameError } from "../errors";
import { Frame } from "../frame";
import { compose, identifier, joined, verbatim } from "../query";
import type { Query } from "../query";
import { rowsOf } from "../values";
import { beginningOf, firstLines, isUtf16 } from "./first-lines";
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
 * await frame({ number: ["007", "12"], delay: [10, null] }).writeCsv("flights.csv");
 * const flights = await readCsv("flights.csv", { types: { number: "varchar" }, missing: ["", "NA"] });
 * await flights.rows(); // [{ number: "007", delay: 10 }, { number: "12", delay: null }]
 */
export async function readCsv(path: string, options: CsvOptions = {}): Promise<Frame> {
  const { badRows = "error" } = options;
  if (!["error", "skip", "collect"].includes(badRows)) throw new Error(`readCsv: badRows is "error", "skip" or "collect"; it is ${JSON.stringify(badRows)}`);
  return withSource("readCsv", path, async (file) => {
    const chosen = await completed(file, options);
    const { frame, rejected } = await (badRows === "error" ? whole(path, file, chosen) : tolerant(file, chosen));
    if (badRows === "skip" && rejected.length > 0) process.stderr.write(`${path}: left out ${described(rejected)}\n`);
    if (badRows === "collect") frame.rejected = rejected;
    return frame;
  });
}

interface Read {
  frame: Frame;
  rejected: RejectedRow[];
}

/** Every row, or an error that names those that do not fit. */
async function whole(path: string, file: string, options: CsvOptions): Promise<Read> {
  try {
    const guess = await store(await exact(file, options)).catch(() => undefined);
    return { frame: await Frame.of(guess ?? (await store(scan(file, options, [FULL_LOOK])))), rejected: [] };
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    if (/not utf-8 encoded/i.test(String(error.cause))) throw new FrameError(`${path} is not UTF-8; say what it is with encoding: "latin-1" or "utf-16"`, { cause: error.cause });
    const { rejected } = await tolerant(file, options).catch(() => ({ rejected: [] as RejectedRow[] }));
    if (rejected.length === 0) throw new FrameError(`${path}: ${error.message}`, { cause: error.cause });
    throw new FrameError(`${path}: ${described(rejected)}. Leave them out with badRows: "skip", see them with badRows: "collect", or set delimiter, quote or types`, { cause: error.cause });
  }
}

/** What the person left open and DuckDB gets wrong. */
async function completed(file: string, options: CsvOptions): Promise<CsvOptions> {
  const [found] = await rowsOf(await run(compose`select file from glob(${file}) limit 1`));
  const first = found === undefined ? file : String(found["file"]);
  const encoding = options.encoding ?? (isUtf16(first) ? "utf-16" : undefined);
  const given = encoding === undefined ? options : { ...options, encoding };
  if (options.delimiter !== undefined || encoding === "utf-16") return given;
  const text = beginningOf(first);
  const lines = text === undefined || (options.skip ?? 0) > 0 ? undefined : firstLines(text, options.quote);
  if (!lines) return given;
  const [sniffed] = await rowsOf(await run(scan(file, given, [], "sniff_csv")).catch(() => run(compose`select null as "Columns"`)));
  // Where rows are ragged DuckDB takes a file for one column, or leaves out lines until it fits.
  const columns = sniffed?.["Columns"] as unknown[] | null | undefined;
  if (columns?.length === lines.columns && !Number(sniffed?.["SkipRows"] ?? 0)) return given;
  return { quote: '"', ...given, delimiter: lines.delimiter, skip: 0 };
}

/** A row of a file that could not be read. */
export interface RejectedRow {
  /** In the file, from 1. */
  line: number;
  column: string | null;
  reason: string;
  text: string;
}

/** DuckDB looks at all rows before it decides on types; three times the time of the read itself. */
const FULL_LOOK = verbatim("sample_size = -1");

function scan(file: string, options: CsvOptions, more: readonly Query[] = [], by = "read_csv"): Query {
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
  return compose`select * from ${verbatim(by)}(${joined([compose`${file}`, ...settings, ...more])})`;
}

/**
 * The types of the first 20,000 rows, held against all others: `1.5` in a column of whole numbers, or a time in a column
 * of dates, would otherwise be rounded without a word. Throws there; then all rows have to be looked at first.
 */
async function exact(file: string, options: CsvOptions): Promise<Query> {
  const described = await rowsOf(await run(compose`describe ${scan(file, options)}`));
  const looser = (name: string, type: string): string | undefined =>
    options.types && Object.hasOwn(options.types, name) ? undefined : type === "BIGINT" ? "double" : type === "DATE" && options.dateFormat === undefined ? "timestamp" : undefined;
  const columns = described.map((row) => ({ name: String(row["column_name"]), type: String(row["column_type"]) }));
  const types = Object.fromEntries(columns.flatMap(({ name, type }) => (looser(name, type) ? [[name, looser(name, type)!]] : [])));
  const held = columns.map(({ name, type }) => {
    const at = identifier(name);
    if (!Object.hasOwn(types, name)) return at;
    const fits = type === "DATE" ? compose`${at} = date_trunc('day', ${at})` : compose`${at} = trunc(${at}) and abs(${at}) <= 9007199254740991`;
    return compose`case when ${at} is null then null when ${fits} then ${at}::${verbatim(type)} else error('of another type') end as ${at}`;
  });
  const loose = scan(file, { ...options, types: { ...options.types, ...types } });
  return compose`select ${joined(held)} from (${loose})`;
}

/** Reads what can be read, and tells what cannot. */
async function tolerant(file: string, options: CsvOptions): Promise<Read> {
  const query = scan(file, options, [FULL_LOOK, verbatim("store_rejects = true"), verbatim("strict_mode = true")]);
  return withConnection(query, async (connection) => {
    const stored = await store(query, connection);
    const found = await rowsOf(await connection.run("select line, column_name, error_message, csv_line from reject_errors order by line"));
    const rejected = found.map((row) => ({ line: Number(row["line"]), column: row["column_name"] as string | null, reason: String(row["error_message"]).split("\n", 1)[0]!.replace(/\.$/, ""), text: String(row["csv_line"]) }));
    return { frame: await Frame.of(stored), rejected };
  });
}

function described(rejected: readonly RejectedRow[]): string {
  const lines = new Set(rejected.map(({ line }) => line)).size;
  const some = rejected.slice(0, NAMED).map(({ line, reason, text }) => `line ${line} (${text.length > 60 ? `${text.slice(0, 59)}…` : text}): ${reason}`);
  return `${lines} row${lines === 1 ? " does" : "s do"} not fit: ${some.join("; ")}${rejected.length > NAMED ? "; …" : ""}`;
}
