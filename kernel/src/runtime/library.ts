import type { Frontend, Shown } from "../display/frontend";
import { native } from "./native-timers";

/**
 * The notebook's library, loaded when a cell first touches it: the first `1+1` pays for none of it. Loaded
 * once, connected once.
 */
export class Library {
  readonly #frontend: Frontend;
  readonly #betweenSteps: () => void;
  readonly #signal: () => AbortSignal;
  #connected = false;

  constructor(frontend: Frontend, betweenSteps: () => void, signal: () => AbortSignal) {
    this.#frontend = frontend;
    this.#signal = signal;
    this.#betweenSteps = betweenSteps;
  }

  /** What `import … from "thawbook"` gives under `name`. */
  read(name: string): unknown {
    this.connect();
    return (require("../index") as Record<string, unknown>)[name];
  }

  /** Makes the library draw in this notebook, and its training steps and queries look for interrupts. */
  connect(): void {
    if (this.#connected) return;
    this.#connected = true;
    (require("../training") as typeof import("../training")).betweenSteps(this.#betweenSteps);
    const { connect, display } = require("../display") as typeof import("../display");
    connect(this.#frontend);
    (require("../frame") as typeof import("../frame")).runIn({ signal: this.#signal, show: (text) => display.text(text) });
  }

  /** V8 has cut off whatever ran. */
  terminated(): void {
    if (this.#connected) (require("../training") as typeof import("../training")).terminated();
  }

  show(value: unknown): Promise<Shown | undefined> {
    return (require("../display") as typeof import("../display")).show(value);
  }

  /** For the debugger, also while main is paused: the bundle as JSON, or a promise of it. */
  rich(value: unknown): string | undefined | Promise<string | undefined> {
    const shown = (require("../display") as typeof import("../display")).bundleOf(value);
    const json = (bundle: Shown | undefined): string | undefined => bundle && JSON.stringify({ data: bundle.data, metadata: bundle.metadata ?? {} });
    return shown instanceof Promise ? shown.then(json) : json(shown);
  }

  /**
   * Sends what the display room still holds back, then goes on: front ends drop what comes after a cell's
   * end. Waits a second at most, since a value's own display may never come.
   */
  settle(done: () => void): void {
    if (!this.#connected) return done();
    let gone = false;
    const once = (): void => {
      if (!gone) done();
      gone = true;
      native.clearTimeout(late);
    };
    const late = native.setTimeout(once, 1_000);
    try {
      (require("../display") as typeof import("../display")).settle().then(once, once);
    } catch {
      // a cell has replaced what it needs, `Promise` for one
      once();
    }
  }

  /** Packages that are ours, or draw through us, as they are imported. */
  loaded(specifier: string, path: string): void {
    if (specifier === "thawbook") this.connect();
    if (specifier === "tslab") (require("../display") as typeof import("../display")).routeTslab(path, this.#frontend);
  }
}
