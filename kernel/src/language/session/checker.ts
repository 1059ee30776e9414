/** The documents of one notebook at the TypeScript server: where cells are checked, and where the editor's questions go. */

import { statSync } from "node:fs";
import type { Diagnostic, Position } from "../cell.js";
import type { Parsed } from "../script/parse.js";
import { AHEAD_DIRECTORY, createWorkspace, packageName, type Workspace } from "../server/workspace.js";
import { PROBE_DOCUMENT, PROBE_TEXT, TypeScriptServer, type LspDiagnostic, type LspPosition } from "../server/server.js";
import { declarationsOf, type Hole } from "./declarations.js";
import type { LspItem } from "../complete.js";
import { LibraryMembers } from "../library-members.js";
import { EarlierCells } from "./earlier-cells.js";
import { Session, withoutSessionName, type NotebookLibrary } from "./session.js";
import { Turns } from "./turns.js";
import { namesLikelyDeclared, wordsOf } from "./words.js";

const CELL_DOCUMENT = "cell.ts";
/** Apart from the cell's, so that a completion between check and commit does not disturb it. */
const EDIT_DOCUMENT = "edit.ts";

/** Beside a tsconfig.json of its own. */
const AHEAD_DOCUMENT = `${AHEAD_DIRECTORY}/ahead.ts`;

/** NodeBuilderFlags: NoTruncation | UseFullyQualifiedType (`tf.Tensor`, `import("url").URL`). */
const PRINT_FLAGS = 1 | 64;

/** Faults that are none in a notebook. */
const IGNORED = new Set([
  2695, // `1, 2`: the left side of a comma is unused
  2309, // `export =` beside other exports
]);

/**
 * "… implicitly has an 'any' type": exploring is not publishing. The option stays on all the same: without it `const a = []`
 * is `never[]`.
 */
const isImplicitAny = (code: number): boolean => code >= 7005 && code <= 7057 && code !== 7027 && code !== 7029 && code !== 7030;

/** A type that takes more to write (a table given as literals, `as const`) is `any` to later cells. */
const LONGEST_TYPE = 50_000;

/** While nobody waits. */
const CHECK_EARLIER_MS = 150;

/** An earlier cell that no longer checks, since a later one has given `name` another type. */
export interface StaleCell {
  name: string;
  number: number;
  fault: Diagnostic;
}

export class Checker {
  readonly server: TypeScriptServer;
  readonly session: Session;
  private readonly workspace: Workspace;
  /** Every change of the session document, in the order of the cells. */
  private absorbing: Promise<void> = Promise.resolve();
  /** Local modules that the session imports, directly or not, with the time of their last change. */
  private localFiles = new Map<string, number>();
  /** What the cell's document holds: the line above the cell, and the cell. */
  private opened = { head: "", text: "" };

  /** One cell at a time in the cell's document, one question at a time in the editor's. */
  private readonly cellTurns = new Turns();
  readonly editTurns = new Turns();
  private readonly earlier = new EarlierCells();
  readonly libraryMembers = new LibraryMembers<LspItem>();

  constructor(
    folder: string,
    libraries: readonly NotebookLibrary[],
    onServerExit: (restarting: boolean) => void,
    private readonly onStale: (stale: StaleCell) => void,
  ) {
    this.workspace = createWorkspace(folder);
    this.session = new Session(libraries);
    const empty = this.session.head(new Set(), new Set());
    const documents = new Map([[PROBE_DOCUMENT, PROBE_TEXT], ...this.session.documents(), [CELL_DOCUMENT, empty], [EDIT_DOCUMENT, empty]]);
    this.workspace.write(documents);
    this.server = new TypeScriptServer(this.workspace.directory, documents, onServerExit);
  }

  async ready(): Promise<void> {
    await this.server.diagnostics(PROBE_DOCUMENT);
  }

  /** Errors in a cell that parses. */
  async check(parsed: Parsed): Promise<Diagnostic[]> {
    await this.absorbing;
    const found = await this.cellTurns.take(async () => {
      await this.openCell(parsed);
      return this.server.diagnostics(CELL_DOCUMENT);
    });
    if (namesLocalModule(parsed.text)) await this.findLocalFiles();
    const lines = parsed.text.split("\n");
    return found.filter((diagnostic) => this.concerns(diagnostic, lines)).map((diagnostic) => toDiagnostic(diagnostic, parsed.isObjectLiteral));
  }

  /** The cell has run: later cells know its names. Errors of the server leave the session as it was. */
  absorb(parsed: Parsed, number: number): Promise<void> {
    const declared = declarationsOf(parsed.program, parsed.text, parsed.comments);
    const names = [...new Set([...declared.declarations, ...declared.imports].map(({ name }) => name))];
    if (!names.length && !declared.augmentations.length) return this.absorbing;
    return (this.absorbing = this.absorbing.then(async () => {
      const before = new Map(names.map((name) => [name, this.session.declaration(name)]));
      // A server that died meanwhile is asked once more when it is back; better names of type `any` than no names.
      const print = (holes: readonly Hole[]) => this.cellTurns.take(() => this.printTypes(parsed, holes));
      await this.session.absorb(declared, (holes) => print(holes).catch(() => this.server.back().then(() => print(holes))).catch(() => []));
      await this.writeSession();
      await this.server.settle();
      this.earlier.add(number, parsed, names);
      const changed = names.filter((name) => before.get(name) !== undefined && before.get(name) !== this.session.declaration(name));
      if (changed.length) setTimeout(() => void this.checkEarlier(changed).catch(() => undefined), CHECK_EARLIER_MS).unref();
    }).catch(() => undefined));
  }

