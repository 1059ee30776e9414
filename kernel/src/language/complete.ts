/** Completions of a cell that is being written. */

import { builtinModules } from "node:module";
import { autoImports, needsImport } from "./auto-imports.js";
import type { Completions } from "./cell.js";
import type { LspItem, LspList } from "./completion-items.js";
import { libraryPath } from "./library-members.js";
import type { Checker } from "./session/checker.js";
import { lspPosition, offsetAt } from "./session/document.js";
import { withoutSessionName } from "./session/session.js";

/** Kinds of the Language Server Protocol, by number, in the words that JupyterLab has icons for. */
const KINDS = ["", "text", "method", "function", "class", "field", "variable", "class", "interface", "module", "property", "unit", "value", "enum", "keyword", "snippet", "color", "file", "reference", "folder", "enum", "constant", "class", "event", "operator", "type"];

/** So many are looked up for their type; a longer list is still being narrowed by typing. */
const DETAILED = 24;
const WORD_BEFORE = /[\p{ID_Start}$_#][\p{ID_Continue}$]*$/u;
/** The specifier that is being written, up to the cursor. */
const SPECIFIER_BEFORE = /\b(?:from|import|require)\s*\(?\s*(["'`])([^"'`\n]*)$/;
const IN_STRING = /(["'`])(?:(?!\1)[^\\\n]|\\.)*$/;

/** @param notebookNames known before their types are loaded */
export async function complete(checker: Checker, code: string, offset: number, notebookNames: readonly string[]): Promise<Completions> {
  const before = code.slice(0, offset);
  const specifier = SPECIFIER_BEFORE.exec(before)?.[2];
  if (specifier !== undefined && isPackageName(specifier)) return packageCompletions(checker, specifier, offset);
  const prefix = WORD_BEFORE.exec(before)?.[0] ?? "";
  const isMember = /\.\s*$/.test(before.slice(0, before.length - prefix.length));
  const path = isMember ? libraryPath(code, before.slice(0, before.length - prefix.length), checker.session.wholeLibraries()) : undefined;
  const known = path && checker.libraryMembers.get(path)?.filter(({ label }) => startsWith(label, prefix));
  // A short list is shown with types, which the server has.
  if (known && known.length > DETAILED) return { items: ordered(known, prefix).map((item) => toCompletion(item)), autoImports: [], start: offset - prefix.length, end: offset };
  const { uri } = await checker.edit(code, isMember ? "words" : "all");
  const params = { textDocument: { uri }, position: lspPosition(code, offset), context: { triggerKind: 1 } };
  type Answer = LspList | LspItem[] | null;
  // Before the server has read through the packages once, names in scope do not wait for it.
  const answer = prefix && !isMember && checker.imports.ready
    ? await checker.server.requestWithImports<Answer>(params)
    : await checker.server.request<Answer>("textDocument/completion", params);
  const list: LspList = Array.isArray(answer) ? { items: answer } : answer ?? { items: [] };
  const start = startOfEdit(list, code) ?? offset - prefix.length;
  const typed = code.slice(start, offset);
  const isInString = list.items.length > 0 && IN_STRING.test(before.slice(before.lastIndexOf("\n") + 1)) && !isMember;

  if (path) checker.libraryMembers.set(path, list.items.map(({ label, kind, sortText }) => ({ label, ...(kind ? { kind } : {}), ...(sortText ? { sortText } : {}) })));
  const isOffered = (item: LspItem): boolean => startsWith(item.filterText ?? item.label, typed) && !item.label.startsWith("__s")
    // a key that is no name replaces the dot before it, and a reply has one range for all
    && (startOfItem(item, code) ?? start) === start
    && (specifier === undefined || checker.isBeside(specifier, item.label));
  const offered = ordered(list.items.filter(isOffered), typed);
  const matching = offered.filter((item) => !needsImport(item));
  if (matching.length <= DETAILED) await Promise.all(matching.map((item) => addDetail(checker, item)));
  const items = unique(matching).map((item) => toCompletion(item, kindOf(checker, item)));
  if (!isMember && !isInString && list.items.length) {
    const offeredTexts = new Set(items.map(({ text }) => text));
    for (const name of notebookNames) if (startsWith(name, typed) && !offeredTexts.has(name)) items.push({ text: name, kind: "variable" });
  }
  const atHand = new Set(items.map(({ text }) => text));
  const imports = typed ? autoImports(offered.filter((item) => needsImport(item) && checker.knowsModule(item.data?.autoImport?.moduleSpecifier)), (name) => atHand.has(name), ({ kind }) => KINDS[kind ?? 0] ?? "") : [];
  return { items, autoImports: imports, start, end: offset };
}

/** The best first. */
function ordered(items: readonly LspItem[], typed: string): LspItem[] {
  return [...items].sort((a, b) => rank(a, typed) - rank(b, typed) || compare(a.sortText ?? a.label, b.sortText ?? b.label) || compare(a.label, b.label));
}

function toCompletion(item: LspItem, kind = item.kind ? KINDS[item.kind] : undefined): Completions["items"][number] {
  const { detail } = item;
  return { text: insertion(item), ...(kind ? { kind } : {}), ...(detail ? { detail: withoutSessionName(detail) } : {}) };
}

/** Not a path, nor a path within a package. */
function isPackageName(specifier: string): boolean {
  return !specifier.startsWith(".") && !specifier.startsWith("/") && !/^(?:@[^/]*\/)?[^@/][^/]*\//.test(specifier);
}

/** The server knows the packages that cells have imported; here are all that they could. */
function packageCompletions(checker: Checker, specifier: string, offset: number): Completions {
  const builtins = builtinModules.filter((name) => !name.startsWith("_")).map((name) => (name.startsWith("node:") ? name : `node:${name}`));
  const names = [...checker.packages(), ...builtins].filter((name) => startsWith(name, specifier) || startsWith(name, `node:${specifier}`));
  return { items: names.map((text) => ({ text, kind: "module" })), autoImports: [], start: offset - specifier.length, end: offset };
}

/** What the server wants replaced: more than a word in `import "@tensorflow/tf|"`. */
function startOfEdit({ items, itemDefaults }: LspList, code: string): number | undefined {
  const fallback = itemDefaults?.editRange;
  const range = fallback && "insert" in fallback ? fallback.insert : fallback;
  return (items[0] && startOfItem(items[0], code)) ?? (range && offsetAt(code, range.start));
}

function startOfItem({ textEdit }: LspItem, code: string): number | undefined {
  const range = textEdit?.range ?? textEdit?.replace;
  return range && offsetAt(code, range.start);
}

function insertion({ label, insertText, textEdit }: LspItem): string {
  return textEdit?.newText ?? insertText ?? label;
}

function startsWith(text: string, prefix: string): boolean {
  return text.slice(0, prefix.length).toLowerCase() === prefix.toLowerCase();
}

/** One item a text: a global may be declared by several libraries. */
function unique(items: readonly LspItem[]): LspItem[] {
  const seen = new Set<string>();
  return items.filter((item) => !seen.has(insertion(item)) && seen.add(insertion(item)));
}

/** What begins as typed comes before what differs in case; keywords come last. */
function rank({ label, kind }: LspItem, typed: string): number {
  return (label.startsWith(typed) ? 0 : 2) + (kind === 14 ? 1 : 0);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What a name is, where the server calls it a variable: it has been imported from the session. */
function kindOf(checker: Checker, { label, kind, detail }: LspItem): string | undefined {
  const known = kind ? KINDS[kind] : undefined;
  if (known !== "variable" && known !== "") return known;
  const [, word] = /^\(alias\) (function|class|interface|enum|namespace|type)\b/.exec(detail ?? "") ?? [];
  return (word === "namespace" ? "module" : word) ?? checker.session.kindOf(label) ?? known;
}

async function addDetail(checker: Checker, item: LspItem): Promise<void> {
  if (item.kind === 14 || item.detail) return;
  const resolved = await checker.server.request<LspItem>("completionItem/resolve", item, 2_000).catch(() => undefined);
  if (resolved?.detail) item.detail = resolved.detail.replace(/\nimport .*$/s, "");
}
