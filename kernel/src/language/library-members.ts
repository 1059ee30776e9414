/**
 * Members of a library that is there in every notebook (`tf.`, `tf.layers.`): no cell changes them, so the server, which makes
 * all 514 of `tf` anew at each change of the cell and starves while a model trains, is asked for them once.
 */

import { openBrackets } from "./script/brackets.js";

/** `tf` or `tf.layers` before the dot that the cursor is behind, and what stands before it. */
const PATH_BEFORE = /(?<![\p{ID_Continue}$.?])([\p{ID_Start}$_][\p{ID_Continue}$]*(?:\.[\p{ID_Start}$_][\p{ID_Continue}$]*)*)\.$/u;

/** Paths within a library, each with its members as the server gave them. */
export class LibraryMembers<Item> {
  private readonly known = new Map<string, readonly Item[]>();

  get(path: string): readonly Item[] | undefined {
    return this.known.get(path);
  }

  set(path: string, members: readonly Item[]): void {
    if (members.length) this.known.set(path, members);
  }

  /** Other versions may have been installed. */
  forget(): void {
    this.known.clear();
  }
}

/**
 * The path whose members are asked for, where it surely means the library's values.
 * @param before the cell up to the name that is being written: `const a = tf.`
 * @param libraries names that no cell has taken for something else
 */
export function libraryPath(code: string, before: string, libraries: readonly string[]): string | undefined {
  const path = PATH_BEFORE.exec(before)?.[1];
  const root = path?.split(".")[0];
  if (!path || !root || !libraries.includes(root) || isBound(root, code)) return undefined;
  const { inside, open } = openBrackets(before);
  if (inside) return undefined;
  // Not in a comment; and where a type may stand, types are its members: `let x: tf.`, `type A = tf.`, `Map<string, tf.`.
  const lead = before.slice(0, before.length - path.length - 1);
  const line = lead.slice(lead.lastIndexOf("\n") + 1);
  if (/\/\/|\b(?:type|interface|extends|implements|as|satisfies|is|keyof|typeof|new)\b/.test(line)) return undefined;
  const sign = lead.trimEnd().at(-1) ?? ";";
  if (sign === ",") return "([".includes(before[open.at(-1) ?? -1] ?? "?") ? path : undefined;
  const isStatement = /\n\s*$/.test(lead) || /\b(?:await|return|of|in|yield)\s+$/.test(lead);
  return isStatement || ";{}([=+-*/!".includes(sign) || lead.trimEnd().endsWith("=>") ? path : undefined;
}

/** Rather once too often: as a variable, a parameter, or an import. */
function isBound(name: string, code: string): boolean {
  const binding = new RegExp(`\\b(?:const|let|var|using|function|class|import|enum|namespace|catch)\\b[^;=\\n]*\\b${name}\\b|[({,.]\\s*${name}\\s*[,):=?}]|\\b${name}\\s*=`);
  return binding.test(code);
}
