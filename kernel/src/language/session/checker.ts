/** The documents of one notebook at the TypeScript server: where cells are checked, and where the editor's questions go. */

import type { Diagnostic } from "../cell.js";
import { jsxNames } from "../script/jsx.js";
import type { Parsed } from "../script/parse.js";
import { AHEAD_DIRECTORY, BROWSER_DIRECTORY, createWorkspace, type Workspace } from "../server/workspace.js";
import { PROBE_DOCUMENT, PROBE_TEXT, TypeScriptServer } from "../server/server.js";
import { declarationsOf, type CellDeclarations, type Hole } from "./declarations.js";
import { DECLARED_DOCUMENT, DeclaredModules } from "./declared-modules.js";
import type { LspItem } from "../completion-items.js";
import { LibraryMembers } from "../library-members.js";
import type { EditDocument } from "./document.js";
import { EarlierCells, type EarlierUse } from "./earlier-cells.js";
import { cellFault, fileFault, isFault } from "./faults.js";
import { ImportIndex } from "./import-index.js";
import { LocalFiles, namesLocalModule } from "./local-files.js";
import { bound, Session, withoutSessionName, type NotebookLibrary } from "./session.js";
import { Turns } from "./turns.js";
import { RpcError } from "../server/rpc.js";
import { namesLikelyDeclared, wordsOf } from "./words.js";

/** Documents are called as no file of a notebook's folder is: that would be hidden by them. */
const CELL_DOCUMENT = "thawbook-cell.ts";
/** Of another stem: of two files, a project takes the one without JSX. */
const CELL_WITH_JSX = "thawbook-jsx-cell.tsx";
const documentOf = ({ jsx }: Parsed): string => (jsx ? CELL_WITH_JSX : CELL_DOCUMENT);
/** Apart from the cell's, so that a completion between check and commit does not disturb it. */
const EDIT_DOCUMENT = "thawbook-edit.ts";

/** Beside a tsconfig.json of its own. */
const AHEAD_DOCUMENT = `${AHEAD_DIRECTORY}/ahead.ts`;

/** NodeBuilderFlags: NoTruncation | UseFullyQualifiedType (`tf.Tensor`, `import("url").URL`). */
const PRINT_FLAGS = 1 | 64;

/** A type that takes more to write (a table given as literals, `as const`) is `any` to later cells. */
const LONGEST_TYPE = 50_000;

/** A cell whose check takes longer runs unchecked; likewise its types are read for so long. */
export const CHECK_SECONDS = 5;

/** While nobody waits. */
const CHECK_EARLIER_MS = 150;

/** An earlier cell that no longer checks, since a later one has given a name another type, or a file has changed. */
export interface StaleCell {
  cause: { name: string } | { file: string };
  number: number;
  fault: Diagnostic;
}

export class Checker {
  readonly server: TypeScriptServer;
  readonly session: Session;
  private readonly workspace: Workspace;
  /** Every change of the session document, in the order of the cells. */
  private absorbing: Promise<void> = Promise.resolve();
  private readonly localFiles: LocalFiles;
  /** What the cell's document holds: the line above the cell, and the cell. */
  private opened = { head: "", text: "", document: "" };

  /** One cell at a time in the cell's document, one question at a time in the editor's. */
  private readonly cellTurns = new Turns();
  readonly editTurns = new Turns();
  /** Cells whose check took too long: their types are not even asked for. */
  private readonly slow = new WeakSet<Parsed>();
  readonly imports: ImportIndex;
  private readonly earlier = new EarlierCells();
  private readonly declared = new DeclaredModules((document, text) => this.server.set(document, text));
  readonly libraryMembers = new LibraryMembers<LspItem>();

