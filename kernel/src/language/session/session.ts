/**
 * What the cells that have run leave behind, as printed declarations in a module, and the line of imports that brings it into
 * the document where the next cell is checked.
 *
 * That line always names the same module, so the program's structure never changes from cell to cell (200 documents, one
 * a cell, cost 33-50 ms for `1+1`; this costs 3). `let` and `const` are declared there and not imported: an import cannot be
 * assigned, and a cell may declare the name anew.
 */

import type { CellDeclarations, Declaration, Hole } from "./declarations.js";
import { Pages, SESSION_MODULES } from "./pages.js";

/** Names the session module within a cell's document; it never reaches the user's eyes. */
const SESSION_NAME = "__s";

/** `(await fetch(url)).json()` is `any`, as in a browser, and not `unknown` as in Node's types: a notebook looks at data. */
const AUGMENTED = "declare global { interface Response { json(): Promise<any>; } interface Request { json(): Promise<any>; } }";

interface Entry {
  kind: Declaration["kind"];
  text: string;
  /** What of the text gives the value alone, or the type alone. */
  value?: string;
  type?: string;
}

/** Names that a cell binds itself. */
export interface BoundNames {
  values: ReadonlySet<string>;
  types: ReadonlySet<string>;
}

/** A library whose types join when a cell first names one of its names. */
export interface NotebookLibrary {
  names: readonly string[];
  /** The import that gives them, as `import … from "…"`. */
  statement: string;
}

export type PrintTypes = (holes: readonly Hole[]) => Promise<(string | undefined)[]>;

export class Session {
  private entries = new Map<string, Entry>();
  private pages = new Pages();
  private augmentations = new Set<string>();
  private joined = new Set<NotebookLibrary>();

  constructor(private readonly libraries: readonly NotebookLibrary[]) {}

  has(name: string): boolean {
    return this.entries.has(name);
  }

  /** The declaration of a name, as later cells see it. */
  declaration(name: string): string | undefined {
    return this.entries.get(name)?.text;
  }

  names(): string[] {
    return [...new Set([...this.entries.keys(), ...[...this.joined].flatMap(({ names }) => names)])];
  }

  /** Names that mean a library as a whole. */
  wholeLibraries(): string[] {
    return this.libraries.filter(({ names }) => names.length === 1).flatMap(({ names }) => names).filter((name) => !this.entries.has(name));
  }

