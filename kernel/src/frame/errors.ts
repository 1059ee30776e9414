import { closestNames } from "../closest-names";

/** A query that DuckDB refused, in words for who wrote it. `cause` is DuckDB's own error. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}

/** What DuckDB says, without its kind in front and without the SQL that we wrote. */
export function explained(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const [first = "", ...rest] = error.message.split("\n");
  const kind = /^(\w+(?: \w+)*) Error: /.exec(first)?.[1];
  // Of a CSV file the first line only says where; the next two say what.
  const message = [first.replace(/^\w+(?: \w+)* Error: /, ""), ...(/CSV Error on Line/.test(first) ? rest.slice(0, 2) : [])].join("; ");
  const candidates = rest.find((line) => line.startsWith("Candidate bindings:"))?.replace("Candidate bindings:", "the closest names are");
  const advice =
    kind === "Out of Memory" ? "free frames that are not needed, give frames more with configureFrames({ memoryLimit }), or select fewer columns" :
    kind === "IO" && /No space left/.test(error.message) ? "the disk that frames spill to is full; free some, or set TMPDIR to another" : candidates;
  return new FrameError(advice ? `${message.replace(/[.!]$/, "")}; ${advice}` : message, { cause: error });
}

/** A column that is not there, with the names that are closest. */
export function noColumn(verb: string, name: string, columns: readonly string[]): RangeError {
  const there = columns.length <= 5 ? `there are ${columns.join(", ")}` : `the closest of ${columns.length} are ${closestNames(name, columns).join(", ")}`;
  return new RangeError(`${verb}: there is no column ${JSON.stringify(name)}; ${there}`);
}
