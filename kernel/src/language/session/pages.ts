/**
 * The session's declarations as several documents. One document that grows is parsed and bound whole after each cell: 14 ms at
 * 400 cells. Here the latest declarations stand in a short one, and older ones in pages that hardly ever change.
 *
 * All pages are there from the start and import each other always, so that the program's structure stays the same from cell to
 * cell; a page takes the names that it uses from the session, and the session exports every page.
 */

import { wordsOf } from "./words.js";

export const SESSION_DOCUMENT = "thawbook-session.ts";

/** A document's name, as a pattern of text. */
export const SESSION_MODULES = "thawbook-(?:session|earlier-\\d|cell|jsx-cell|edit)";

const PAGES = 8;
/** Characters of declarations: those of about 40 cells. */
const LONGEST_LATEST = 8_192;

interface Page {
  texts: Map<string, string>;
  /** As made of the texts; undefined after a change. */
  body?: { text: string; words: Set<string> };
}

export class Pages {
  private latest: Page = { texts: new Map() };
  private earlier: Page[] = Array.from({ length: PAGES }, () => ({ texts: new Map() }));

  set(name: string, text: string): void {
    for (const page of [this.latest, ...this.earlier]) if (page.texts.delete(name)) page.body = undefined;
    this.latest.texts.set(name, text);
    this.latest.body = undefined;
    if (lengthOf(this.latest) > LONGEST_LATEST) this.turn();
  }

  clear(): void {
    for (const page of [this.latest, ...this.earlier]) {
      page.texts.clear();
      page.body = undefined;
    }
  }

  /**
   * The documents and their texts, in the order in which they are to be changed: a name is in one of them at any time.
   * @param opening what the session's own document begins with
   * @param opened names that this exports
   */
  documents(opening: string, opened: readonly string[]): [name: string, text: string][] {
    const home = new Map<string, number>();
    this.earlier.forEach(({ texts }, index) => { for (const name of texts.keys()) home.set(name, index); });
    const elsewhere = new Set([...opened, ...this.latest.texts.keys(), ...home.keys()]);
    const pages = this.earlier.map((page, index): [string, string] => {
      const { text, words } = bodyOf(page);
      const used = [...words].filter((word) => elsewhere.has(word) && home.get(word) !== index);
      return [`${pageName(index)}.ts`, `import { ${used.join(", ")} } from "./thawbook-session";\nexport {};\n${text}`];
    });
    const { text, words } = bodyOf(this.latest);
    const used: string[][] = this.earlier.map(() => []);
    for (const word of new Set([...words, ...wordsOf(opening)])) {
      const index = home.get(word);
      if (index !== undefined) used[index]!.push(word);
    }
    const imports = used.map((names, index) => `import { ${names.join(", ")} } from "./${pageName(index)}"; export * from "./${pageName(index)}";`);
    return [...pages, [SESSION_DOCUMENT, `export {};\n${imports.join("\n")}\n${opening}\n${text}`]];
  }

  /** The latest declarations join the shortest page: it is parsed again once in 40 cells. */
  private turn(): void {
    const shortest = this.earlier.reduce((least, page) => (lengthOf(page) < lengthOf(least) ? page : least));
    for (const [name, text] of this.latest.texts) shortest.texts.set(name, text);
    shortest.body = undefined;
    this.latest = { texts: new Map() };
  }
}

const pageName = (index: number): string => `thawbook-earlier-${index}`;

const lengthOf = (page: Page): number => bodyOf(page).text.length;

function bodyOf(page: Page): { text: string; words: Set<string> } {
  if (!page.body) {
    const text = [...page.texts.values(), ""].join("\n");
    page.body = { text, words: wordsOf(text) };
  }
  return page.body;
}
