import type { DebugAdapter } from "../debug";
import type { PreparedCell } from "../language";
import { HOST_NAME, HOISTED_SUFFIX, userName } from "../language/script-abi";
import { CUT_OFF_EXPRESSION, RICH_DISPLAY, type ToMain } from "../threads";
import { debugRoom, languageRoom } from "./later";
import type { Publisher } from "./publisher";

type Request = Parameters<DebugAdapter["handle"]>[0];

/** The debugger of this kernel: requests from the control channel, events to iopub. */
export class Debugging {
  readonly #publisher: Publisher;
  readonly #post: (message: ToMain) => void;
  #made: DebugAdapter | undefined;
  /** The request that an event follows from: front ends want a parent. */
  #latest: Uint8Array | undefined;

  constructor(publisher: Publisher, post: (message: ToMain) => void) {
    this.#publisher = publisher;
    this.#post = post;
  }

  get #adapter(): DebugAdapter {
    return (this.#made ??= new (debugRoom().DebugAdapter)({
      emit: (event) => this.#publisher.publish(this.#latest, "debug_event", event as unknown as Record<string, unknown>),
      blackbox: ["^node:", "/node_modules/", "/kernel/lib/"],
      hidden: (name) => name === HOST_NAME || name.endsWith(HOISTED_SUFFIX),
      userName,
      richDisplay: `globalThis[Symbol.for(${JSON.stringify(RICH_DISPLAY.description)})]`,
      beforeTermination: CUT_OFF_EXPRESSION("interrupt", true),
      withoutTypes: (code) => languageRoom().withoutTypes(code),
      catches: (script, line, column) => languageRoom().catches(script, line, column),
    }));
  }

  async handle(header: Uint8Array, content: Record<string, unknown>): Promise<Record<string, unknown>> {
    this.#latest = header;
    return (await this.#adapter.handle(content as unknown as Request)) as unknown as Record<string, unknown>;
  }

  willRun(cell: PreparedCell): Promise<void> {
    return this.#adapter.willRun(cell.code, { number: cell.number, ...(cell.map !== undefined && { map: cell.map }) });
  }

  /** Ends the cell where main stands at a breakpoint. @returns whether it did */
  async terminate(): Promise<boolean> {
    if (!await this.#made?.terminate()) return false;
    // what waited behind an await gets no answer of its own
    this.#post({ kind: "terminated", reason: "interrupt" });
    return true;
  }

  dispose(): Promise<void> {
    return this.#made?.dispose() ?? Promise.resolve();
  }
}
