import { Session, type Debugger, type InspectorNotification } from "node:inspector";
import { CUT_OFF_EXPRESSION } from "../threads";
import { log } from "./log";

const BUSY_MS = 100;
const LEAST_BUSY_MS = 5;
/** Bytes a millisecond: no loop allocates faster. A small limit is looked at more often. */
const FASTEST = 4e6;
const IDLE_MS = 2_000;
/** The part of the limit from which V8 is asked to stop at the limit; below half of that, no more: it costs speed. */
const NEAR = 1 / 8;
/** V8 may collect garbage for minutes before it gives up: so full, for so long, is enough. */
const FULL = 0.95;
const FULL_MS = 1_000;

/**
 * Stops main where its JavaScript values reach V8's limit, at which V8 would abort the process. A debugger
 * is told by V8 in time ("OOM") and given more memory to stop with, so one is attached once a good part of
 * the limit is in use; what runs is then cut off as by an interrupt, and the kernel lives on.
 */
export class HeapWatch {
  readonly #limit: number;
  readonly #busyMs: number;
  readonly #busy: () => boolean;
  readonly #exhausted: () => void;
  #session: Session | undefined;
  #timer: NodeJS.Timeout | undefined;
  #attached = false;
  #asked = false;
  #fullSince: number | undefined;

  /**
   * @param limit of main's heap, bytes
   * @param busy whether a cell runs
   * @param exhausted told once what ran has been cut off
   */
  constructor(limit: number, busy: () => boolean, exhausted: () => void) {
    this.#limit = limit;
    this.#busyMs = Math.max(LEAST_BUSY_MS, Math.min(BUSY_MS, (limit * NEAR) / FASTEST));
    this.#busy = busy;
    this.#exhausted = exhausted;
  }

  /** Looks from now on. */
  begin(): void {
    this.#session = new Session();
    this.#session.connectToMainThread();
    this.#session.on("Debugger.paused", (event: InspectorNotification<Debugger.PausedEventDataType>) => {
      // another debugger's breakpoint is its own to leave
      if (event.params.reason === "OOM") this.#end();
    });
    this.#later();
  }

  /** Before the process ends: Node waits for open sessions. */
  close(): void {
    clearTimeout(this.#timer);
    this.#session?.disconnect();
    this.#session = undefined;
  }

  /** A cell begins: what it does to the heap may be quick. */
  hurry(): void {
    clearTimeout(this.#timer);
    if (!this.#asked) this.#later();
  }

  #later(): void {
    if (this.#session) this.#timer = setTimeout(() => this.#look(), this.#busy() ? this.#busyMs : IDLE_MS).unref();
  }

  #look(): void {
    this.#asked = true;
    this.#session?.post("Runtime.getHeapUsage", (_: Error | null, usage?: { usedSize: number }) => {
      this.#asked = false;
      if (usage) this.#judge(usage.usedSize);
      this.#later();
    });
  }

  #judge(used: number): void {
    if (used <= this.#limit * FULL) this.#fullSince = undefined;
    else this.#fullSince ??= performance.now();
    if (this.#fullSince !== undefined && performance.now() - this.#fullSince >= FULL_MS) return this.#end();
    if (!this.#attached && used > this.#limit * NEAR) {
      this.#attached = true;
      this.#session?.post("Debugger.enable");
      // only at the limit; a `debugger` statement is not for this one
      this.#session?.post("Debugger.setSkipAllPauses", { skip: true });
    } else if (this.#attached && used < this.#limit * NEAR / 2) {
      this.#attached = false;
      this.#session?.post("Debugger.disable");
    }
  }

  #end(): void {
    const session = this.#session;
    if (!session) return;
    this.#fullSince = undefined;
    session.post("Runtime.evaluate", { expression: CUT_OFF_EXPRESSION("memory"), silent: true, returnByValue: true }, (error, answer) => {
      if (error === null && answer.result.value !== true) log("the heap's limit is reached where nothing can be cut off");
    });
    session.post("Debugger.resume", () => this.#exhausted());
    // V8 keeps the raised limit until less is in use or the debugger goes, and raises it once only
    session.post("HeapProfiler.collectGarbage");
    session.post("Debugger.disable", () => (this.#attached = false));
  }
}
