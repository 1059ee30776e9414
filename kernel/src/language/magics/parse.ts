/** A cell with its magics, parsed. */

import type { Statement } from "oxc-parser";
import { parse, parseCell, positionAt, syntaxDiagnostics, type Parsed } from "../script/parse.js";
import type { Diagnostic } from "../cell.js";
import { readTags, withoutBareTag } from "../tags.js";
import { readMagics } from "./read.js";
import type { MagicPlaces } from "./write.js";

/** As `parseCell`; the magics are blank in the text, and told apart. */
export function parseNotebookCell(code: string): Parsed & { magics: MagicPlaces; faults: readonly Diagnostic[] } {
  const { text, lines, whole, faults } = readMagics(code);
  const parsed = readTags(code).jsx ? { ...parse(withoutBareTag(text), "tsx"), jsx: true } : parseCell(text);
  const magics: MagicPlaces = { who: lines.filter(({ name }) => name === "who").map(({ start }) => start), timed: [], ...(whole?.name === "sql" && { isSql: true }) };
  const found = [...faults];
  for (const { start, end } of lines.filter(({ name, argument }) => name === "time" && argument)) {
    const from = start + "%time".length;
    const statement = parsed.program.body.find((node) => node.start >= from && node.start < end && node.type !== "EmptyStatement");
    const timed = statement && timedPart(statement);
    if (timed) magics.timed.push({ start: timed.start, end: timed.end });
    else if (!parsed.errors.length) {
      found.push({
        severity: "error", start: positionAt(code, start), end: positionAt(code, end),
        message: "%time takes one expression, as in %time await run.train(), or one variable's value, as in %time const x = f(); %%time on the first line times a whole cell",
      });
    }
  }
  return { ...parsed, magics, faults: found.length ? found : syntaxDiagnostics(code, parsed.errors) };
}

/** What is timed of a statement: an expression, or what one variable is given. */
function timedPart(statement: Statement): { start: number; end: number } | undefined {
  if (statement.type === "ExpressionStatement") return statement.expression;
  if (statement.type !== "VariableDeclaration" || statement.declarations.length !== 1) return undefined;
  return statement.declarations[0]?.init ?? undefined;
}
