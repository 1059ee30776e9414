/** A cell's text as an ESTree, by oxc: a native parser that reads TypeScript at once, in 0.1 ms a cell. */

import type { OxcError, ParseResult, Program } from "oxc-parser";
import type { Diagnostic, Position } from "../cell.js";
import type { MagicPlaces } from "../magics/write.js";

// Loaded at the first cell's parse, not at the gateway's start.
type Oxc = typeof import("oxc-parser");
let oxc: Oxc | undefined;
function parser(): Oxc {
  return (oxc ??= require("oxc-parser") as Oxc);
}

export interface Parsed {
  /** What was parsed: the code, or `(code)` for an object literal. */
  text: string;
  program: Program;
  errors: OxcError[];
  comments: ParseResult["comments"];
  /** The cell reads as an object literal: `text` has a parenthesis before and behind it. */
  isObjectLiteral: boolean;
  /** The cell says that it holds JSX. */
  jsx?: boolean;
  /** Magics that act where they stand; their lines are blank in `text`. */
  magics?: MagicPlaces;
}

/** @param range whether nodes have a `range`, too, which eslint-scope reads */
export function parse(text: string, lang: "ts" | "tsx" | "js" = "ts", range = false): Parsed {
  const { program, errors, comments } = parser().parseSync(`cell.${lang}`, text, { lang, range, sourceType: "module" });
  return { text, program, comments, errors: errors.filter(({ severity }) => severity === "Error"), isObjectLiteral: false };
}

/** As {@link parse}, but `{ a: 1 }` is an object and not a block with a label: Node's REPL decides so too, by trying. */
export function parseCell(code: string): Parsed {
  const looksLikeObject = /^\s*\{/.test(code) && !/;\s*$/.test(code);
  if (looksLikeObject) {
    // The line break ends a comment that the cell may end with.
    const parsed = parse(`(${code}\n)`);
    const [only, ...others] = parsed.program.body;
    const isExpression = only?.type === "ExpressionStatement" && !others.length;
    if (!parsed.errors.length && isExpression) return { ...parsed, isObjectLiteral: true };
  }
  return parse(code);
}

/** Child nodes of a node, in source order where the grammar has one. */
export function* children(node: object): Generator<AnyNode> {
  for (const key of parser().visitorKeys[(node as AnyNode).type] ?? []) {
    const value = (node as Record<string, unknown>)[key];
    if (Array.isArray(value)) {
      for (const item of value) if (item) yield item as AnyNode;
    } else if (value) yield value as AnyNode;
  }
}

/** What every node has; the walkers narrow by `type`. */
export interface AnyNode {
  type: string;
  start: number;
  end: number;
}

export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  let line = 1;
  for (let at = before.indexOf("\n"); at >= 0; at = before.indexOf("\n", at + 1)) line++;
  return { line, column: offset - lineStart + 1 };
}

/** The parser's errors, as faults of the cell. */
export function syntaxDiagnostics(code: string, errors: readonly OxcError[]): Diagnostic[] {
  return errors.map(({ message, labels, helpMessage }) => {
    const at = labels[0] ?? { start: code.length, end: code.length, message: null };
    const detail = [labels[0]?.message, helpMessage].filter((text): text is string => !!text);
    return {
      severity: "error",
      message: detail.length ? `${message} (${detail.join("; ")})` : message,
      start: positionAt(code, Math.min(at.start, code.length)),
      end: positionAt(code, Math.min(at.end, code.length)),
    };
  });
}
