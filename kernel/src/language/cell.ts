/** What the language room knows of a cell, before and after it is prepared to run. */

export interface Position {
  /** 1-based, as people count. */
  line: number;
  /** 1-based, in UTF-16 units. */
  column: number;
}

/** A fault found before the cell runs: by the parser or by the type checker. */
export interface Diagnostic {
  severity: "error" | "warning";
  /** `TS2322`, or undefined where the parser has no code. */
  code?: string;
  message: string;
  /** Where it is not the cell: a local file that the cell imports, from the notebook's folder on, and its text. */
  file?: { name: string; text: string };
  start: Position;
  end: Position;
}

export interface CellSource {
  /** The `msg_id` of the execute_request, or any unique name. */
  id: string;
  /** The execution count; 0 for a silent cell. */
  number: number;
  code: string;
  /** The script's `sourceURL`; a traceback maps it back to the cell. */
  url: string;
}

/** From `column` of `line` of the script on (1-based), `by` columns were inserted (all insertions before it included). */
export interface ColumnShift {
  line: number;
  column: number;
  by: number;
}

/** A cell that can run: what main passes to `Runtime.evaluate({ replMode: true })`. */
export interface PreparedCell extends CellSource {
  /** JavaScript on the lines of the TypeScript, unless there is a `map`. Use `originalPosition` and `scriptPosition` of the door. */
  script: string;
  /** A source map (JSON) where the script was really transformed (enum, namespace, decorator, `using`). */
  map?: string;
  /** Where our own insertions moved columns to the right, in order. Applied before `map`. */
  shifts: ColumnShift[];
  /** Top-level names that this cell binds. */
  declares: string[];
  /** The cell is no part of the session: a module that others import, or code for the browser. */
  isApart?: boolean;
  /** What is shown in the place of a value. */
  shows?: { as: "javascript"; text: string };
  /** Warnings, and errors where the policy lets the cell run all the same. */
  diagnostics: Diagnostic[];
}

/** What a cell's magics ask for before it runs, in the order of their lines. */
export interface CellActions {
  /** Names of line magics that act before the check, and what stands behind each. */
  before: readonly { name: "install" | "check" | "reset" | "help"; argument: string }[];
  /** A cell that is not TypeScript: its text, as what it is. */
  shows?: { as: "html" | "markdown" | "javascript"; text: string };
  /** `%%time`. */
  timed: boolean;
}

export type Preparation = { ok: true; cell: PreparedCell } | { ok: false; kind: "syntax" | "type"; diagnostics: Diagnostic[] };

/** A name that the cell could use if it imported it. */
export interface AutoImport {
  /** What replaces the completion's range. */
  name: string;
  /** The module's specifier: `node:fs`, `danfojs-node`, `./local`. */
  from: string;
  /** `function`, `class`, …: the words that JupyterLab has icons for. */
  kind: string;
  /** The statement for a line of its own at the head of the cell, without a line's end: `import { join } from "node:path";`. */
  insertText: string;
}

export interface Completions {
  items: { text: string; kind?: string; detail?: string }[];
  /** Offered by front ends that can write at the head of the cell, too; the range is the same. */
  autoImports: AutoImport[];
  /** The range that is replaced, in UTF-16 offsets of the code. */
  start: number;
  end: number;
}

export interface Inspection {
  markdown: string;
  plain: string;
}

export type Completeness = { status: "complete" | "invalid" | "unknown" } | { status: "incomplete"; indent: string };

/** `strict`: a type error stops the cell; `warn`: it is printed to stderr; `off`: not checked. */
export type CheckPolicy = "strict" | "warn" | "off";

/**
 * TypeScript for one notebook. Everything is asynchronous and answered off the main thread, so that
 * it works while a cell runs.
 */
export interface Language {
  /** Resolves when the server has checked its first document. Cells given earlier wait for it. */
  readonly ready: Promise<void>;
  policy: CheckPolicy;
  /** What stands to be done before {@link prepare}; nothing where a magic is written wrong, which `prepare` then says. */
  actions(code: string): CellActions;
  /**
   * Checks and transforms a cell. The cell before is committed first: what it declares is known to the check only then
   * (its types may still be on their way, the check waits for them).
   */
  prepare(cell: CellSource): Promise<Preparation>;
  /** The cell has run (wholly or up to a throw): its declarations join the session, off the reply's path. */
  commit(cell: PreparedCell): void;
  /**
   * Forgets every cell's declarations.
   * @returns the names that they have bound, as scripts call them
   */
  reset(): Promise<string[]>;
  /** The text of a local module that is a cell, by the path that it would have as a file. */
  moduleSource(path: string): string | undefined;
  /** Packages have been installed into the notebook's folder. */
  installed(): void;
  /** What `%help` prints. */
  readonly magicsHelp: string;
  /** Offsets are UTF-16 units of `code`. */
  complete(code: string, offset: number): Promise<Completions>;
  inspect(code: string, offset: number, detail: 0 | 1): Promise<Inspection | undefined>;
  isComplete(code: string): Completeness;
  dispose(): Promise<void>;
}
