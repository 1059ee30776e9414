/** TypeScript for one notebook: the parser, the transform and the checker behind one interface. */

import type { CellActions, CellSource, Completions, Diagnostic, Inspection, Language, Preparation, PreparedCell, CheckPolicy } from "./cell.js";
import { readTags, withoutBareTag } from "./tags.js";
import { TaggedCells } from "./tagged-cells.js";
import { complete } from "./complete.js";
import { completeness } from "./completeness.js";
import { inspect } from "./inspect.js";
import { completeMagic, inspectMagic, isTypeScript, magicsHelp, parseNotebookCell, readMagics } from "./magics/index.js";
import { parseCell, type Parsed } from "./script/parse.js";
import { createTransform, type ScriptTransform } from "./script/transform.js";
import { CHECK_SECONDS, Checker, isLate, type StaleCell } from "./session/checker.js";
import type { NotebookLibrary } from "./session/session.js";

export interface LanguageOptions {
  /** The notebook's folder: imports are resolved from it. */
  folder: string;
  /** Names that a notebook starts with; `tf` and `dfd` are their libraries, the rest comes from `thawbook`. */
  notebookNames: readonly string[];
  /** Told, once each, what the user should know: the checker died, cells run unchecked, it is back. */
  notices?: (text: string) => void;
}

/** Names that are libraries of their own. */
const LIBRARIES: Record<string, string> = { tf: "@tensorflow/tfjs-node", dfd: "danfojs-node" };

const BACKGROUND_LOAD_MS = 1000;
/** Parsed cells kept for their commit. */
const REMEMBERED = 8;

/** Starts the TypeScript server at once; {@link Language.ready} tells when it has checked something. */
export function createLanguage(options: LanguageOptions): Language {
  return new NotebookLanguage(options);
}

class NotebookLanguage implements Language {
  readonly ready: Promise<void>;
  policy: CheckPolicy = "strict";
  private readonly checker: Checker;
  private readonly tagged: TaggedCells;
  private readonly transform: ScriptTransform;
  private readonly notebookNames: readonly string[];
  private readonly notices: (text: string) => void;
  private parsed = new Map<string, Parsed>();
  private backgroundLoad?: NodeJS.Timeout;
  private hasLoadedAhead = false;
  private saidUnchecked = false;

  constructor({ folder, notebookNames, notices = () => undefined }: LanguageOptions) {
    this.notices = notices;
    this.notebookNames = notebookNames;
    this.checker = new Checker(folder, librariesOf(notebookNames), (restarting) => this.serverExited(restarting), (stale) => this.tellStale(stale), (cell, reason) => this.tellUntyped(cell, reason));
    this.tagged = new TaggedCells(folder, this.checker, (ask) => this.check(ask));
    this.transform = createTransform(notebookNames, folder);
    this.ready = this.checker.ready().catch(() => undefined);
    // The parser is loaded while the server starts.
    setImmediate(() => parseCell("0"));
  }

  async prepare(cell: CellSource): Promise<Preparation> {
    clearTimeout(this.backgroundLoad);
    const tags = readTags(cell.code);
    if (tags.module !== undefined || tags.browser) return this.tagged.prepare(cell, withoutBareTag(readMagics(cell.code).text), tags, this.policy);
    const { faults, ...parsed } = parseNotebookCell(cell.code);
    if (faults.length) return { ok: false, kind: "syntax", diagnostics: [...faults] };
    this.remember(cell.id, parsed);
    const [transformed, found] = await Promise.all([this.transform.transform(cell, parsed), this.check(() => this.checker.check(parsed))]);
    if (!transformed.ok) return { ok: false, kind: "syntax", diagnostics: transformed.diagnostics };
    if (found.length && this.policy === "strict") return { ok: false, kind: "type", diagnostics: found };
    return { ok: true, cell: { ...cell, ...transformed.script, diagnostics: found } };
  }

  commit(cell: PreparedCell): void {
    if (cell.isApart) return;
    const parsed = this.parsed.get(cell.id) ?? parseNotebookCell(cell.code);
    this.parsed.delete(cell.id);
    this.transform.committed(cell.declares);
    void this.checker.absorb(parsed, cell.number);
    this.loadAheadWhenIdle();
  }

