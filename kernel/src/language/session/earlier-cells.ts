/** Cells that have run and may run again through their functions: does what they say still hold, now that a name means something else? */

import { Edits } from "../script/edits.js";
import { boundNames, withoutExport } from "../script/names.js";
import { parse, type Parsed } from "../script/parse.js";
import { wordsOf } from "./words.js";

export interface EarlierCell {
  /** The execution count. */
  number: number;
  /** Not its tree, which is twenty times as large and made again in 0.1 ms. */
  text: string;
  jsx: boolean;
  /** Names that the cell has declared and no later cell has. */
  declared: Set<string>;
}

/** Enough for a notebook; the oldest are forgotten. */
const REMEMBERED = 300;
/** So many are checked again after one cell. */
const CHECKED_AGAIN = 8;

export interface EarlierUse {
  cell: EarlierCell;
  name: string;
  parsed: Parsed;
}

export class EarlierCells {
  private cells: EarlierCell[] = [];
  /** What was said already, so that it is said once. */
  private said = new Set<string>();

  add(number: number, parsed: Parsed, declared: readonly string[]): void {
    for (const cell of this.cells) for (const name of declared) cell.declared.delete(name);
    // A cell all of whose names were declared anew can be called by nobody.
    this.cells = this.cells.filter((cell) => cell.declared.size > 0);
    if (!holdsCode(parsed)) return;
    this.cells.push({ number, text: parsed.text, jsx: parsed.jsx === true, declared: new Set(declared) });
    if (this.cells.length > REMEMBERED) this.cells.shift();
  }

  reset(): void {
    this.cells = [];
    this.said.clear();
  }

  /** Cells that use one of the names, the latest first; what later cells have declared anew is not in their text. */
  using(names: readonly string[]): EarlierUse[] {
    return this.uses(names, false);
  }

  /** Cells that use one of the names, be it that they import it themselves. */
  importing(names: readonly string[]): EarlierUse[] {
    return this.uses(names, true);
  }

  private uses(names: readonly string[], alsoDeclared: boolean): EarlierUse[] {
    const found: EarlierUse[] = [];
    for (const cell of [...this.cells].reverse()) {
      if (found.length === CHECKED_AGAIN) break;
      if (!names.some((name) => cell.text.includes(name))) continue;
      const parsed = whatIsLeft(cell);
      const words = wordsOf(parsed.text);
      const name = names.find((each) => words.has(each) && (alsoDeclared || !cell.declared.has(each)));
      if (name !== undefined) found.push({ cell, name, parsed });
    }
    return found;
  }

  /** True the first time. */
  isNews(cell: EarlierCell, name: string): boolean {
    const key = `${cell.number} ${name}`;
    return !this.said.has(key) && !!this.said.add(key);
  }
}

/** The cell without the statements whose names belong to later cells now. */
function whatIsLeft({ text, jsx, declared }: EarlierCell): Parsed {
  const read = (from: string): Parsed => (jsx ? { ...parse(from, "tsx"), jsx } : parse(from));
  const parsed = read(text);
  const edits = new Edits(text);
  for (const statement of parsed.program.body) {
    const names = boundNames({ ...parsed.program, body: [statement] });
    if (names.length && !names.some((name) => declared.has(name))) edits.blankWith(";", statement.start, statement.end);
  }
  return edits.isEmpty ? parsed : read(edits.apply().text);
}

/** The cell leaves functions or classes behind; a plain value that was computed stays what it is. */
function holdsCode({ program, text }: Parsed): boolean {
  return program.body.some((statement) => /^(?:Function|Class)/.test(withoutExport(statement).type)) || /=>|\bfunction\b/.test(text);
}
