/** Where an import goes in a cell that is being written. Pure: text in, text out. */

/** As the kernel sends it. */
export interface AutoImport {
  name: string;
  /** The module's specifier. */
  from: string;
  kind: string;
  /** A statement for a line of its own. */
  insertText: string;
}

/** A replacement of a part of the code; offsets are UTF-16 units. */
export interface Patch {
  start: number;
  end: number;
  value: string;
}

/** Magics and comments stand before the imports, and stay there. */
const HEAD = /^(?:[ \t]*(?:%[^\n]*|\/\/[^\n]*)?\n)*/;
const IMPORT = /^[ \t]*import\b[^;"']*["'][^"'\n]*["'][^;\n]*;?[ \t]*\n/;
const NAMED = /^import \{ (.+) \} from /;

/**
 * The patch that writes a name where it is being typed and its import at the head of the cell, as one change that ends with the
 * name: one step to undo.
 *
 * @param typed what the name replaces
 * @example withImport("readF", { start: 0, end: 5 }, readFile).value // 'import { readFile } from "node:fs/promises";\nreadFile'
 */
export function withImport(code: string, typed: { start: number; end: number }, wanted: AutoImport): Patch {
  const before = code.slice(0, typed.start);
  const { at, text } = merged(before, wanted) ?? own(before, wanted);
  return { start: at, end: typed.end, value: text + before.slice(at) + wanted.name };
}

interface Insertion {
  at: number;
  text: string;
}

/** Into the braces of an import that the cell has of the same module. */
function merged(before: string, { from, insertText }: AutoImport): Insertion | undefined {
  const name = NAMED.exec(insertText)?.[1];
  if (name === undefined) return undefined;
  const module = from.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
  const found = new RegExp(`^([ \\t]*import\\s+(?:[\\w$]+\\s*,\\s*)?\\{)([^}]*)\\}\\s*from\\s*["']${module}["']`, "m").exec(before);
  if (!found) return undefined;
  const names = found[2]!.trimEnd();
  const at = found.index + found[1]!.length + names.length;
  if (names === "") return { at, text: found[2] === "" ? ` ${name} ` : ` ${name}` };
  return { at, text: names.endsWith(",") ? ` ${name}` : `, ${name}` };
}

/** On a line of its own, below the imports that the cell begins with. */
function own(before: string, { insertText }: AutoImport): Insertion {
  let at = HEAD.exec(before)![0].length;
  // Comments above the first statement belong to it, unless that is an import.
  const magics = /^(?:[ \t]*%[^\n]*\n)*/.exec(before)![0].length;
  if (!IMPORT.test(before.slice(at))) at = magics;
  for (let found = IMPORT.exec(before.slice(at)); found; found = IMPORT.exec(before.slice(at))) at += found[0].length;
  return { at, text: `${insertText}\n` };
}
