import type { DebugProtocol } from "@vscode/debugprotocol";
import { pathToFileURL } from "node:url";
import { conditionOf } from "./conditions";
import { isCellPath, type CellSources } from "./cells";
import type { InspectorConnection } from "./inspector";

interface Breakpoint {
  id: number;
  asked: DebugProtocol.SourceBreakpoint;
  /** The line that V8 moved it to, once a script with that path was loaded. */
  line: number;
  /** V8's own ids: a file may be loaded under its path (CommonJS) and under its address (ESM). */
  ids: string[];
}

export interface BreakpointsOptions {
  /** Told where a breakpoint was moved to once its script was loaded. */
  changed: (breakpoint: DebugProtocol.Breakpoint) => void;
  withoutTypes: (code: string) => string;
}

/** The breakpoints of every source, set by path: they hold for scripts that exist and for those to come. */
export class Breakpoints {
  readonly #connection: InspectorConnection;
  readonly #cells: CellSources;
  readonly #options: BreakpointsOptions;
  readonly #bySource = new Map<string, Breakpoint[]>();
  #nextId = 1;

  constructor(connection: InspectorConnection, cells: CellSources, options: BreakpointsOptions) {
    this.#connection = connection;
    this.#cells = cells;
    this.#options = options;
    connection.on("Debugger.breakpointResolved", ({ breakpointId, location }) => this.#resolved(breakpointId, location.lineNumber + 1, location.columnNumber ?? 0));
  }

  /** Replaces the breakpoints of one source. A condition that does not parse leaves its breakpoint unverified. */
  async set(path: string, asked: readonly DebugProtocol.SourceBreakpoint[]): Promise<DebugProtocol.Breakpoint[]> {
    await this.#remove(path);
    const set: Breakpoint[] = [];
    this.#bySource.set(path, set);
    const replies: DebugProtocol.Breakpoint[] = [];
    for (const one of asked) {
      const breakpoint: Breakpoint = { id: this.#nextId++, asked: one, line: one.line, ids: [] };
      try {
        await this.#apply(path, breakpoint);
        set.push(breakpoint);
        replies.push(reply(path, breakpoint));
      } catch (error) {
        replies.push({ id: breakpoint.id, verified: false, line: one.line, source: { path }, message: (error as Error).message });
      }
    }
    if (set.length === 0) this.#bySource.delete(path);
    return replies;
  }

  /** Sets a source's breakpoints once more: its script is about to be another, with other lines. */
  async refresh(path: string): Promise<void> {
    const set = this.#bySource.get(path);
    if (set) await this.set(path, set.map((b) => b.asked));
  }

  list(): { source: string; breakpoints: DebugProtocol.SourceBreakpoint[] }[] {
    return [...this.#bySource].map(([source, set]) => ({ source, breakpoints: set.map((b) => ({ ...b.asked, line: b.line })) }));
  }

  async clear(): Promise<void> {
    for (const path of [...this.#bySource.keys()]) await this.#remove(path);
  }

  async #apply(path: string, breakpoint: Breakpoint): Promise<void> {
    const condition = conditionOf(breakpoint.asked, this.#options.withoutTypes);
    const lineNumber = this.#cells.toScriptLine(path, breakpoint.asked.line) - 1;
    for (const url of isCellPath(path) ? [path] : [path, pathToFileURL(path).href]) {
      const { breakpointId, locations } = await this.#connection.post("Debugger.setBreakpointByUrl", { url, lineNumber, condition });
      breakpoint.ids.push(breakpointId);
      const location = locations[0];
      if (location) breakpoint.line = this.#cells.toCellLine(path, location.lineNumber + 1, location.columnNumber ?? 0);
    }
  }

  async #remove(path: string): Promise<void> {
    const ids = (this.#bySource.get(path) ?? []).flatMap((b) => b.ids);
    this.#bySource.delete(path);
    for (const breakpointId of ids) await this.#connection.post("Debugger.removeBreakpoint", { breakpointId });
  }

  #resolved(id: string, line: number, column: number): void {
    for (const [path, set] of this.#bySource) {
      const breakpoint = set.find((b) => b.ids.includes(id));
      if (!breakpoint) continue;
      const now = this.#cells.toCellLine(path, line, column);
      if (now === breakpoint.line) return;
      breakpoint.line = now;
      this.#options.changed(reply(path, breakpoint));
      return;
    }
  }
}

const reply = (path: string, breakpoint: Breakpoint): DebugProtocol.Breakpoint => ({
  id: breakpoint.id,
  verified: true,
  line: breakpoint.line,
  source: { path },
});