  constructor(
    private readonly folder: string,
    libraries: readonly NotebookLibrary[],
    onServerExit: (restarting: boolean) => void,
    private readonly onStale: (stale: StaleCell) => void,
    /** Told of names that are `any` to later cells, since their types could not be read. */
    private readonly onUntyped: (number: number, reason: string) => void,
  ) {
    this.workspace = createWorkspace(folder);
    this.session = new Session(libraries);
    const empty = this.session.head(new Set(), bound([]));
    const documents = new Map([[PROBE_DOCUMENT, PROBE_TEXT], ...this.session.documents(), [CELL_DOCUMENT, empty], [CELL_WITH_JSX, empty], [EDIT_DOCUMENT, empty], [DECLARED_DOCUMENT, ""]]);
    this.workspace.write(documents);
    this.server = new TypeScriptServer(this.workspace.directory, documents, onServerExit);
    this.localFiles = new LocalFiles(this.workspace, this.server);
    this.imports = new ImportIndex(this.server, () => {
      this.linkDependencies("");
      return this.session.head(new Set(), bound([]));
    });
  }

  async ready(): Promise<void> {
    await this.server.diagnostics(PROBE_DOCUMENT);
  }

  /** Errors in a cell that parses, and in the local files that it imports. */
  async check(parsed: Parsed): Promise<Diagnostic[]> {
    const found = await this.checkCell(parsed);
    if (!namesLocalModule(parsed.text)) return found;
    await this.localFiles.follow();
    return [...found, ...await this.localFiles.faultsBehind(parsed.text)];
  }

  private async checkCell(parsed: Parsed): Promise<Diagnostic[]> {
    await this.absorbing;
    const found = await this.cellTurns.take(async () => {
      await this.openCell(parsed);
      const faults = await this.server.diagnostics(documentOf(parsed), CHECK_SECONDS * 1_000);
      if (!this.declared.learn(parsed, faults)) return faults;
      await this.openCell(parsed);
      return this.server.diagnostics(documentOf(parsed), CHECK_SECONDS * 1_000);
    }).catch((error: unknown) => {
      if (isLate(error)) this.tookTooLong(parsed);
      throw error;
    });
    const lines = parsed.text.split("\n").length;
    const ofCell = found.filter(({ range }) => range.start.line > 0 && range.start.line <= lines);
    return ofCell.filter((each) => isFault(each, this.workspace)).map((each) => cellFault(each, parsed.isObjectLiteral));
  }

  /** Makes a cell's text the module of a name. @returns what is wrong in it */
  async define(name: string, text: string, { jsx, browser }: { jsx: boolean; browser: boolean }): Promise<Diagnostic[]> {
    this.link(text);
    const { path, created, changed, deleted } = this.workspace.define(name, text, { jsx, browser });
    this.server.filesChanged(created, changed, deleted);
    this.changedFiles(changed);
    this.localFiles.defined(path);
    return this.localFiles.faultsIn(path);
  }

  /** Errors in a cell for the browser: a module of its own, which knows no other cell. */
  async checkForBrowser(text: string, jsx: boolean): Promise<Diagnostic[]> {
    this.link(text);
    const name = `${BROWSER_DIRECTORY}/${jsx ? CELL_WITH_JSX : CELL_DOCUMENT}`;
    const found = await this.cellTurns.take(async () => {
      await this.server.set(name, `${text}\nexport {};`);
      return this.server.diagnostics(name);
    });
    return found.filter((each) => isFault(each, this.workspace)).map((each) => fileFault(each));
  }

  /** The cell has run: later cells know its names. Errors of the server leave the session as it was. */
  absorb(parsed: Parsed, number: number): Promise<void> {
    const declared = this.declared.without(declarationsOf(parsed.program, parsed.text, parsed.comments));
    const names = [...new Set([...declared.declarations, ...declared.imports].map(({ name }) => name))];
    if (!names.length && !declared.augmentations.length) return this.absorbing;
    return (this.absorbing = this.absorbing.then(async () => {
      const before = new Map(names.map((name) => [name, this.session.declaration(name)]));
      const untyped = await this.absorbTypes(parsed, declared);
      if (untyped !== undefined) {
        // better names of type `any` than no names
        await this.session.absorb(declared, () => Promise.resolve([])).catch(() => this.session.absorbUntyped(names));
        await this.writeSession();
        if (untyped !== "") this.onUntyped(number, untyped);
      }
      if (this.slow.has(parsed)) return;
      this.earlier.add(number, parsed, names);
      const changed = names.filter((name) => before.get(name) !== undefined && before.get(name) !== this.session.declaration(name));
      if (changed.length) setTimeout(() => void this.checkEarlier(changed).catch(() => undefined), CHECK_EARLIER_MS).unref();
    }).catch((fault: unknown) => this.onUntyped(number, (fault as Error).message)));
  }

