import { Flag, clock, type Flags } from "../threads";
import { own } from "./own";

const thrown = own(new WeakSet<object>());

/** What an interrupted cell ends with. Thrown from our own waits and between training steps, so that `finally` runs. */
export class KeyboardInterrupt extends Error {
  override readonly name = "KeyboardInterrupt";
  constructor() {
    super("the cell was interrupted");
    thrown.add(this);
  }

  /** Not by `instanceof`, which asks a thrown proxy for its prototype: the proxy may throw in turn. */
  static is(value: unknown): value is KeyboardInterrupt {
    return typeof value === "object" && value !== null && thrown.has(value);
  }
}

/** Main's side of an interrupt: what has been asked, and what has been thrown for it. */
export class InterruptState {
  readonly #flags: Flags;
  #thrown = 0;

  constructor(flags: Flags) {
    this.#flags = flags;
  }

  /** Main's event loop turns: the gateway need not cut anything off. */
  seen(): void {
    Atomics.store(this.#flags, Flag.interruptsSeen, Atomics.load(this.#flags, Flag.interrupts));
  }

  /** Interrupts asked for before a cell began are not the cell's. */
  clear(): void {
    this.#thrown = Atomics.load(this.#flags, Flag.interrupts);
    Atomics.store(this.#flags, Flag.steppedAt, 0);
  }

  /** Whether main's event loop has yet to see an interrupt. */
  get unseen(): boolean {
    return Atomics.load(this.#flags, Flag.interruptsSeen) !== Atomics.load(this.#flags, Flag.interrupts);
  }

  get pending(): boolean {
    return Atomics.load(this.#flags, Flag.interrupts) !== this.#thrown;
  }

  /** Whether a training step has looked here within the last `ms`. */
  stepped(ms: number): boolean {
    const at = Atomics.load(this.#flags, Flag.steppedAt);
    return at !== 0 && clock() - at < ms;
  }

  /** Called between training steps. @throws KeyboardInterrupt once for each interrupt */
  readonly betweenSteps = (): void => {
    Atomics.store(this.#flags, Flag.steppedAt, clock());
    this.throwIfPending();
  };

  throwIfPending(): void {
    if (!this.pending) return;
    this.#thrown = Atomics.load(this.#flags, Flag.interrupts);
    this.seen();
    throw new KeyboardInterrupt();
  }
}
