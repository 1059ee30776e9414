import { join } from "node:path";
import type { Comms } from "./comms";
import type { Input } from "./input";

export interface NotebookGlobals {
  /** Reads a name of the library; loads the library at first touch. */
  library: (name: string) => unknown;
  names: readonly string[];
  require: NodeJS.Require;
  folder: string;
  input: Input;
  comms: Comms;
  signal: () => AbortSignal;
}

/** Defines what a notebook starts with. Every name may be declared anew by a cell. */
export function defineGlobals({ library, names, require, folder, input, comms, signal }: NotebookGlobals): void {
  for (const name of names) lazily(name, () => library(name));
  const own: Record<string, unknown> = {
    require, __dirname: folder, __filename: join(folder, "notebook.ts"),
    prompt: (message = "", initial = "") => input.ask(text(message)) || text(initial),
    password: (message = "Password: ") => input.ask(text(message), true),
    confirm: (message = "") => /^y(es)?$/i.test(input.ask(`${text(message)} [y/N] `).trim()),
    alert: (message = "") => void console.log(text(message)),
    comms,
  };
  for (const [name, value] of Object.entries(own)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, enumerable: false, writable: true });
  }
  Object.defineProperty(globalThis, "interrupted", { get: signal, configurable: true, enumerable: false });
}

const text = (value: unknown): string => String(value);

function lazily(name: string, read: () => unknown): void {
  const become = (value: unknown): void => {
    Object.defineProperty(globalThis, name, { value, configurable: true, enumerable: true, writable: true });
  };
  Object.defineProperty(globalThis, name, {
    configurable: true, enumerable: true, set: become,
    get: () => {
      const value = read();
      become(value);
      return value;
    },
  });
}
