import { readFileSync } from "node:fs";
import { basename, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { Diagnostic } from "../language";
import { frameName } from "../language/script-abi";
import type { ErrorReport } from "../threads";
import { labelOf, type Cells } from "./cells";

/**
 * No colours: an error stands on light red in JupyterLab's light theme and on dark red in its dark one, and none of its ANSI
 * colours has a contrast of more than 3.5 on both (bold red, the usual one, has 2.1 in the dark), where text has 12.
 */
const BOLD = "\x1b[1m";
const DIM = "\x1b[2m";
const OFF = "\x1b[0m";

const AROUND = 2;
const DEEPEST_CAUSE = 8;
/** Frames shown of a deep recursion. */
const FRAMES = 24;

/** No fault of the cell: it stands out by nothing. */
const INTERRUPT = "KeyboardInterrupt";

/** An error's name. */
export const strong = (name: string): string => (name === "" ? "" : `${BOLD}${name}${OFF}`);

/** The content of an `error` message, and of a reply with `status: "error"`. */
export interface ErrorContent {
  ename: string;
  evalue: string;
  traceback: string[];
}

/**
 * A source line marked between its neighbours:
 *
 * ```
 *       2 |   const a = 1;
 * ----> 3 |   throw new Error("x");
 *         |         ^
 * ```
 */
export function excerpt(lines: readonly string[], line: number, column: number): string[] {
  const width = String(Math.min(lines.length, line + AROUND)).length;
  const shown: string[] = [];
  for (let at = Math.max(1, line - AROUND); at <= Math.min(lines.length, line + AROUND); at += 1) {
    const number = String(at).padStart(width);
    const text = (lines[at - 1] ?? "").slice(0, 200);
    shown.push(at === line ? `${BOLD}----> ${number}${OFF} | ${text}` : `${DIM}      ${number} | ${text}${OFF}`);
    if (at !== line || column < 1 || column > text.length + 1) continue;
    const before = text.slice(0, column - 1).replace(/[^\t]/g, " ");
    shown.push(`      ${" ".repeat(width)} | ${before}${BOLD}^${OFF}`);
  }
  return shown;
}

interface Frame {
  name: string;
  where: string;
  line: number;
  column: number;
}

const FRAME = /^\s*at (?:(.*?) \()?(?:(.*):(\d+):(\d+)|(native|<anonymous>|index \d+))\)?$/;

function parseFrame(text: string): Frame | undefined {
  const match = FRAME.exec(text);
  if (!match) return undefined;
  return { name: frameName(match[1] ?? ""), where: match[2] ?? match[5] ?? "", line: Number(match[3] ?? 0), column: Number(match[4] ?? 0) };
}

/** Makes tracebacks of what main reports, with the cells' own lines in them. */
export class Tracebacks {
  readonly #cells: Cells;
  readonly #folder: string;

  readonly #moduleSource: (path: string) => string | undefined;

  /** @param moduleSource texts of modules that are cells and no files */
  constructor(cells: Cells, folder: string, moduleSource: (path: string) => string | undefined = () => undefined) {
    this.#cells = cells;
    this.#moduleSource = moduleSource;
    this.#folder = folder;
  }

  /** What a thrown value shows: its frames in cells and in the notebook's files, library frames folded. */
  error(report: ErrorReport): ErrorContent {
    return { ename: report.name, evalue: report.message, traceback: this.#lines(report, 0) };
  }

  /** What stops a cell before it runs. */
  diagnostics(kind: "syntax" | "type", diagnostics: readonly Diagnostic[], number: number, code: string): ErrorContent {
    const lines = code.split("\n");
    const said = diagnostics.map((found) => {
      const place = `${found.file?.name ?? labelOf(number)}:${found.start.line}:${found.start.column}`;
      return { head: `${place}: ${found.message}${found.code === undefined ? "" : ` (${found.code})`}`, found };
    });
    const ename = kind === "syntax" ? "SyntaxError" : "TypeScriptError";
    const traceback = said.flatMap(({ head, found }) => [
      `${BOLD}${ename}${OFF} ${head}`, ...excerpt(found.file?.text.split("\n") ?? lines, found.start.line, found.start.column),
    ]);
    if (kind === "type") traceback.push(`${DIM}The cell has not run.${OFF}`);
    return { ename, evalue: said[0]?.head ?? "the cell cannot be read", traceback };
  }

  #lines(report: ErrorReport, depth: number): string[] {
    const head = report.name === "" ? report.message : report.message === "" ? report.name : `${report.name}: ${report.message}`;
    const name = report.name === INTERRUPT ? INTERRUPT : strong(report.name);
    const lines = [`${name}${head.slice(report.name.length)}`, ...this.#frames(report.stack)];
    if (depth >= DEEPEST_CAUSE) return lines;
    const within = (title: string, inner: ErrorReport): string[] => ["", `${BOLD}${title}${OFF}`, ...this.#lines(inner, depth + 1).map((line) => `    ${line}`)];
    if (report.cause !== undefined) lines.push(...within("caused by", report.cause));
    (report.errors ?? []).forEach((inner, index) => lines.push(...within(`error ${index + 1} of ${report.errors?.length}`, inner)));
    return lines;
  }

  #frames(stack: string): string[] {
    const lines: string[] = [];
    let folded: string[] = [];
    let shown = 0;
    let marked = 0;
    const fold = (): void => {
      if (folded.length > 0) lines.push(`${DIM}  … ${folded.length} ${folded.length === 1 ? "frame" : "frames"} in ${[...new Set(folded)].join(", ")}${OFF}`);
      folded = [];
    };
    for (const text of stack.split("\n")) {
      const frame = parseFrame(text);
      if (frame === undefined || frame.where === "" || frame.where === "native" || frame.where === "<anonymous>" || frame.where.startsWith("index ")) continue;
      const own = this.#own(frame);
      if (own === undefined) {
        const library = libraryOf(frame.where);
        if (library !== undefined) folded.push(library);
        continue;
      }
      fold();
      if (++shown > FRAMES) continue;
      const name = frame.name === "" || frame.name === "<anonymous>" ? "" : ` in ${frame.name}`;
      lines.push(`  at ${BOLD}${own.where}:${own.line}:${own.column}${OFF}${name}`);
      if (marked < 4) lines.push(...excerpt(own.lines, own.line, own.column));
      marked += 1;
    }
    if (shown > FRAMES) lines.push(`${DIM}  … ${shown - FRAMES} more frames${OFF}`);
    // frames below the person's own are the kernel's: nothing to learn there, unless there is nothing else, and a library among it
    const isKernel = folded.includes("thawbook") && folded.every((library) => library === "thawbook" || library.startsWith("node:"));
    if (shown === 0 && !isKernel) fold();
    return lines;
  }

  #own(frame: Frame): { where: string; line: number; column: number; lines: readonly string[] } | undefined {
    const place = this.#cells.place(frame.where, frame.line, frame.column);
    if (place) return { where: place.cell.label, line: place.line, column: place.column, lines: place.cell.lines };
    const path = pathOf(frame.where);
    if (path === undefined || path.includes(`${sep}node_modules${sep}`) || !path.startsWith(this.#folder + sep)) return undefined;
    return { where: relative(this.#folder, path), line: frame.line, column: frame.column, lines: this.#moduleSource(path)?.split("\n") ?? readLines(path) };
  }
}

function pathOf(where: string): string | undefined {
  if (where.startsWith("/")) return where;
  if (!where.startsWith("file://")) return undefined;
  try {
    return fileURLToPath(where.replace(/\?.*$/, ""));
  } catch {
    return undefined;
  }
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split("\n");
  } catch {
    return [];
  }
}

/** `danfojs-node` of a path below node_modules, `node:fs` of Node's own, undefined for the kernel's own frames. */
function libraryOf(where: string): string | undefined {
  if (where.startsWith("node:")) return where.replace(/^node:internal\/.*/, "node:internal");
  const parts = where.split(/[\\/]node_modules[\\/]/);
  if (parts.length > 1) return /^(@[^\\/]+[\\/][^\\/]+|[^\\/]+)/.exec(parts.at(-1)!)?.[1];
  return basename(where) === "" ? undefined : "thawbook";
}
