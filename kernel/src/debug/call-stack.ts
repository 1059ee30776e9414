import type { DebugProtocol } from "@vscode/debugprotocol";
import { existsSync } from "node:fs";
import type { Debugger } from "node:inspector";
import { basename, isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import { isCellPath, type CellSources } from "./cells";
import type { InspectorConnection } from "./inspector";
import type { Values } from "./values";

const SCOPE_NAMES: Record<string, string> = { local: "Locals", closure: "Closure", block: "Block", catch: "Catch", module: "Module", script: "Session" };

/** What local modules carry whose lines are not those of their file. */
const INLINE_MAP = /^data:application\/json;base64,(.*)$/;

export interface CallStackOptions {
  /** Regular expressions of script addresses that are not the person's code. */
  blackbox: readonly string[];
  /** Names in scope that the person did not write. */
  hidden: (name: string) => boolean;
  /** The name that the person wrote, where the script had to use another. */
  userName: (name: string) => string;
}

/** Where the paused program stands: the frames of the person's own code, and what is in scope there. */
export class CallStack {
  readonly #connection: InspectorConnection;
  readonly #cells: CellSources;
  readonly #values: Values;
  readonly #options: CallStackOptions;
  readonly #blackbox: RegExp[];
  /** Addresses by script: a call frame names its script only by id. */
  readonly #scripts = new Map<string, string>();
  #frames: Debugger.CallFrame[] = [];

  constructor(connection: InspectorConnection, cells: CellSources, values: Values, options: CallStackOptions) {
    this.#connection = connection;
    this.#cells = cells;
    this.#values = values;
    this.#options = options;
    this.#blackbox = options.blackbox.map((pattern) => new RegExp(pattern));
    connection.on("Debugger.scriptParsed", ({ scriptId, url, sourceMapURL }) => {
      this.#scripts.set(scriptId, url);
      const map = INLINE_MAP.exec(sourceMapURL ?? "")?.[1];
      if (map && !isCellPath(url)) cells.addMap(pathOf(url), Buffer.from(map, "base64").toString());
    });
  }

  /** @returns whether any frame is the person's own */
  stop(frames: readonly Debugger.CallFrame[]): boolean {
    this.#frames = frames.filter((frame) => this.#isUserCode(frame));
    return this.#frames.length > 0;
  }

  get stopped(): boolean {
    return this.#frames.length > 0;
  }

  resume(): void {
    this.#frames = [];
  }

  trace(): { stackFrames: DebugProtocol.StackFrame[]; totalFrames: number } {
    const stackFrames = this.#frames.map((frame, id) => {
      const path = this.#path(frame);
      const column = frame.location.columnNumber ?? 0;
      const name = this.#cells.name(path);
      return {
        id,
        name: frame.functionName || name || "(anonymous)",
        source: { path, name: name ?? basename(path) },
        line: this.#cells.toCellLine(path, frame.location.lineNumber + 1, column),
        column: column + 1,
      };
    });
    return { stackFrames, totalFrames: stackFrames.length };
  }

  isUserScript(scriptId: string): boolean {
    return this.#isUserAddress(this.#scripts.get(scriptId) ?? "");
  }

  /** The person's own files that were loaded, each once. */
  files(): string[] {
    return [...new Set([...this.#scripts.values()].filter((url) => this.#isUserAddress(url)).map(pathOf))].filter((path) => isAbsolute(path) && !isCellPath(path) && existsSync(path)).sort();
  }

  /** The scopes of a frame, innermost first, without the global object's hundred names. */
  scopes(frameId: number): DebugProtocol.Scope[] {
    return this.frame(frameId)
      .scopeChain.filter((scope) => scope.type !== "global" && scope.object.objectId !== undefined)
      .map((scope) => {
        const kind = SCOPE_NAMES[scope.type] ?? scope.type;
        return {
          name: scope.name ? `${kind}: ${scope.name}` : kind,
          presentationHint: scope.type === "local" ? "locals" : undefined,
          variablesReference: this.#values.refer({ kind: "fixed", variables: () => this.#scopeVariables(scope.object.objectId!) }),
          expensive: false,
        };
      });
  }

  /** @throws Error where the program runs, or has no such frame */
  frame(id: number): Debugger.CallFrame {
    const frame = this.#frames[id];
    if (frame) return frame;
    throw new Error(this.#frames.length === 0 ? "The program is not stopped." : `There is no stack frame ${id}; the stack has ${this.#frames.length}.`);
  }

  async #scopeVariables(objectId: string): Promise<DebugProtocol.Variable[]> {
    const { result } = await this.#connection.post("Runtime.getProperties", { objectId, ownProperties: true, generatePreview: true });
    const seen = result.filter((p) => p.value !== undefined && !this.#options.hidden(p.name));
    return Promise.all(seen.map((p) => this.#values.variable(this.#options.userName(p.name), p.value!)));
  }

  #url(frame: Debugger.CallFrame): string {
    return this.#scripts.get(frame.location.scriptId) ?? frame.url;
  }

  #path(frame: Debugger.CallFrame): string {
    return pathOf(this.#url(frame));
  }

  #isUserCode(frame: Debugger.CallFrame): boolean {
    return this.#isUserAddress(this.#url(frame));
  }

  #isUserAddress(url: string): boolean {
    return url !== "" && !this.#blackbox.some((pattern) => pattern.test(url));
  }
}

const pathOf = (url: string): string => (url.startsWith("file://") ? fileURLToPath(url) : url);
