/** How a CSV file begins: what its lines have in common, where DuckDB's own look at it goes wrong. */
import { closeSync, openSync, readSync } from "node:fs";
import { constants, gunzipSync } from "node:zlib";

const DELIMITERS = [",", ";", "\t", "|"] as const;
/** Bytes that are looked at, and lines of them. */
const LOOKED_AT = 65_536;
const LINES = 20;

export interface FirstLines {
  delimiter: string;
  /** Columns of the first line. */
  columns: number;
}

/** The beginning of a file as text; undefined where it cannot be read here (zstd). */
export function beginningOf(path: string): string | undefined {
  const bytes = Buffer.alloc(LOOKED_AT);
  const file = openSync(path, "r");
  let read: number;
  try {
    read = readSync(file, bytes, 0, LOOKED_AT, 0);
  } finally {
    closeSync(file);
  }
  const begin = bytes.subarray(0, read);
  if (begin[0] === 0x28 && begin[1] === 0xb5 && begin[2] === 0x2f && begin[3] === 0xfd) return undefined;
  const plain = begin[0] === 0x1f && begin[1] === 0x8b ? gunzipSync(begin, { finishFlush: constants.Z_SYNC_FLUSH }) : begin;
  if ((plain[0] === 0xff && plain[1] === 0xfe) || (plain[0] === 0xfe && plain[1] === 0xff)) return undefined;
  return plain.toString("utf8").replace(/^\ufeff/, "");
}

/** UTF-16 announces itself by its first two bytes. */
export function isUtf16(path: string): boolean {
  const bytes = Buffer.alloc(2);
  const file = openSync(path, "r");
  try {
    readSync(file, bytes, 0, 2, 0);
  } finally {
    closeSync(file);
  }
  return (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
}

/** The delimiter that the first line and most lines below it have; undefined where there is none. */
export function firstLines(text: string, quote = '"'): FirstLines | undefined {
  const counted = DELIMITERS.map((delimiter) => {
    const counts = countsOf(text, delimiter, quote);
    const [first = 0] = counts;
    return { delimiter, columns: first + 1, first, alike: counts.filter((count) => count === first).length, some: counts.filter((count) => count > 0).length, lines: counts.length };
  });
  const candidates = counted.filter(({ first, some, lines }) => first > 0 && some > lines / 2);
  candidates.sort((a, b) => b.alike / b.lines - a.alike / a.lines || b.columns - a.columns);
  const [best] = candidates;
  return best && { delimiter: best.delimiter, columns: best.columns };
}

/** How often the delimiter stands in each line, outside quotes. */
function countsOf(text: string, delimiter: string, quote: string): number[] {
  const counts: number[] = [];
  let count = 0;
  let quoted = false;
  let empty = true;
  for (const letter of text) {
    if (letter === quote) quoted = !quoted;
    else if (!quoted && letter === delimiter) count++;
    else if (!quoted && letter === "\n") {
      if (!empty) counts.push(count);
      if (counts.length === LINES) return counts;
      count = 0;
      empty = true;
      continue;
    }
    if (letter !== "\r") empty = false;
  }
  // The last line may be cut off.
  if (!empty && text.length < LOOKED_AT) counts.push(count);
  return counts;
}