  async complete(code: string, offset: number): Promise<Completions> {
    const magic = completeMagic(code, offset);
    if (magic) return magic;
    const { text } = readMagics(code);
    return this.checker.editTurns.take(() => complete(this.checker, text, offset, this.notebookNames)).catch(() => ({ items: [], autoImports: [], start: offset, end: offset }));
  }

  async inspect(code: string, offset: number, detail: 0 | 1): Promise<Inspection | undefined> {
    const magic = inspectMagic(code, offset);
    if (magic || !isTypeScript(code)) return magic;
    const { text } = readMagics(code);
    return this.checker.editTurns.take(() => inspect(this.checker, text, offset, detail)).catch(() => undefined);
  }

  isComplete = completeness;

  readonly magicsHelp = magicsHelp();

  actions(code: string): CellActions {
    const { lines, whole, faults } = readMagics(code);
    if (faults.length) return { before: [], timed: false };
    const before = lines.flatMap(({ name, argument }) => (name === "who" || name === "time" ? [] : [{ name, argument }]));
    const shows = whole && whole.name !== "time" && whole.name !== "sql" ? { as: whole.name, text: whole.body } : undefined;
    return { before, timed: whole?.name === "time", ...(shows ? { shows } : {}) };
  }

  async reset(): Promise<string[]> {
    await this.checker.reset();
    return this.transform.reset();
  }

  moduleSource(path: string): string | undefined {
    return this.tagged.source(path);
  }

  installed(): void {
    this.checker.installed();
  }

  async dispose(): Promise<void> {
    clearTimeout(this.backgroundLoad);
    await this.checker.dispose();
  }

  /** Libraries' types are read once no cell has come for a while: it takes a quarter of a second of the server's time. */
  private loadAheadWhenIdle(): void {
    if (this.hasLoadedAhead) return;
    clearTimeout(this.backgroundLoad);
    this.backgroundLoad = setTimeout(() => {
      this.hasLoadedAhead = true;
      void this.checker.loadAhead().catch(() => undefined).then(() => this.checker.imports.read());
    }, BACKGROUND_LOAD_MS).unref();
  }

  /** Without a server cells run unchecked, and the user is told once. */
  private async check(ask: () => Promise<Diagnostic[]>): Promise<Diagnostic[]> {
    if (this.policy === "off") return [];
    try {
      const found = await ask();
      this.saidUnchecked = false;
      return found;
    } catch (error) {
      if (isLate(error)) {
        this.notices(`This cell runs unchecked: its check takes longer than ${CHECK_SECONDS} s. Names that it declares without a type are \`any\` to later cells.`);
        return [];
      }
      if (!this.saidUnchecked) this.notices(`This cell runs unchecked: ${(error as Error).message}.`);
      this.saidUnchecked = true;
      return [];
    }
  }

  private serverExited(restarting: boolean): void {
    this.saidUnchecked = true;
    this.notices(restarting
      ? "The TypeScript server ended unexpectedly and is being restarted; until it is back, cells run unchecked."
      : "The TypeScript server keeps ending; cells run unchecked from now on. Restart the kernel to try again.");
  }

  private tellStale({ cause, number, fault }: StaleCell): void {
    if (this.policy === "off") return;
    const what = "file" in cause ? `\`${cause.file}\` has changed` : `\`${cause.name}\` has another type now`;
    this.notices(`${what}, and cell ${number} no longer checks: ${fault.code ?? ""} in line ${fault.start.line}: ${fault.message}`);
  }

  private tellUntyped(cell: number, reason: string): void {
    if (this.policy !== "off") this.notices(`The types of what cell ${cell} declares could not be read (${reason}): they are \`any\` to later cells.`);
  }

  private remember(id: string, parsed: Parsed): void {
    this.parsed.set(id, parsed);
    if (this.parsed.size > REMEMBERED) this.parsed.delete(this.parsed.keys().next().value!);
  }
}

function librariesOf(names: readonly string[]): NotebookLibrary[] {
  const whole = names.filter((name) => name in LIBRARIES);
  const helpers = names.filter((name) => !(name in LIBRARIES));
  return [
    ...whole.map((name) => ({ names: [name], statement: `import * as ${name} from "${LIBRARIES[name]}";` })),
    ...(helpers.length ? [{ names: helpers, statement: `import {} from "thawbook";` }] : []),
  ];
}
