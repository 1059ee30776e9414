import type { Frontend, Shown } from "../display/frontend";

/**
 * The notebook's library, loaded when a cell first touches it: the first `1+1` pays for none of it. Loaded
 * once, connected once.
 */
export class Library {
  readonly #frontend: Frontend;
  readonly #betweenSteps: () => void;
  #connected = false;

  constructor(frontend: Frontend, betweenSteps: () => void) {
    this.#frontend = frontend;
    this.#betweenSteps = betweenSteps;
  }

  /** What `import … from "thawbook"` gives under `name`. */
  read(name: string): unknown {
    this.connect();
    return (require("../index") as Record<string, unknown>)[name];
  }

  /** Makes the library draw in this notebook, and its training steps look for interrupts. */
  connect(): void {
    if (this.#connected) return;
    this.#connected = true;
    (require("../training") as typeof import("../training")).betweenSteps(this.#betweenSteps);
    (require("../display") as typeof import("../display")).connect(this.#frontend);
  }

  show(value: unknown): Promise<Shown | undefined> {
    return (require("../display") as typeof import("../display")).show(value);
  }

  /** Packages that are ours, or draw through us, as they are imported. */
  loaded(specifier: string, path: string): void {
    if (specifier === "thawbook") this.connect();
    if (specifier === "tslab") (require("../display") as typeof import("../display")).routeTslab(path, this.#frontend);
  }
}
