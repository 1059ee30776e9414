/** A cell's TypeScript -> the script that V8 runs, for one notebook: it remembers which globals the user has named anew. */

import type { Diagnostic, PreparedCell, CellSource } from "../cell.js";
import { HOST_NAME, RENAMED_SUFFIX } from "../script-abi.js";
import { blankTypes } from "./blank-types.js";
import { shownStatement, writeScript } from "./cell-script.js";
import { Edits } from "./edits.js";
import { jsxOptions } from "./jsx.js";
import { lower } from "./lower.js";
import { boundNames } from "./names.js";
import { parse, parseCell, syntaxDiagnostics, type Parsed } from "./parse.js";
import { renameGlobals } from "./rename.js";
import { TIME_BEFORE, TIME_BEHIND, writeMagics } from "../magics/write.js";

export type Transformed =
  | { ok: true; script: Pick<PreparedCell, "script" | "map" | "shifts" | "declares"> }
  | { ok: false; diagnostics: Diagnostic[] };

export interface ScriptTransform {
  /** Never runs or checks anything; a syntax error is an answer, not an exception. */
  transform(cell: CellSource, parsed?: Parsed): Promise<Transformed>;
  /** The cell has run: later cells that name its renamed globals mean the user's. */
  committed(declares: readonly string[]): void;
  /**
   * Names mean again what they meant at the start.
   * @returns what cells have bound, as scripts call it
   */
  reset(): string[];
}

/**
 * @param notebookNames names on `globalThis` that the user may simply take (`tf`, `display`): they are ours, no library reads them
 * @param folder the notebook's, whose tsconfig.json says what JSX becomes
 */
export function createTransform(notebookNames: readonly string[], folder = process.cwd()): ScriptTransform {
  const globals = new Set(Object.getOwnPropertyNames(globalThis));
  for (const name of [HOST_NAME, ...notebookNames]) globals.delete(name);
  const renamed = new Set<string>();
  const bound = new Set<string>();
  const scriptName = (name: string): string => (globals.has(name) ? name + RENAMED_SUFFIX : name);

  return {
    async transform(cell, parsed = parseCell(cell.code)) {
      if (parsed.errors.length) return { ok: false, diagnostics: cellDiagnostics(parsed, cell.code) };
      const declares = boundNames(parsed.program);
      const names = new Set(declares.filter((name) => globals.has(name)));
      for (const name of renamed) if (parsed.text.includes(name)) names.add(name);

      const edits = new Edits(parsed.text);
      const shown = shownStatement(parsed.program);
      const { needsTransform } = blankTypes(parsed.program, edits, shown?.statement);
      const listed = parsed.magics?.who.length ? [...new Set([...bound, ...declares])].map(scriptName) : [];
      if (needsTransform || parsed.jsx) return lowered(cell, parsed, declares, names, listed);

      if (names.size) {
        const javascript = edits.apply().text;
        // Offsets moved (`<T>{}` got parentheses): esbuild's output has offsets of its own.
        if (javascript.length !== parsed.text.length) return lowered(cell, parsed, declares, names, listed);
        renameGlobals(javascript, names, edits);
      }
      const shownIsTimed = shown && parsed.magics?.timed.some(({ start }) => start === shown.expression.start);
      if (parsed.magics) writeMagics(parsed.magics, listed, edits, shown?.expression.start);
      writeScript(parsed.program, edits, names, shownIsTimed ? [TIME_BEFORE, TIME_BEHIND] : parsed.magics?.isSql ? ["await ", ""] : undefined);
      const { text, shifts } = edits.apply();
      // The parenthesis before an object literal is not the user's.
      if (parsed.isObjectLiteral) for (const shift of shifts) if (shift.line === 1) shift.by++;
      return { ok: true, script: { script: text, shifts, declares } };
    },
    committed(declares) {
      for (const name of declares) {
        bound.add(name);
        if (globals.has(name)) renamed.add(name);
      }
    },
    reset() {
      const names = [...bound].map(scriptName);
      bound.clear();
      renamed.clear();
      return names;
    },
  };

  async function lowered(cell: CellSource, parsed: Parsed, declares: string[], names: Set<string>, listed: readonly string[]): Promise<Transformed> {
    const result = await lower(beforeLowering(parsed, listed), cell.url, parsed.jsx ? jsxOptions(folder) : undefined);
    if ("diagnostics" in result) return { ok: false, diagnostics: result.diagnostics };
    const javascript = parse(result.code, "js");
    const edits = new Edits(result.code);
    if (names.size) renameGlobals(result.code, names, edits);
    writeScript(javascript.program, edits, names);
    const { text: script, shifts } = edits.apply();
    return { ok: true, script: { script, map: result.map, shifts, declares } };
  }
}

/**
 * What esbuild would spoil: `import x = require("y")` becomes a call of a `require` that scripts have not, and `using` at
 * the top moves the last expression into a `try`. Magics are written here, while their places are known.
 */
function beforeLowering({ text, program, magics = { who: [], timed: [] } }: Parsed, listed: readonly string[]): string {
  const edits = new Edits(text);
  for (const node of program.body) {
    if (node.type !== "TSImportEqualsDeclaration" || node.moduleReference.type !== "TSExternalModuleReference") continue;
    edits.rewrite(node.start, node.end, `const ${node.id.name} = ${HOST_NAME}.require(${node.moduleReference.expression.raw});`);
  }
  const usesAtTop = program.body.some((node) => node.type === "VariableDeclaration" && node.kind.endsWith("using"));
  const shown = shownStatement(program);
  if (usesAtTop && shown) {
    edits.insert(shown.expression.start, `${HOST_NAME}.value = (`);
    writeMagics(magics, listed, edits);
    edits.insert(shown.expression.end, ")");
  } else writeMagics(magics, listed, edits);
  return edits.isEmpty ? text : edits.apply().text;
}

function cellDiagnostics({ text, errors }: Parsed, code: string): Diagnostic[] {
  return syntaxDiagnostics(text === code ? text : code, errors);
}
