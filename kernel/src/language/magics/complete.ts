/** Names of magics while one is being written, and what each does. */

import type { Completions, Inspection } from "../cell.js";
import { openBrackets } from "../script/brackets.js";
import { MAGICS } from "./catalogue.js";
import { holdsTypeScript, readMagics } from "./read.js";

const NAME_BEFORE = /(?:^|\n)[ \t]*(%%?[A-Za-z]*)$/;
const CHECK_BEFORE = /(?:^|\n)[ \t]*%check[ \t]+([a-z]*)$/;

/** Undefined where the cursor is at TypeScript. */
export function completeMagic(code: string, offset: number): Completions | undefined {
  const before = code.slice(0, offset);
  const { whole, lines } = readMagics(code);
  const isBody = whole && !holdsTypeScript(whole.name) && offset >= code.length - whole.body.length && code.slice(0, offset).includes("\n");
  const none = { items: [], autoImports: [], start: offset, end: offset };
  if (isBody) return none;
  const policy = CHECK_BEFORE.exec(before)?.[1];
  if (policy !== undefined && isTopLevel(before)) return matches(policy, ["off", "warn", "strict"].map((text) => ({ text })), offset);
  const sign = NAME_BEFORE.exec(before)?.[1];
  if (sign !== undefined && isTopLevel(before.slice(0, offset - sign.length))) {
    const isFirst = !before.slice(0, offset - sign.length).trim();
    const found = matches(sign, MAGICS.filter((magic) => isFirst || !magic.sign.startsWith("%%")).map((magic) => ({ text: magic.sign, detail: magic.form })), offset);
    if (found.items.length) return found;
  }
  return lines.some(({ name, start, end }) => name !== "time" && offset > start && offset <= end) ? none : undefined;
}

/** What a magic does, where the cursor is at its name. */
export function inspectMagic(code: string, offset: number): Inspection | undefined {
  const { whole, lines } = readMagics(code);
  const line = lines.find(({ name, start }) => offset >= start && offset <= start + 1 + name.length);
  const sign = line ? `%${line.name}` : whole && offset <= code.indexOf("%%") + 2 + whole.name.length ? `%%${whole.name}` : undefined;
  const magic = MAGICS.find((entry) => entry.sign === sign);
  return magic && { markdown: `\`${magic.form}\`\n\n${magic.does}`, plain: `${magic.form}\n\n${magic.does}` };
}

/** Whether the text is TypeScript, to the checker: the rest of a `%%html` cell is not. */
export const isTypeScript = (code: string): boolean => {
  const { whole } = readMagics(code);
  return !whole || holdsTypeScript(whole.name);
};

function isTopLevel(before: string): boolean {
  const { open, inside } = openBrackets(before);
  return !open.length && !inside;
}

function matches(typed: string, items: Completions["items"], offset: number): Completions {
  const found = items.filter(({ text }) => text.startsWith(typed.toLowerCase())).map((item) => ({ ...item, kind: "keyword" }));
  return { items: found, autoImports: [], start: offset - typed.length, end: offset };
}
