import type { PreparedCell } from "../language";
import { languageRoom } from "./later";

/** A cell that has been given to main, remembered for tracebacks. */
export interface RanCell {
  /** What people call it: `In[3]`. */
  label: string;
  lines: string[];
  positions: Pick<PreparedCell, "map" | "shifts">;
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
    this.#byUrl.set(cell.url, { label: labelOf(cell.number), lines: cell.code.split("\n"), positions: { map: cell.map, shifts: cell.shifts } });
  }

  /** Maps a place in a script back to its cell. */
  place(url: string, line: number, column: number): CellPlace | undefined {
    const cell = this.#byUrl.get(url);
    return cell && { cell, ...languageRoom().originalPosition(cell.positions, { line, column }) };
  }
}

export const labelOf = (number: number): string => (number > 0 ? `In[${number}]` : "In[silent]");
