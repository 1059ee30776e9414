/** Runs prepared scripts as the kernel's main thread does: V8's REPL mode through an inspector session of the same thread. */

import type { Runtime } from "node:inspector";
import { Session } from "node:inspector/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { constants, Script } from "node:vm";
import { HOST_NAME, NO_VALUE, type ScriptHost } from "../../kernel/lib/language/index.js";
import { createTransform } from "../../kernel/lib/language/script/transform.js";

export type Outcome = { value: unknown } | { error: Error };

export interface Evaluator {
  /** Evaluates a script that is ready. */
  evaluate(script: string, url: string): Promise<Outcome>;
  dispose(): void;
}

/** One at a time: bindings of the REPL live in this thread's realm. */
export function createEvaluator(folder: string, importLocal?: (specifier: string) => Promise<Record<string, unknown>> | undefined, define: ScriptHost["define"] = () => undefined): Evaluator {
  const require = createRequire(join(folder, "notebook.ts"));
  const importFrom = new Script("(specifier) => import(specifier)", {
    filename: join(folder, "notebook.ts"),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  }).runInThisContext() as (specifier: string) => Promise<Record<string, unknown>>;
  const host: ScriptHost = {
    value: NO_VALUE,
    meta: { url: pathToFileURL(join(folder, "notebook.ts")).href, filename: join(folder, "notebook.ts"), dirname: folder },
    require,
    define,
    named: (fn, name) => Object.defineProperty(fn, "name", { value: name, configurable: true }),
    // Who writes into the cell is the runtime's; here `%who` gives the names to whoever looks.
    magics: {
      who: (names) => void (host.value = names),
      now: () => ({ wall: performance.now(), cpu: 0 }),
      took: (since, value) => (performance.now() >= since.wall ? value : value),
    },
    async import(specifier) {
      const local = importLocal?.(specifier);
      if (local) return local;
      return importFrom(specifier);
    },
  };
  Object.defineProperty(globalThis, HOST_NAME, { value: host, configurable: true });
  const session = new Session();
  session.connect();
  return {
    async evaluate(script, url) {
      host.value = NO_VALUE;
      // The typings of this Node version leave out what the command returns.
      const { exceptionDetails } = (await session.post("Runtime.evaluate", {
        expression: `${script}\n//# sourceURL=${url}`,
        replMode: true,
        awaitPromise: true,
      })) as unknown as Runtime.EvaluateReturnType;
      if (!exceptionDetails) return { value: host.value === NO_VALUE ? undefined : host.value };
      const description = exceptionDetails.exception?.description ?? String(exceptionDetails.exception?.value ?? exceptionDetails.text);
      const error = new Error(description.split("\n")[0]);
      error.stack = description;
      return { error };
    },
    dispose: () => session.disconnect(),
  };
}

/** A notebook without type checking: what a cell's script does. */
export function createScripts(folder: string, notebookNames: readonly string[] = ["tf", "dfd", "display"]) {
  const evaluator = createEvaluator(folder);
  const transform = createTransform(notebookNames);
  let number = 0;
  return {
    /** The value of a cell's last expression; throws what the cell throws, and its syntax errors. */
    async run(code: string): Promise<unknown> {
      const url = `file:///notebook/cell-${++number}.ts`;
      const prepared = await transform.transform({ id: String(number), number, code, url });
      if (!prepared.ok) throw new SyntaxError(prepared.diagnostics.map(({ message }) => message).join("\n"));
      const outcome = await evaluator.evaluate(prepared.script.script, url);
      transform.committed(prepared.script.declares);
      if ("error" in outcome) throw Object.assign(outcome.error, { script: prepared.script });
      return outcome.value;
    },
    transform: (code: string) => transform.transform({ id: "x", number: 0, code, url: "file:///notebook/cell.ts" }),
    dispose: () => evaluator.dispose(),
  };
}
