/** What magics become in a cell's script: calls of the host. */

import { HOST_NAME } from "../script-abi.js";
import type { Edits } from "../script/edits.js";

/** Offsets in the cell's text. */
export interface MagicPlaces {
  /** Where `%who` stands. */
  who: number[];
  /** The expressions of `%time`, also one that a variable is given. */
  timed: { start: number; end: number }[];
  /** The cell is one query of `%%sql`, whose answer it waits for. */
  isSql?: boolean;
}

/** The time is taken before the expression, which may await: arguments are evaluated from left to right. */
export const TIME_BEFORE = `${HOST_NAME}.magics.took(${HOST_NAME}.magics.now(),`;
export const TIME_BEHIND = ")";

/**
 * @param names what `%who` lists, as scripts call it
 * @param shown the start of the expression whose value the cell shows, if its writer takes care of its timing
 */
export function writeMagics({ who, timed }: MagicPlaces, names: readonly string[], edits: Edits, shown?: number): void {
  for (const at of who) edits.insert(at + 1, `${HOST_NAME}.magics.who(${JSON.stringify(names)});`);
  for (const { start, end } of timed) {
    if (start === shown) continue;
    edits.insert(start, TIME_BEFORE);
    edits.insert(end, TIME_BEHIND);
  }
}