  /** Asked once more where it fails: a server that died meanwhile is back then. @returns why there are no types; "" where that has been told */
  private async absorbTypes(parsed: Parsed, declared: CellDeclarations): Promise<string | undefined> {
    const attempt = async (): Promise<void> => {
      await this.session.absorb(declared, (holes) => this.cellTurns.take(() => inTime(this.printTypes(parsed, holes))));
      await this.writeSession();
      await this.server.settle();
    };
    for (let tries = 1; ; tries++) {
      if (this.slow.has(parsed)) return "";
      try {
        await attempt();
        return undefined;
      } catch (error) {
        if (isLate(error)) await this.server.freed();
        if (isLate(error) || tries === 2) return this.server.isGivenUp ? "" : (error as Error).message;
        await this.server.back().catch(() => undefined);
      }
    }
  }

  /** Its check is cancelled. The cell runs meanwhile; the next one finds a server that is free. */
  private tookTooLong(parsed: Parsed): void {
    this.slow.add(parsed);
    this.absorbing = this.absorbing.then(() => this.server.freed());
  }

  /** A name has another type now: earlier cells whose functions use it may no longer check. */
  private async checkEarlier(changed: readonly string[]): Promise<void> {
    await this.tellStale(this.earlier.using(changed), (name) => ({ name }));
  }

  /** Local files are others now: earlier cells that import them, or use what was imported, may no longer check. */
  private changedFiles(paths: readonly string[]): void {
    const [path] = paths;
    if (path === undefined) return;
    const imported = this.session.importedLocally();
    setTimeout(() => {
      const current = this.opened.text;
      const concerned = this.earlier.importing(imported).filter(({ cell }) => cell.text !== current);
      void this.tellStale(concerned, () => ({ file: this.workspace.nameOf(path) })).catch(() => undefined);
    }, CHECK_EARLIER_MS).unref();
  }

  private async tellStale(uses: readonly EarlierUse[], causeOf: (name: string) => StaleCell["cause"]): Promise<void> {
    for (const { cell, name, parsed } of uses) {
      const [fault] = await this.checkCell(parsed);
      const cause = causeOf(name);
      if (fault && this.earlier.isNews(cell, "file" in cause ? cause.file : cause.name)) this.onStale({ cause, number: cell.number, fault });
    }
  }

  /**
   * Reads the types of libraries ahead of the first cell that names them: in a project of its own, so that they are parsed
   * and kept, but cells that do not name them stay cheap (`1+1` with tfjs' types in its program: 9 ms, without: 3).
   */
  async loadAhead(): Promise<void> {
    const statements = this.session.unjoined().map(({ names, statement }) => statement.replace("{}", `{ ${names.join(", ")} }`));
    if (!statements.length) return;
    this.link(statements.join("\n"));
    await this.server.set(AHEAD_DOCUMENT, `${statements.join("\n")}\nexport {};\n`);
    await this.server.settle();
  }

  /**
   * Opens code that is being written, whole or broken.
   * @param scope "all" to have every name of the session in scope
   */
  async edit(code: string, scope: "words" | "all"): Promise<EditDocument> {
    await this.absorbing;
    const words = wordsOf(code);
    await this.joinNamed(words);
    if (scope === "all") this.linkDependencies(code);
    else this.link(code);
    const declared = namesLikelyDeclared(code);
    const head = this.session.head(scope === "all" ? "all" : words, { values: declared, types: declared });
    await this.server.set(EDIT_DOCUMENT, head + code);
    return { uri: this.server.uri(EDIT_DOCUMENT) };
  }

