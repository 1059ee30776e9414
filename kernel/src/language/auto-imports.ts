/**
 * Names that a cell could use if it imported them. Apart from the completions, since a `complete_reply` carries one range only
 * and an import belongs at the head of the cell: a front end that can write at both places offers them.
 */

import type { AutoImport } from "./cell.js";

/** What the server says of a completion that needs an import. */
export interface ImportedItem {
  label: string;
  data?: { source?: string; autoImport?: { name: string; importKind: number; moduleSpecifier: string } };
}

/** A longer list is narrowed by typing on. */
const MOST = 50;

/** Ways of importing, as the server numbers them. */
const CLAUSES: Record<number, (name: string, imported: string) => string> = {
  0: (name, imported) => `{ ${imported && imported !== name ? `${imported} as ${name}` : name} }`,
  1: (name) => name,
  2: (name) => `* as ${name}`,
  3: (name) => name,
};

export const needsImport = ({ data }: ImportedItem): boolean => data?.autoImport !== undefined || data?.source !== undefined;

/**
 * @param matching what the server offers, best first
 * @param kindOf the item's kind in JupyterLab's words
 */
export function autoImports<Item extends ImportedItem>(matching: readonly Item[], isAtHand: (name: string) => boolean, kindOf: (item: Item) => string): AutoImport[] {
  const found = new Map<string, AutoImport>();
  for (const item of matching) {
    const given = item.data?.autoImport;
    if (!given || isAtHand(item.label)) continue;
    const from = given.moduleSpecifier;
    // The kernel's inner files are nobody's library.
    if (from.startsWith("thawbook/")) continue;
    const clause = CLAUSES[given.importKind];
    if (!clause) continue;
    const key = `${item.label} ${from.replace(/^node:/, "")}`;
    if (found.has(key) && !from.startsWith("node:")) continue;
    found.set(key, { name: item.label, from, kind: kindOf(item), insertText: `import ${clause(item.label, given.name)} from ${JSON.stringify(from)};` });
  }
  return [...found.values()].slice(0, MOST);
}
