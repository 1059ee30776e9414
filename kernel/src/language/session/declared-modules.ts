/** Modules that cells declare whole: `declare module "untyped" { … }` gives types to a package that has none. */

import type { Parsed } from "../script/parse.js";
import type { LspDiagnostic } from "../server/server.js";
import type { CellDeclarations } from "./declarations.js";

/** No module itself, as cells are: in those, such a block may only add to a module that has types. */
export const DECLARED_DOCUMENT = "thawbook-declared.d.ts";

/** The block's module is not there, or has no types. */
const NOTHING_TO_ADD_TO = new Set([2664, 2665]);

interface Block {
  name: string;
  start: number;
  end: number;
}

export class DeclaredModules {
  private readonly texts = new Map<string, string>();

  constructor(private readonly set: (document: string, text: string) => Promise<void>) {}

  /** Whether the checker wants blocks of the cell as declarations, which they are from now on. */
  learn({ program, text }: Parsed, faults: readonly LspDiagnostic[]): boolean {
    const lines = new Set(faults.filter(({ code }) => NOTHING_TO_ADD_TO.has(Number(code))).map(({ range }) => range.start.line));
    if (!lines.size) return false;
    const lineOf = (offset: number): number => text.slice(0, offset).split("\n").length;
    const learnt = blocksOf(program).filter(({ name, start, end }) => !name.startsWith(".") && [...lines].some((line) => line >= lineOf(start) && line <= lineOf(end)));
    for (const { name, start, end } of learnt) this.texts.set(name, text.slice(start, end));
    return learnt.length > 0;
  }

  /** The cell's text with blanks in the place of its declared modules, which the server has now. */
  async outOf({ program, text }: Parsed): Promise<string> {
    if (!this.texts.size) return text;
    let left = text;
    for (const { name, start, end } of blocksOf(program)) {
      if (!this.texts.has(name)) continue;
      this.texts.set(name, text.slice(start, end));
      left = left.slice(0, start) + left.slice(start, end).replace(/[^\r\n]/g, " ") + left.slice(end);
    }
    if (left !== text) await this.set(DECLARED_DOCUMENT, [...this.texts.values()].join("\n"));
    return left;
  }

  /** What adds to modules that have types. */
  without(declared: CellDeclarations): CellDeclarations {
    const apart = new Set(this.texts.values());
    return { ...declared, augmentations: declared.augmentations.filter((text) => !apart.has(text)) };
  }

  async reset(): Promise<void> {
    if (!this.texts.size) return;
    this.texts.clear();
    await this.set(DECLARED_DOCUMENT, "");
  }
}

const blocksOf = (program: Parsed["program"]): Block[] =>
  program.body.flatMap((node) => (node.type === "TSModuleDeclaration" && node.id.type === "Literal" ? [{ name: String(node.id.value), start: node.start, end: node.end }] : []));
