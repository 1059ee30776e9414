/** Changes to a text that never move a line: blanks in place, and insertions that are remembered as column shifts. */

import type { ColumnShift } from "../cell.js";

interface Edit {
  start: number;
  end: number;
  text: string;
  order: number;
}

const NOT_A_LINE_BREAK = /[^\n\r\u2028\u2029]/g;

export class Edits {
  private list: Edit[] = [];

  constructor(readonly source: string) {}

  /** Spaces in place of `start`..`end`; line breaks stay. */
  blank(start: number, end: number): void {
    if (end > start) this.replace(start, end, this.source.slice(start, end).replace(NOT_A_LINE_BREAK, " "));
  }

  /** As `blank`, with `first` in the place of the first characters: `;` where blanking would join two statements. */
  blankWith(first: string, start: number, end: number): void {
    this.replace(start, start + first.length, first);
    this.blank(start + first.length, end);
  }

  insert(at: number, text: string): void {
    this.replace(at, at, text);
  }

  /** At the very start, before every other insertion. */
  prepend(text: string): void {
    this.list.push({ start: 0, end: 0, text, order: -1 });
  }

  /** Insertions at one place keep the order in which they were asked for. */
  replace(start: number, end: number, text: string): void {
    this.list.push({ start, end, text, order: this.list.length });
  }

  /** A statement written anew on its own lines: what is left over is blank, and no line is lost. */
  rewrite(start: number, end: number, text: string): void {
    const breaks = this.source.slice(start, end).replace(/[^\n]/g, "");
    this.replace(start, end, text + breaks);
  }

  get isEmpty(): boolean {
    return this.list.length === 0;
  }

  /** An edit that lies within an earlier, larger one is dropped with the text that it would have changed. */
  apply(): { text: string; shifts: ColumnShift[] } {
    const { source } = this;
    const shifts: ColumnShift[] = [];
    let text = "";
    let at = 0;
    let line = 1;
    let lineStart = 0;
    let shift = 0;
    const append = (piece: string) => {
      const offset = text.length;
      text += piece;
      for (let i = piece.indexOf("\n"); i >= 0; i = piece.indexOf("\n", i + 1)) {
        line++;
        lineStart = offset + i + 1;
        shift = 0;
      }
    };
    for (const edit of [...this.list].sort(bySourceOrder)) {
      if (edit.start < at) continue;
      append(source.slice(at, edit.start));
      append(edit.text);
      at = edit.end;
      const scriptColumn = text.length - lineStart;
      const sourceColumn = at - (source.lastIndexOf("\n", at - 1) + 1);
      if (scriptColumn - sourceColumn !== shift) {
        shift = scriptColumn - sourceColumn;
        shifts.push({ line, column: scriptColumn + 1, by: shift });
      }
    }
    append(source.slice(at));
    return { text, shifts };
  }
}

/** Insertions come before what starts at the same place, and a larger edit before those inside it. */
function bySourceOrder(a: Edit, b: Edit): number {
  if (a.start !== b.start) return a.start - b.start;
  const aInserts = a.end === a.start;
  const bInserts = b.end === b.start;
  if (aInserts !== bInserts) return aInserts ? -1 : 1;
  return aInserts ? a.order - b.order : b.end - a.end || a.order - b.order;
}
