import { Session, type Runtime } from "node:inspector";
import { CUT_OFF_EXPRESSION, Flag, clock, type Flags, type ToMain } from "../threads";
import { interruptLatestChild } from "./children";
import { log } from "./log";

/** Main gets so long to notice an interrupt by itself: an event loop that turns needs less, a call that lasts longer is cut off. */
const NOTICE_MS = 5;
/** Where a training step has looked for interrupts lately, it will again: its call is not cut off. */
const STEPPED_MS = 1_000;
const STEP_PATIENCE_MS = 2_000;
/** Where V8 has not come to it by then, main is in a call that is not V8's: it may wait for a process. */
const CALL_MS = 50;

/**
 * Interrupts main, in two levels. First a word that our own waits and training steps read, and a message
 * that main sees when its event loop turns; where neither happens, V8 cuts off whatever runs.
 */
export class Interrupts {
  readonly #flags: Flags;
  readonly #post: (message: ToMain) => void;
  #session: Session | undefined;
  #cutting = false;

  constructor(flags: Flags, post: (message: ToMain) => void) {
    this.#flags = flags;
    this.#post = post;
  }

  /** Connects to main ahead of need: it takes main's help. */
  connect(): void {
    if (this.#session) return;
    this.#session = new Session();
    this.#session.connectToMainThread();
  }

  /** @param hasty without patience for a training step */
  interrupt(hasty = false): void {
    const serial = Atomics.add(this.#flags, Flag.interrupts, 1) + 1;
    // main may be waiting in `prompt`
    Atomics.notify(this.#flags, Flag.answers);
    this.#post({ kind: "interrupt", serial });
    const second = serial - Atomics.load(this.#flags, Flag.interruptsSeen) > 1;
    this.#watch(serial, performance.now(), hasty || second);
  }

  /** Before the process ends: Node waits for open sessions. */
  close(): void {
    this.#session?.disconnect();
    this.#session = undefined;
  }

  #watch(serial: number, since: number, hasty: boolean): void {
    setTimeout(() => {
      if (Atomics.load(this.#flags, Flag.interruptsSeen) >= serial) return;
      const steppedAt = Atomics.load(this.#flags, Flag.steppedAt);
      const stepping = steppedAt !== 0 && clock() - steppedAt < STEPPED_MS;
      if (stepping && !hasty && performance.now() - since < STEP_PATIENCE_MS) return this.#watch(serial, since, hasty);
      this.#cutOff();
    }, NOTICE_MS);
  }

  #cutOff(): void {
    if (this.#cutting) return;
    this.connect();
    this.#cutting = true;
    const elsewhere = setTimeout(interruptLatestChild, CALL_MS);
    const cut = (): void => {
      this.#cutting = false;
      this.#post({ kind: "terminated", reason: "interrupt" });
    };
    this.#session?.post("Runtime.evaluate", { expression: CUT_OFF_EXPRESSION("interrupt"), silent: true, returnByValue: true }, (error: Error | null, answer?: Runtime.EvaluateReturnType) => {
      clearTimeout(elsewhere);
      // the one error of the inspector itself: execution was terminated
      if (error || answer?.result.value === true) return cut();
      this.#cutting = false;
      if (answer?.result.value === false) return;
      log(`the interrupt takes the hard way: ${answer?.exceptionDetails?.exception?.description ?? "main does not answer"}`);
      this.#session?.post("Runtime.terminateExecution", cut);
    });
  }
}
