/** Whether a text is a whole cell, for front ends that ask at each Enter: by the parser, not by running it. */

import type { Completeness } from "./cell.js";
import { readMagics } from "./magics/index.js";
import { parseCell } from "./script/parse.js";
import { openBrackets } from "./script/brackets.js";

const INDENT = "  ";

export function completeness(cell: string): Completeness {
  const { text: code, whole, faults } = readMagics(cell);
  // A query that is still to come is no mistake yet.
  const isBegun = whole?.name === "sql" && !whole.body.trim();
  if (faults.length && !isBegun) return { status: "invalid" };
  // What a cell's magic takes ends with an empty line, as in other kernels.
  if (whole && (whole.name !== "time" || !whole.body.trim())) return /\S[^\n]*\n[ \t]*\n[ \t]*$/.test(cell) ? { status: "complete" } : { status: "incomplete", indent: "" };
  const { errors } = parseCell(code);
  if (!errors.length) return { status: "complete" };
  const state = openBrackets(code);
  if (state.inside === "template") return { status: "incomplete", indent: "" };
  if (state.inside === "comment") return { status: "incomplete", indent: lineIndent(code) };
  const end = code.trimEnd().length;
  const atEnd = errors.some(({ labels, message }) => labels.some(({ start }) => start >= end) || /unexpected end|EOF/i.test(message));
  // A bracket closed by another kind can never become whole; a string cannot reach over a line's end.
  if (state.mismatched || state.inside === "string") return { status: "invalid" };
  if (atEnd || (state.open.length && errors.every(({ labels }) => (labels[0]?.start ?? end) >= end))) return { status: "incomplete", indent: indentAfter(code, state.open) };
  return { status: "invalid" };
}

/** Two spaces deeper than the line of the innermost open bracket. */
function indentAfter(code: string, open: readonly number[]): string {
  const innermost = open.at(-1);
  if (innermost === undefined) return lineIndent(code) + INDENT;
  const lineStart = code.lastIndexOf("\n", innermost) + 1;
  return /^[ \t]*/.exec(code.slice(lineStart))![0] + INDENT;
}

function lineIndent(code: string): string {
  return /[^\n]*$/.exec(code.trimEnd())![0].match(/^[ \t]*/)![0];
}
