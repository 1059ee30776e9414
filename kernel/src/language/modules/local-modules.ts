/** Local TypeScript modules of a notebook: loaded by its cells, and again once they or what they import have changed. */

import { readFileSync, statSync } from "node:fs";
import { dirname, extname, isAbsolute, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Script } from "node:vm";
import { originalPosition } from "../positions.js";
import type { ImportOptions } from "../script-abi.js";
import { transformModule, type ModuleScript } from "./transform-module.js";

export type Namespace = Record<string, unknown>;

export interface LocalModulesOptions {
  /** Imports everything that is not a local TypeScript module: packages, built-ins, JavaScript, JSON. `parent` is a file's path. */
  importOther(specifier: string, parent: string, options?: ImportOptions): Promise<Namespace>;
}

export interface LocalModules {
  /** A cell has become the module of this path: it comes before a file of that path. */
  define(path: string, source: string): void;
  /** The TypeScript file that a specifier means, or undefined where it means something else. */
  resolve(specifier: string, folder: string): string | undefined;
  /** The module's namespace; evaluated again if its file, or a local module that it imports, has changed since. */
  import(path: string): Promise<Namespace>;
  /** For tracebacks in a loaded module: `originalPosition(script, position)`. */
  script(path: string): ModuleScript | undefined;
}

interface DefinedModule {
  source: string;
  version: number;
}

interface Loaded {
  path: string;
  stamp: string;
  namespace: Namespace;
  script?: ModuleScript;
  imports: Set<string>;
  done: Promise<void>;
}

/** As they were last evaluated, by path: an error may come out of one long after. */
const scripts = new Map<string, ModuleScript>();

/** A stack's lines, with places in local modules as those of their files: a script of an enum has more lines than its source. */
export function filePlaces(stack: string): string {
  return stack.replace(/(?<=[( ])([^()\s:][^():]*):(\d+):(\d+)(?=\)?$)/gm, (place, path: string, line: string, column: string) => {
    const script = scripts.get(path);
    if (!script) return place;
    const original = originalPosition(script, { line: Number(line), column: Number(column) });
    return `${path}:${original.line}:${original.column}`;
  });
}

const EXTENSIONS = [".ts", ".tsx", ".mts", ".cts"];
/** `./x.js` means `x.ts` where only that exists, as TypeScript has it. */
const SOURCE_OF: Record<string, string> = { ".js": ".ts", ".jsx": ".tsx", ".mjs": ".mts", ".cjs": ".cts" };

export function createLocalModules({ importOther }: LocalModulesOptions): LocalModules {
  const modules = new Map<string, Loaded>();
  const defined = new Map<string, DefinedModule>();
  let versions = 0;
  const isThere = (path: string): boolean => defined.has(path) || isFile(path);
  const stampOf = (path: string): string => (defined.has(path) ? `cell ${defined.get(path)!.version}` : stampOfFile(path));
  const resolveLocal = (specifier: string, folder: string): string | undefined => resolveModule(specifier, folder, isThere);

  return {
    define(path, source) {
      if (defined.get(path)?.source === source) return;
      // The name means this module, also where it was one with JSX before, or without.
      for (const extension of EXTENSIONS) defined.delete(withoutExtension(path) + extension);
      defined.set(path, { source, version: ++versions });
    },
    resolve: resolveLocal,
    async import(path) {
      const loaded = load(path, new Map());
      await loaded.done;
      return loaded.namespace;
    },
    script: (path) => modules.get(path)?.script,
  };

  /** Unchanged, with all that it imports. */
  function isFresh(path: string, checked: Map<string, boolean>): boolean {
    const known = checked.get(path);
    if (known !== undefined) return known;
    const module = modules.get(path);
    if (!module || module.stamp !== stampOf(path)) return false;
    // Within a cycle the answer is that of the rest.
    checked.set(path, true);
    const fresh = [...module.imports].every((imported) => isFresh(imported, checked));
    checked.set(path, fresh);
    return fresh;
  }

  /** @param loading modules of this import that are being evaluated: a cycle gets what they have exported so far */
  function load(path: string, loading: ReadonlyMap<string, Loaded>): Loaded {
    const inCycle = loading.get(path);
    if (inCycle) return { ...inCycle, done: Promise.resolve() };
    const before = modules.get(path);
    if (before && isFresh(path, new Map())) return before;
    const namespace = Object.defineProperty(Object.create(null) as Namespace, Symbol.toStringTag, { value: "Module" });
    const loaded: Loaded = { path, stamp: stampOf(path), namespace, imports: new Set(), done: Promise.resolve() };
    modules.set(path, loaded);
    loaded.done = evaluate(loaded, new Map(loading).set(path, loaded)).catch((error: unknown) => {
      // A module that failed is tried again at its next import.
      if (modules.get(path) === loaded) modules.delete(path);
      throw error;
    });
    return loaded;
  }

  async function evaluate(loaded: Loaded, loading: ReadonlyMap<string, Loaded>): Promise<void> {
    const { path, namespace } = loaded;
    loaded.script = await transformModule(defined.get(path)?.source ?? readFileSync(path, "utf8"), path);
    scripts.set(path, loaded.script);
    const folder = dirname(path);
    const importFrom = async (specifier: string, options?: ImportOptions): Promise<Namespace> => {
      const local = resolveLocal(String(specifier), folder);
      if (!local) return importOther(specifier, path, options);
      loaded.imports.add(local);
      const module = load(local, loading);
      await module.done;
      return module.namespace;
    };
    const exportGetters = (getters: Record<string, () => unknown>): void => {
      for (const [name, get] of Object.entries(getters)) Object.defineProperty(namespace, name, { get, enumerable: true, configurable: true });
    };
    const exportAll = (other: Namespace): void => {
      for (const name of Object.keys(other)) {
        if (name !== "default" && !(name in namespace)) Object.defineProperty(namespace, name, { get: () => other[name], enumerable: true, configurable: true });
      }
    };
    const url = pathToFileURL(path).href;
    const meta = { url, filename: path, dirname: folder, resolve: (specifier: string) => new URL(specifier, url).href };
    // The debugger finds the file's lines by it.
    const map = loaded.script.map === undefined ? "" : `\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(loaded.script.map).toString("base64")}`;
    const run = new Script(loaded.script.code + map, { filename: path }).runInThisContext() as (...given: unknown[]) => Promise<void>;
    await run(importFrom, exportGetters, exportAll, meta);
  }
}

const withoutExtension = (path: string): string => path.slice(0, -extname(path).length);

function resolveModule(specifier: string, folder: string, isThere: (path: string) => boolean): string | undefined {
  const path = specifier.startsWith("file:") ? fileURLToPath(specifier) : /^\.{1,2}(?:\/|$)/.test(specifier) ? resolve(folder, specifier) : isAbsolute(specifier) ? specifier : undefined;
  if (path === undefined) return undefined;
  const extension = extname(path);
  if (EXTENSIONS.includes(extension)) return isThere(path) ? path : undefined;
  // JavaScript or JSON that is there is imported as it is.
  if (isFile(path)) return undefined;
  const source = SOURCE_OF[extension];
  const candidates = [
    ...(source ? [path.slice(0, -extension.length) + source] : []),
    ...EXTENSIONS.map((each) => path + each),
    ...EXTENSIONS.map((each) => resolve(path, `index${each}`)),
  ];
  return candidates.find(isThere);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function stampOfFile(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat ? `${stat.mtimeMs}:${stat.size}:${stat.ino}` : "gone";
}