  /** Names that come from the notebook's own modules. */
  importedLocally(): string[] {
    return [...this.entries].filter(([, { text }]) => /^import [^\n]* from ["']\.{0,2}\//m.test(text)).map(([name]) => name);
  }

  /** What a name of the session is, in JupyterLab's words. */
  kindOf(name: string): string | undefined {
    const text = this.entries.get(name)?.text ?? "";
    const [, keyword, type] = /^export (?:declare )?(?:abstract )?(function|class|interface|type|enum|namespace|const|let)\b(?: [^:=\n]*: (.*))?/m.exec(text) ?? [];
    if (keyword === "const" || keyword === "let") return type !== undefined && returnedType(type) !== undefined ? "function" : "variable";
    return keyword === "namespace" ? "module" : keyword;
  }

  /** Forgets what cells have declared; libraries that have joined stay. */
  reset(): void {
    this.entries.clear();
    this.pages.clear();
    this.augmentations.clear();
  }

  /** The library of a notebook name that is not joined yet, unless the user has taken the name. */
  libraryToJoin(words: ReadonlySet<string>): NotebookLibrary[] {
    return this.libraries.filter((library) => !this.joined.has(library) && library.names.some((name) => words.has(name) && !this.entries.has(name)));
  }

  /** The libraries that no cell has named yet. */
  unjoined(): NotebookLibrary[] {
    return this.libraries.filter((library) => !this.joined.has(library));
  }

  join(library: NotebookLibrary): void {
    this.joined.add(library);
  }

  /** The module's documents, in the order in which they are to be changed. */
  documents(): [name: string, text: string][] {
    const exported: string[] = [];
    const libraries = [...this.joined].map(({ names, statement }) => {
      const free = names.filter((name) => !this.entries.has(name));
      if (!free.length) return "";
      exported.push(...free);
      return `${statement.replace("{}", `{ ${free.join(", ")} }`)} export { ${free.join(", ")} };`;
    });
    return this.pages.documents([AUGMENTED, ...libraries, ...this.augmentations].join("\n"), exported);
  }

  /**
   * The first line of a cell's document.
   * @param words every word of the cell, or "all" where the names in scope are asked for
   * @param bound names that the cell binds itself
   */
  head(words: ReadonlySet<string> | "all", bound: BoundNames): string {
    const imported: string[] = [];
    const declarations: string[] = [];
    const isNamed = (name: string) => words === "all" || words.has(name);
    for (const library of this.joined) {
      for (const name of library.names) {
        // A library as a whole is there always, so that types are printed as `tf.Tensor`.
        const isWhole = library.names.length === 1;
        const isBound = bound.values.has(name) || bound.types.has(name);
        if (!this.entries.has(name) && !isBound && (isWhole || isNamed(name))) imported.push(name);
      }
    }
    for (const [name, { kind, value, type }] of this.entries) {
      const bindsValue = bound.values.has(name);
      const bindsType = bound.types.has(name);
      const isWhole = !bindsValue && !bindsType;
      if (isWhole && kind === "namespace import") imported.push(name);
      else if (!isNamed(name)) continue;
      else if (isWhole && kind === "other") imported.push(name);
      else {
        if (!bindsValue && value !== undefined) declarations.push(`declare ${kind === "let" ? "let" : "const"} ${name}: typeof ${SESSION_NAME}.${name};`);
        if (!bindsType && type !== undefined && !isGeneric(type, name)) declarations.push(`type ${name} = ${SESSION_NAME}.${name};`);
      }
    }
    return `import * as ${SESSION_NAME} from "./thawbook-session"; import { ${imported.join(", ")} } from "./thawbook-session"; ${declarations.join(" ")} export {};\n`;
  }

  /** Takes over names of which nothing more is known. */
  absorbUntyped(names: readonly string[]): void {
    for (const name of names) {
      const value = `export declare let ${name}: any;`;
      const type = `export type ${name} = any;`;
      const entry: Entry = { kind: "let", text: `${value} ${type}`, value, type };
      this.entries.delete(name);
      this.entries.set(name, entry);
      this.pages.set(name, entry.text);
    }
  }

  /** Takes over what a cell declares. */
  async absorb({ declarations, imports, augmentations }: CellDeclarations, print: PrintTypes): Promise<void> {
    const all = [...imports, ...declarations];
    const holes = all.flatMap(({ parts }) => parts.filter((part): part is Hole => typeof part !== "string"));
    const types = holes.length ? await print(holes) : [];
    const printed = new Map(holes.map((hole, index) => [hole, types[index]]));
    const texts = new Map<string, Entry>();
    for (const declaration of all) {
      const entry = entryOf(declaration, declarationText(declaration, printed));
      const before = texts.get(declaration.name);
      // An interface and a constant of one name, or the signatures of an overloaded function, belong together.
      texts.set(declaration.name, before ? together(before, entry, declaration.name) : entry);
    }
    for (const [name, declared] of texts) {
      const entry = withRest(declared, this.entries.get(name), name);
      this.entries.delete(name);
      this.entries.set(name, entry);
      this.pages.set(name, entry.text);
    }
    for (const augmentation of augmentations) this.augmentations.add(augmentation);
  }
}

function entryOf({ kind, means, valueText }: Declaration, text: string): Entry {
  if (means === "both") return { kind, text, ...(valueText === undefined ? {} : { value: valueText }) };
  return { kind, text, [means]: text };
}

function together(a: Entry, b: Entry, name: string): Entry {
  const joined = (one?: string, other?: string): string | undefined => (one !== undefined && other !== undefined ? `${one}\n${other}` : one ?? other);
  const value = joined(a.value, b.value);
  const type = joined(a.type, b.type);
  // What is a variable stays one, so that it can be assigned.
  const variable = [a, b].find(({ kind }) => kind === "let");
  const kind = a.kind === b.kind ? a.kind : variable && type !== undefined && !isGeneric(type, name) ? "let" : "other";
  return { kind, text: `${a.text}\n${b.text}`, ...(value === undefined ? {} : { value }), ...(type === undefined ? {} : { type }) };
}

/** A cell that gives a name another type leaves its value, and the other way round. */
function withRest(declared: Entry, before: Entry | undefined, name: string): Entry {
  if (!before) return declared;
  const { value, type } = declared;
  if (value === undefined && type === declared.text && before.value !== undefined) {
    const kind = before.kind === "let" ? "let" : before.kind === "const" ? "const" : "other";
    return together({ kind, text: before.value, value: before.value }, declared, name);
  }
  if (type === undefined && value === declared.text && before.type !== undefined) return together(declared, { kind: "other", text: before.type, type: before.type }, name);
  return declared;
}

const isGeneric = (type: string, name: string): boolean => type.includes(`${name}<`) || /\b(?:interface|type)\s+[^\s<]+\s+</.test(type);

function declarationText({ name, kind, parts }: Declaration, printed: ReadonlyMap<Hole, string | undefined>): string {
  let text = "";
  for (const part of parts) {
    if (typeof part === "string") {
      text += part;
      continue;
    }
    const type = printed.get(part);
    if (part.of === "return") {
      const returned = type && returnedType(type);
      // Not one plain signature (overloads, a function with properties): the value's type as a whole.
      if (!returned && parts[1] === "export declare function " && type) return `${parts[0] as string}export declare const ${name}: ${type};`;
      text += returned ?? "any";
    } else if (type === `typeof ${name}`) {
      // A unique symbol, or a class expression: only its own source says what it is.
      if (/^Symbol\b/.test(part.fallback ?? "")) text += "unique symbol";
      else if (part.fallback) return `${parts[0] as string}export ${kind} ${name} = ${part.fallback};`;
      else text += "any";
    } else text += type ?? "any";
  }
  return text;
}

/** `<T>(a: T, b: () => void) => R` -> `R`; undefined for anything but one call signature. */
export function returnedType(type: string): string | undefined {
  let depth = 0;
  let sawParameters = false;
  for (let i = 0; i < type.length; i++) {
    const char = type[i]!;
    if (char === '"' || char === "'" || char === "`") {
      for (i++; i < type.length && type[i] !== char; i++) if (type[i] === "\\") i++;
    } else if ("([{<".includes(char)) {
      if (depth === 0 && char === "{") return undefined;
      if (depth === 0 && char === "(") sawParameters = true;
      depth++;
    } else if (char === ">" && type[i - 1] === "=") {
      if (depth === 0) return sawParameters ? type.slice(i + 1).trim() : undefined;
    } else if (")]}>".includes(char)) depth--;
  }
  return undefined;
}

/** Names of the session as the user knows them: the checker prints `__s.Point` for a `Point` that the cell did not name. */
export function withoutSessionName(text: string): string {
  return text.replace(new RegExp(`\\b${SESSION_NAME}\\.|\\bimport\\("[^"]*/${SESSION_MODULES}"\\)\\.`, "g"), "");
}

export function bound(declarations: readonly Declaration[]): BoundNames {
  const names = (other: Declaration["means"]) => new Set(declarations.filter(({ means }) => means !== other).map(({ name }) => name));
  return { values: names("type"), types: names("value") };
}
