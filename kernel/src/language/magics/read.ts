/**
 * Finds the magics of a cell, and what is left of it: TypeScript of the same length, on the same lines.
 *
 * A line magic is a line at the cell's top level that begins with `%` and a magic's name, where the text above it is whole:
 * `a\n%b` goes on with a remainder, `a\n%who` does not. A line that begins with `%` and another name is taken for a
 * mistyped magic only where JavaScript cannot read it.
 */

import type { Diagnostic } from "../cell.js";
import { openBrackets } from "../script/brackets.js";
import { parse, positionAt } from "../script/parse.js";
import { closestMagic, isCellMagic, isLineMagic, LINE_MAGICS, type CellMagicName, type LineMagicName } from "./catalogue.js";

export interface LineMagic {
  name: LineMagicName;
  /** What stands behind the name, without the space around it. */
  argument: string;
  /** Offsets of the `%`, and of the line's end. */
  start: number;
  end: number;
}

export interface CellMagics {
  /** The cell's TypeScript: magics are blank (of `%%sql`: the tag), all else is where it was. */
  text: string;
  lines: readonly LineMagic[];
  /** The magic of the whole cell; `body` is what stands below it. */
  whole?: { name: CellMagicName; body: string };
  faults: readonly Diagnostic[];
}

const WHOLE = /^(?:[ \t]*\r?\n)*[ \t]*%%([A-Za-z]\w*)?([^\r\n]*)(?:\r?\n|$)/;
const LINE = /^([ \t]*)(%%?)([A-Za-z]\w*)(?=[ \t\r]|$)([^\r\n]*)/gm;
const NOT_A_LINE_BREAK = /[^\n\r\u2028\u2029]/g;

export function readMagics(code: string): CellMagics {
  if (!code.includes("%")) return { text: code, lines: [], faults: [] };
  const head = WHOLE.exec(code);
  if (!head) return readLines(code, code);
  const [above, name = "", argument = ""] = head;
  const start = above.indexOf("%%");
  const end = above.trimEnd().length;
  if (!isCellMagic(name)) return { text: blank(code), lines: [], faults: [unknown(code, `%%${name}`, start)] };
  if (argument.trim()) return { text: blank(code), lines: [], faults: [fault(code, `%%${name} takes nothing behind it; ${argument.trim()} belongs on the next line`, start, end)] };
  const whole = { name, body: code.slice(above.length) };
  if (name === "sql") return readSql(code, whole, start, above.length);
  if (name !== "time") return { text: blank(code), lines: [], whole, faults: [] };
  return { ...readLines(code, blank(above) + whole.body), whole };
}

/** A cell of SQL is a call of the tag: as many letters as the magic has, and one more at the end. */
function readSql(code: string, whole: CellMagics["whole"] & object, start: number, head: number): CellMagics {
  const { body } = whole;
  const quoted = body.indexOf("`");
  if (quoted !== -1) return { text: blank(code), lines: [], whole, faults: [fault(code, "a cell of %%sql holds no `; names stand between double quotes", head + quoted, head + quoted + 1)] };
  if (!body.trim()) return { text: blank(code), lines: [], whole, faults: [fault(code, "%%sql wants a query on the next line, as in select * from ${frame}", start, start + 5)] };
  return { text: `${code.slice(0, start)} sql\`${code.slice(start + "%%sql".length, head)}${body}\``, lines: [], whole, faults: [] };
}

/** Whether the cell is TypeScript below its magic, or in it: the rest of a `%%html` cell is not. */
export const holdsTypeScript = (name: CellMagicName): boolean => name === "time" || name === "sql";

/** @param text the code without the cell's magic */
function readLines(code: string, text: string): CellMagics {
  const lines: LineMagic[] = [];
  const faults: Diagnostic[] = [];
  const candidates = [...text.matchAll(LINE)];
  // A long text in a template may have thousands of such lines: one look at the whole tells.
  if (!candidates.some(([, , , name = ""]) => isLineMagic(name)) && (!candidates.length || !parse(text).errors.length)) return { text, lines, faults };
  for (const match of candidates) {
    const [line, indent = "", percent = "%", name = "", rest = ""] = match;
    const start = match.index + indent.length;
    const end = match.index + line.length;
    const before = text.slice(0, match.index);
    if (!isWhole(before)) continue;
    if (percent === "%%") {
      faults.push(isCellMagic(name) ? fault(code, `%%${name} stands on the first line of a cell`, start, end) : unknown(code, `%%${name}`, start));
    } else if (!isLineMagic(name)) {
      if (parse(text.slice(0, end)).errors.length) faults.push(unknown(code, `%${name}`, start));
      else continue;
    } else {
      const magic: LineMagic = { name, argument: rest.trim(), start, end };
      lines.push(magic);
      const wrong = wrongArgument(magic);
      if (wrong) faults.push(fault(code, wrong, start, end));
    }
    // The semicolon ends the line above; an expression to be timed stays.
    const kept = name === "time" ? start + 1 + name.length : end;
    text = `${text.slice(0, start)};${" ".repeat(kept - start - 1)}${text.slice(kept)}`;
  }
  return { text, lines, faults };
}

/** Whether a statement may begin behind the text. */
function isWhole(before: string): boolean {
  if (!before.trim()) return true;
  const { open, inside } = openBrackets(before);
  return !open.length && !inside && !parse(before).errors.length;
}

const POLICIES = ["", "off", "warn", "strict"];

/** What each magic demands of the text behind it. */
const DEMANDS: Record<LineMagicName, (argument: string) => string | undefined> = {
  install: (argument) => (argument ? undefined : "%install needs the names of packages, as in %install dayjs"),
  check: (argument) => (POLICIES.includes(argument) ? undefined : `%check takes off, warn or strict, not ${argument}`),
  time: (argument) => (argument ? undefined : "%time needs an expression, as in %time await run.train(); %%time on the first line times a whole cell"),
  who: (argument) => nothing("who", argument),
  reset: (argument) => nothing("reset", argument),
  help: (argument) => nothing("help", argument),
};

const wrongArgument = ({ name, argument }: LineMagic): string | undefined => DEMANDS[name](argument);

const nothing = (name: LineMagicName, argument: string): string | undefined =>
  argument ? `%${name} takes nothing behind it, and got ${argument} (the form is ${LINE_MAGICS[name].form})` : undefined;

const blank = (text: string): string => text.replace(NOT_A_LINE_BREAK, " ");

const unknown = (code: string, sign: string, start: number): Diagnostic =>
  fault(code, `there is no magic ${sign}; the closest is ${closestMagic(sign)}, and %help lists all`, start, start + sign.length);

function fault(code: string, message: string, start: number, end: number): Diagnostic {
  return { severity: "error", message, start: positionAt(code, start), end: positionAt(code, end) };
}
