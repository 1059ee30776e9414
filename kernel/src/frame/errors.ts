import type { Query } from "./query";

/** A query that DuckDB refused, in words for who wrote it. `cause` is DuckDB's own error. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}

/** What DuckDB says, without its kind in front and without the SQL that we wrote. */
export function explained(error: unknown, _query: Query): unknown {
  if (!(error instanceof Error)) return error;
  const [first = "", ...rest] = error.message.split("\n");
  const kind = /^(\w+(?: \w+)*) Error: /.exec(first)?.[1];
  const message = first.replace(/^\w+(?: \w+)* Error: /, "");
  const candidates = rest.find((line) => line.startsWith("Candidate bindings:"))?.replace("Candidate bindings:", "the closest names are");
  const advice =
    kind === "Out of Memory" ? "free frames that are not needed, give frames more with configureFrames({ memoryLimit }), or select fewer columns" :
    kind === "IO" && /No space left/.test(error.message) ? "the disk that frames spill to is full; free some, or set TMPDIR to another" : candidates;
  return new FrameError(advice ? `${message.replace(/[.!]$/, "")}; ${advice}` : message, { cause: error });
}

/** A column that is not there, with the names that are closest. */
export function noColumn(verb: string, name: string, columns: readonly string[]): RangeError {
  const near = closest(name, columns);
  return new RangeError(`${verb}: there is no column ${JSON.stringify(name)}; ${columns.length === 0 ? "the frame has none" : near.length === columns.length ? `there are ${near.join(", ")}` : `the closest of ${columns.length} are ${near.join(", ")}`}`);
}

function closest(name: string, columns: readonly string[]): string[] {
  if (columns.length <= 5) return [...columns];
  return [...columns].sort((a, b) => distance(name, a) - distance(name, b)).slice(0, 3);
}

/** Levenshtein, upper and lower case alike. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1]!.toLowerCase() === b[j - 1]!.toLowerCase() ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
