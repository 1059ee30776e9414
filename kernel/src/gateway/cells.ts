import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import type { PreparedCell } from "../language";

/** A cell that has been given to main, remembered for tracebacks. */
export interface RanCell {
  /** What people call it: `In[3]`. */
  label: string;
  lines: string[];
  map: string | TraceMap | undefined;
}

export interface CellPlace {
  cell: RanCell;
  /** 1-based, in the TypeScript. */
  line: number;
  column: number;
}

/** Every cell that has run, by the address of its script. */
export class Cells {
  readonly #byUrl = new Map<string, RanCell>();

  add(cell: PreparedCell): void {
    this.#byUrl.set(cell.url, { label: labelOf(cell.number), lines: cell.code.split("\n"), map: cell.map });
  }

  /** Maps a place in a script back to its cell. */
  place(url: string, line: number, column: number): CellPlace | undefined {
    const cell = this.#byUrl.get(url);
    if (cell === undefined) return undefined;
    if (cell.map === undefined) return { cell, line, column };
    if (typeof cell.map === "string") cell.map = new TraceMap(cell.map);
    const found = originalPositionFor(cell.map, { line, column: column - 1 });
    return found.line === null ? { cell, line, column } : { cell, line: found.line, column: found.column + 1 };
  }
}

export const labelOf = (number: number): string => (number > 0 ? `In[${number}]` : "In[silent]");
