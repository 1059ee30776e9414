import type { Debugger, Runtime } from "node:inspector";
import type { CallStack } from "./call-stack";
import type { InspectorConnection } from "./inspector";

interface Place {
  scriptId: string;
  /** Both from 0. */
  line: number;
  column: number;
}

/** Errors that the person's own code catches, by what stands in their scripts. What a library catches to throw it again is not. */
export class CaughtErrors {
  readonly #connection: InspectorConnection;
  readonly #stack: CallStack;
  readonly #catches: (script: string, line: number, column: number) => boolean;

  constructor(connection: InspectorConnection, stack: CallStack, { catches }: { catches(script: string, line: number, column: number): boolean }) {
    this.#connection = connection;
    this.#stack = stack;
    this.#catches = catches;
  }

  /** @param event a pause at an error */
  async catches({ callFrames, asyncStackTrace }: Debugger.PausedEventDataType): Promise<boolean> {
    const now = callFrames.map(({ location }): Place => ({ scriptId: location.scriptId, line: location.lineNumber, column: location.columnNumber ?? 0 }));
    const places = [...now, ...awaiting(asyncStackTrace)].filter(({ scriptId }) => this.#stack.isUserScript(scriptId));
    for (const { scriptId, line, column } of places) {
      const { scriptSource } = await this.#connection.post("Debugger.getScriptSource", { scriptId });
      if (this.#catches(scriptSource, line, column)) return true;
    }
    return false;
  }
}

/** The places that wait for what was thrown, from the innermost. */
function* awaiting(trace: Runtime.StackTrace | undefined): Generator<Place> {
  for (let at = trace; at?.description === "await"; at = at.parent) {
    for (const { scriptId, lineNumber, columnNumber } of at.callFrames) yield { scriptId, line: lineNumber, column: columnNumber };
  }
}