  /** A name has another type now: earlier cells whose functions use it may no longer check. */
  private async checkEarlier(changed: readonly string[]): Promise<void> {
    for (const { cell, name, parsed } of this.earlier.using(changed)) {
      const [fault] = await this.check(parsed);
      if (fault && this.earlier.isNews(cell, name)) this.onStale({ name, number: cell.number, fault });
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
    // Imports are offered from packages that the server can see.
    this.link(scope === "all" ? [code, ...this.workspace.dependencies().map((name) => `from "${name}"`)].join("\n") : code);
    const head = this.session.head(scope === "all" ? "all" : words, namesLikelyDeclared(code));
    await this.server.set(EDIT_DOCUMENT, head + code);
    return { uri: this.server.uri(EDIT_DOCUMENT) };
  }

  /** Forgets every cell. */
  async reset(): Promise<void> {
    this.absorbing = this.absorbing.then(async () => {
      this.session.reset();
      this.earlier.reset();
      await this.writeSession();
    });
    await this.absorbing.catch(() => undefined);
  }

  /** Packages have come, or others in the place of those that were there. */
  installed(): void {
    this.libraryMembers.forget();
    this.server.filesChanged(this.workspace.linkAgain(), []);
  }

  /** Packages that a cell can import by name. */
  packages(): string[] {
    return this.workspace.packages();
  }

  async dispose(): Promise<void> {
    await this.server.dispose();
    this.workspace.remove();
  }

  private async openCell(parsed: Parsed): Promise<void> {
    const words = wordsOf(parsed.text);
    await this.joinNamed(words);
    this.link(parsed.text);
    const { declarations, imports } = declarationsOf(parsed.program, parsed.text, parsed.comments);
    const head = this.session.head(words, new Set([...declarations, ...imports].map(({ name }) => name)));
    this.opened = { head, text: parsed.text };
    await this.server.set(CELL_DOCUMENT, head + parsed.text);
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
    const changed = [...this.localFiles].filter(([path, time]) => modifiedAt(path) !== time).map(([path]) => path);
    for (const path of changed) this.localFiles.set(path, modifiedAt(path));
    // A cell that names local modules may name one that was just written.
    const named = namesLocalModule(text) ? this.workspace.localModules(text).filter((path) => !this.localFiles.has(path)) : [];
    this.server.filesChanged([...created, ...named], changed);
  }

  private async findLocalFiles(): Promise<void> {
    const files = await this.server.withTypes((request) => request<string[]>("getSourceFileNames", {}));
    for (const path of files) {
      if (this.workspace.isLocal(path) && !this.localFiles.has(path)) this.localFiles.set(path, modifiedAt(path));
    }
  }

  private async printTypes(parsed: Parsed, holes: readonly Hole[]): Promise<(string | undefined)[]> {
    // The check has opened the same text, unless another cell came between. The type API has a channel of its own, on which
    // a question could overtake the change: an answer on the first channel tells that it was read.
    if (this.opened.text !== parsed.text) {
      await this.openCell(parsed);
      await this.server.settle();
    }
    const { head } = this.opened;
    const path = this.server.path(CELL_DOCUMENT);
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

  private concerns({ range, severity, code, message }: LspDiagnostic, lines: readonly string[]): boolean {
    if (severity !== undefined && severity > 1) return false;
    if (range.start.line === 0 || IGNORED.has(Number(code)) || isImplicitAny(Number(code))) return false;
    // A module without types that Node finds.
    if (Number(code) === 2307) {
      const specifier = /'([^']+)'/.exec(message)?.[1];
      if (specifier && this.workspace.resolves(specifier)) return false;
    }
    return range.start.line <= lines.length;
  }
}

const namesLocalModule = (text: string): boolean => /["'`]\.{0,2}\//.test(text);

function modifiedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

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

/** For a package that is not there. */
function howToInstall(code: number | string | undefined, message: string): string {
  const specifier = Number(code) === 2307 ? /'([^']+)'/.exec(message)?.[1] : undefined;
  const name = specifier && packageName(specifier);
  return name ? ` \`%install ${name}\` on a line above installs it.` : "";
}

function toDiagnostic({ range, code, message }: LspDiagnostic, isObjectLiteral: boolean): Diagnostic {
  // The document's line 1 is the cell's line 1; an object literal has a parenthesis before it.
  const position = ({ line, character }: LspPosition): Position => ({ line, column: character + 1 - (isObjectLiteral && line === 1 ? 1 : 0) });
  return {
    severity: "error",
    ...(code === undefined ? {} : { code: `TS${code}` }),
    message: withoutSessionName(message) + howToInstall(code, message),
    start: position(range.start),
    end: position(range.end),
  };
}
