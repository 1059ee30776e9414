import { Frame } from "../frame";
import { run, store } from "../engine";
import { relationOfRows } from "../memory";
import { compose, verbatim } from "../query";
import type { Query } from "../query";
import { relation } from "../relation";
import { rowsOf } from "../values";
import { withSource } from "./source";

/** A frame that reads its file whenever it is asked: only the columns and rows that are needed. */
async function scanned(query: Query): Promise<Frame> {
  const described = await rowsOf(await run(compose`describe ${query}`));
  return new Frame(relation(query, described.map((row) => String(row["column_name"]))));
}

const remote = (path: string): boolean => /^https?:\/\//i.test(path);

/**
 * Opens Parquet: a path, a glob, or an `http(s)` address. Nothing is read before it is needed, and then only the
 * columns that are asked for: a file may be larger than memory.
 *
 * @example
 * await frame({ miles: [1.5, 20] }).writeParquet("trips.parquet");
 * const trips = await readParquet("trips.parquet");
 * await trips.filter("miles > 10").rows(); // [{ miles: 20 }]
 */
export function readParquet(path: string): Promise<Frame> {
  return withSource("readParquet", path, async (file) => {
    const query = compose`select * from read_parquet(${file}, union_by_name = true)`;
    return remote(path) ? Frame.of(await store(query)) : scanned(query);
  });
}

/**
 * Reads JSON: an array of objects, or one object a line (`.jsonl`, `.ndjson`); gzip and zstd by their endings.
 *
 * @example
 * await frame({ label: ["cat", "dog"] }).writeJson("labels.jsonl");
 * await (await readJson("labels.jsonl")).count(); // 2
 */
export function readJson(path: string, { format = "auto" }: { format?: "auto" | "array" | "lines" } = {}): Promise<Frame> {
  const named = { auto: "auto", array: "array", lines: "newline_delimited" }[format];
  if (named === undefined) throw new Error(`readJson: format is "auto", "array" or "lines"; it is ${JSON.stringify(format)}`);
  return withSource("readJson", path, async (file) => Frame.of(await store(compose`select * from read_json(${file}, format = ${verbatim(`'${named}'`)}, sample_size = -1)`)));
}

/**
 * Reads a sheet of an Excel file (`.xlsx`, `.xls`, `.ods`): the first one unless named.
 *
 * @example
 * const sheet = frame({ city: ["Oslo"], people: [717_710] });
 * dfd.toExcel(await sheet.toDanfo(), { filePath: "cities.xlsx" });
 * await (await readExcel("cities.xlsx")).rows(); // [{ city: "Oslo", people: 717710 }]
 */
export function readExcel(path: string, { sheet }: { sheet?: string } = {}): Promise<Frame> {
  return withSource("readExcel", path, async (file) => {
    const xlsx = require("xlsx") as typeof import("xlsx");
    const book = xlsx.readFile(file, { cellDates: true, dense: true });
    const name = sheet ?? book.SheetNames[0]!;
    const found = book.Sheets[name];
    if (!found) throw new Error(`readExcel: ${path} has no sheet ${JSON.stringify(name)}; there are ${book.SheetNames.join(", ")}`);
    return new Frame(relationOfRows(xlsx.utils.sheet_to_json<Record<string, string | number | boolean | Date | null>>(found, { defval: null, UTC: true })));
  });
}
