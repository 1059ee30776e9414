import { LEAST_UPPER_BOUND, TraceMap, generatedPositionFor, originalPositionFor } from "@jridgewell/trace-mapping";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { murmur2 } from "./murmur2";

/** The hash that JupyterLab is told to use, so that it and the kernel give a cell the same path. */
export const HASH = { method: "Murmur2", seed: 0xc70f6907 } as const;

/**
 * No file is ever written there: the path only names a cell. A kernel's own, so that two do not mix. JupyterLab shows such a
 * path as `In [3]` if it has `ipykernel_` in it, and else as it is.
 */
export const CELL_PATH = { prefix: join(tmpdir(), `thawbook_ipykernel_${process.pid}`) + sep, suffix: ".ts" } as const;

/**
 * The path that stands for a cell's text, in breakpoints, stack frames and as the script's `sourceURL`.
 * Two cells of equal text share it, as JupyterLab expects.
 *
 * @example cellPath("1+1") // "/tmp/thawbook_ipykernel_4242/2712423310.ts"
 */
export function cellPath(code: string): string {
  return `${CELL_PATH.prefix}${murmur2(code, HASH.seed)}${CELL_PATH.suffix}`;
}

/** Lines of a cell that may stand between a breakpoint and the code that it means. */
const LOOK_AHEAD = 200;

export const isCellPath = (path: string): boolean => path.startsWith(CELL_PATH.prefix);

/** A cell as the debugger knows it: its text, and the way between its lines and those of its script. */
export interface DebuggedCell {
  code: string;
  number?: number;
  /** A source map where the script's lines are not the cell's own. */
  map?: string;
}

/** The texts of the cells by path, and the lines between TypeScript and script (all 1-based). */
export class CellSources {
  readonly #cells = new Map<string, { code: string; number?: number; map?: TraceMap }>();
  readonly #fileMaps = new Map<string, TraceMap>();

  /** Remembers a cell that is about to run or that a front end wants to set breakpoints in. */
  add(path: string, cell: DebuggedCell): void {
    const known = this.#cells.get(path);
    this.#cells.set(path, {
      code: cell.code,
      number: cell.number ?? known?.number,
      map: cell.map === undefined ? known?.map : new TraceMap(cell.map),
    });
  }

  /** A file that was loaded as another text than its own. */
  addMap(path: string, map: string): void {
    this.#fileMaps.set(path, new TraceMap(map));
  }

  code(path: string): string | undefined {
    return this.#cells.get(path)?.code;
  }

  /** How a frame's source is called for people: `Cell [3]`. */
  name(path: string): string | undefined {
    const cell = this.#cells.get(path);
    return cell && (cell.number ? `Cell [${cell.number}]` : "Cell");
  }

  toScriptLine(path: string, line: number): number {
    const map = this.#map(path);
    if (!map) return line;
    const source = map.sources[0] ?? "";
    // the first code on the line, or on those after it where the line is a type, a brace, a comment
    for (let at = line; at < line + LOOK_AHEAD; at++) {
      const { line: found } = generatedPositionFor(map, { source, line: at, column: 0, bias: LEAST_UPPER_BOUND });
      if (found !== null) return found;
    }
    return line;
  }

  toCellLine(path: string, line: number, column: number): number {
    const map = this.#map(path);
    return (map && originalPositionFor(map, { line, column }).line) ?? line;
  }

  #map(path: string): TraceMap | undefined {
    return this.#cells.get(path)?.map ?? this.#fileMaps.get(path);
  }
}
