/** Frames into files. */
import { run } from "./engine";
import { compose, verbatim } from "./query";
import type { Query } from "./query";
import type { Relation } from "./relation";

/** A path in SQL text: `copy` takes no bound value there. */
const quoted = (path: string): Query => verbatim(`'${path.replaceAll("'", "''")}'`);

/** Writes the rows as they are computed: they never are in memory together. Gzip and zstd by the path's ending. */
export async function write({ query }: Relation, path: string, format: "csv" | "parquet" | "json"): Promise<void> {
  if (typeof path !== "string" || path === "") throw new TypeError(`a frame is written to a path; it got ${JSON.stringify(path)}`);
  const options = format === "csv" ? "format csv, header" : format === "parquet" ? "format parquet, compression zstd" : `format json, array ${/\.json(\.gz|\.zst)?$/i.test(path)}`;
  await run(compose`copy (${query}) to ${quoted(path)} (${verbatim(options)})`);
}
