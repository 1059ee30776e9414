/** Places in a cell, and in the document that holds it below a line of imports. */

import type { LspPosition } from "../server/server.js";

export interface EditDocument {
  uri: string;
}

/** A position in the cell, for the server: the cell begins on the document's second line. */
export function lspPosition(code: string, offset: number): LspPosition {
  const before = code.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, character: offset - lineStart };
}

/** The reverse of {@link lspPosition}. */
export function offsetAt(code: string, { line, character }: LspPosition): number {
  let start = 0;
  for (let i = 1; i < line; i++) start = code.indexOf("\n", start) + 1;
  return start + character;
}