  /** Forgets every cell. */
  async reset(): Promise<void> {
    this.absorbing = this.absorbing.then(async () => {
      this.session.reset();
      this.earlier.reset();
      await this.declared.reset();
      await this.writeSession();
    });
    await this.absorbing.catch(() => undefined);
  }

  /** Packages have come, or others in the place of those that were there. */
  installed(): void {
    this.libraryMembers.forget();
    this.imports.forget();
    this.server.filesChanged(this.workspace.linkAgain(), []);
  }

  /** Packages that a cell can import by name. */
  packages(): string[] {
    return this.workspace.packages();
  }

  /** Whether what the server offers within an import's quotes is there: in its project lie our own documents, too. */
  isBeside(specifier: string, name: string): boolean {
    return !/^\.{0,2}\//.test(specifier) || this.workspace.isBeside(specifier, name);
  }

  /** Likewise for a module that an auto-import would name. */
  readonly knowsModule = (specifier = ""): boolean => !specifier.startsWith(".") || this.workspace.localModules(`from "${specifier}"`).length > 0;

  async dispose(): Promise<void> {
    await this.server.dispose();
    this.workspace.remove();
  }

  private async openCell(parsed: Parsed): Promise<void> {
    const words = wordsOf(parsed.text);
    if (parsed.jsx) for (const name of jsxNames(this.folder)) words.add(name);
    await this.joinNamed(words);
    this.link(parsed.text);
    const { declarations, imports } = declarationsOf(parsed.program, parsed.text, parsed.comments);
    const head = this.session.head(words, bound([...declarations, ...imports]));
    this.opened = { head, text: parsed.text, document: documentOf(parsed) };
    await this.server.set(documentOf(parsed), head + await this.declared.outOf(parsed));
  }

  private async writeSession(): Promise<void> {
    await Promise.all(this.session.documents().map(([name, text]) => this.server.set(name, text)));
  }

  private async joinNamed(words: ReadonlySet<string>): Promise<void> {
    const libraries = this.session.libraryToJoin(words);
    if (!libraries.length) return;
    for (const library of libraries) {
      this.link(library.statement);
      this.session.join(library);
    }
    await this.writeSession();
  }

  /** What is new on disk, and which local modules have changed there: the server watches nothing itself. */
  private link(text: string): void {
    const created = this.workspace.link(text);
    const changed = this.localFiles.changed();
    this.server.filesChanged([...created, ...this.localFiles.unknown(text)], changed);
    this.changedFiles(changed);
  }

  /** Imports are offered from packages that the server can see. */
  private linkDependencies(code: string): void {
    this.link([code, ...this.workspace.dependencies().map((name) => `from "${name}"`)].join("\n"));
  }

  private async printTypes(parsed: Parsed, holes: readonly Hole[]): Promise<(string | undefined)[]> {
    // The check has opened the same text, unless another cell came between. The type API has a channel of its own, on which
    // a question could overtake the change: an answer on the first channel tells that it was read.
    if (this.opened.text !== parsed.text || this.opened.document !== documentOf(parsed)) {
      await this.openCell(parsed);
      await this.server.settle();
    }
    const { head } = this.opened;
    const path = this.server.path(documentOf(parsed));
    return this.server.withTypes(async (request) => {
      const types = await request<({ id: number } | null)[]>("getTypesAtPositions", { file: path, positions: holes.map(({ offset }) => head.length + offset) });
      return Promise.all(types.map(async (type) => {
        if (!type) return undefined;
        // The handle of the document's root node: names are printed as they are in scope there.
        const text = await request<string>("typeToString", { type: type.id, flags: PRINT_FLAGS, location: `1.307.${path}` });
        return text.length > LONGEST_TYPE ? undefined : withoutSessionName(text);
      }));
    });
  }
}

/** Whether the server was asked for more than it can do in the time. */
export const isLate = (error: unknown): boolean => error instanceof RpcError && error.reason === "timeout";

function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new RpcError("types", "timeout", `no answer in ${CHECK_SECONDS} s`)), CHECK_SECONDS * 1_000);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
