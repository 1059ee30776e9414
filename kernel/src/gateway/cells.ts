import type { PreparedCell } from "../language";
import type { Script } from "../threads";
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
  /** For stacks that a cell has read, and written to another error. */
  readonly #byLabel = new Map<string, RanCell>();

  add(cell: PreparedCell): void {
    const ran: RanCell = { label: labelOf(cell.number), lines: cell.code.split("\n"), positions: { map: cell.map, shifts: cell.shifts } };
    this.#byUrl.set(cell.url, ran);
    this.#byLabel.set(ran.label, ran);
  }

  /** Maps a place in a script back to its cell. */
  place(url: string, line: number, column: number): CellPlace | undefined {
    const named = this.#byLabel.get(url);
    if (named) return { cell: named, line, column };
    const cell = this.#byUrl.get(url);
    return cell && { cell, ...languageRoom().originalPosition(cell.positions, { line, column }) };
  }
}

/** A cell as main needs it. */
export const scriptOf = ({ script, url, number, map, shifts }: PreparedCell): Script => ({ code: script, url, source: { label: labelOf(number), map, shifts } });

export const labelOf = (number: number): string => (number > 0 ? `In[${number}]` : "In[silent]");
