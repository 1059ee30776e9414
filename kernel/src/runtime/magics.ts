import { inspect } from "node:util";
import { userName, type MagicHost } from "../language/script-abi";
import { isTensorLike, kindOf } from "./kinds";

/** Names of the notebook are bound in V8's script scope; code of the global scope sees them, and nothing else does. */
// oxlint-disable-next-line no-eval -- the names come from V8, not from a message
const globalEval = globalThis.eval;

/** `%who` shows so much of a value. */
const WIDEST = 72;

/** @param print writes to the cell that calls */
export function createMagics(print: (text: string) => void): MagicHost {
  const now: MagicHost["now"] = () => ({ wall: performance.now(), cpu: cpuTime() });
  return {
    who: (names) => print(listed(names)),
    now,
    took: (since, value) => {
      print(timing(since, now()));
      return value;
    },
  };
}

/** `Wall time: 1.24 s (processor time 4.81 s)` */
export function timing(since: ReturnType<MagicHost["now"]>, until: ReturnType<MagicHost["now"]>): string {
  return `Wall time: ${duration(until.wall - since.wall)} (processor time ${duration((until.cpu - since.cpu) / 1000)})\n`;
}

/** Unbinds what cells have bound, as far as V8 allows it: the names are undefined, and their values are free. */
export function forgetNames(names: readonly string[], libraryNames: readonly string[]): void {
  for (const name of names) {
    try {
      // a name of the library that a cell had taken means the library again
      globalEval(libraryNames.includes(name) ? `${name} = globalThis.${name}` : `${name} = undefined`);
    } catch {
      // the cell that was to bind it has thrown before
    }
  }
}

function listed(names: readonly string[]): string {
  const rows: [name: string, kind: string, value: string][] = [];
  for (const name of names) {
    let value: unknown;
    try {
      value = (globalEval as (code: string) => unknown)(name);
    } catch {
      continue; // declared below, or by a cell that has thrown before
    }
    rows.push([userName(name), kindOf(value), shortened(value)]);
  }
  if (rows.length === 0) return "The notebook has no variables yet.\n";
  rows.sort(([a], [b]) => (a < b ? -1 : 1));
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column as 0 | 1].length)));
  return rows.map(([name, kind, value]) => `${name.padEnd(widths[0]!)}  ${kind.padEnd(widths[1]!)}  ${value}`.trimEnd() + "\n").join("");
}

function shortened(value: unknown): string {
  // a function's kind says it, a tensor's values are dear
  if (typeof value === "function" || isTensorLike(value)) return "";
  try {
    const text = inspect(value, { depth: 0, breakLength: Infinity, maxArrayLength: 8, maxStringLength: WIDEST, compact: true }).replace(/\s+/g, " ");
    return text.length > WIDEST ? `${text.slice(0, WIDEST - 1)}…` : text;
  } catch {
    return "";
  }
}

function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function duration(milliseconds: number): string {
  if (milliseconds < 1) return `${Math.max(0, milliseconds * 1000).toFixed(0)} µs`;
  if (milliseconds < 1000) return `${milliseconds.toPrecision(3)} ms`;
  const seconds = milliseconds / 1000;
  return seconds < 60 ? `${seconds.toPrecision(3)} s` : `${Math.floor(seconds / 60)} min ${(seconds % 60).toFixed(0)} s`;
}
