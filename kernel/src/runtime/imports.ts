import { createRequire } from "node:module";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import vm from "node:vm";
import type { LocalModules } from "../language/modules";
import type { ImportOptions } from "../language/script-abi";
import { mapFilePlaces } from "./stacks";

type Namespace = Record<string, unknown>;
type Import = (specifier: string, options?: ImportOptions) => Promise<Namespace>;

/** `import()` as a file of the folder would do it: evaluated code has no import callback of its own. */
const importFrom = (folder: string): Import =>
  new vm.Script("(specifier, options) => import(specifier, options)", {
    filename: join(folder, "notebook.ts"),
    importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  }).runInThisContext() as Import;

/** A package of the kernel's own (`thawbook`, `tslab`, TensorFlow), where the notebook's folder has none of that name. */
const KERNEL_FOLDER = resolve(__dirname, "../..");

export interface ImportsOptions {
  folder: string;
  locals(): LocalModules;
  /** Told of each package's main module before a notebook gets it. */
  loaded?(specifier: string, path: string): void;
}

/** Imports for a notebook's cells and for the local modules that they import. */
export function createImports(folder: string, loaded: (specifier: string, path: string) => void): Imports {
  let locals: LocalModules | undefined;
  const byFolder = new Map<string, Imports>();
  const importsOf = (from: string): Imports => {
    const known = byFolder.get(from);
    if (known) return known;
    const made = new Imports({
      folder: from, loaded,
      locals: () => {
        if (locals) return locals;
        const { createLocalModules, filePlaces } = require("../language/modules") as typeof import("../language/modules");
        mapFilePlaces(filePlaces);
        return (locals = createLocalModules({ importOther: (specifier, parent, options) => importsOf(dirname(parent)).import(specifier, options) }));
      },
    });
    byFolder.set(from, made);
    return made;
  };
  return importsOf(folder);
}

/** Imports for cells: from the notebook's folder, then from the kernel's own packages. */
export class Imports {
  readonly #options: ImportsOptions;
  readonly #here: Import;
  readonly #kernel: Import;
  readonly #requireHere: NodeJS.Require;
  readonly #requireKernel: NodeJS.Require;

  constructor(options: ImportsOptions) {
    this.#options = options;
    this.#here = importFrom(options.folder);
    this.#kernel = importFrom(KERNEL_FOLDER);
    this.#requireHere = createRequire(join(options.folder, "notebook.ts"));
    this.#requireKernel = createRequire(join(KERNEL_FOLDER, "notebook.ts"));
  }

  /** A cell has become a module of this folder. */
  define(name: string, source: string): void {
    this.#options.locals().define(join(this.#options.folder, name), source);
  }

  get require(): NodeJS.Require {
    return this.#requireHere;
  }

  resolve(specifier: string): string {
    return this.#resolve(specifier)?.path ?? this.#requireHere.resolve(specifier);
  }

  requireModule(specifier: string): unknown {
    try {
      return this.#requireHere(specifier);
    } catch (error) {
      if (!isMissing(error, specifier) || isLocal(specifier)) throw error;
      return this.#requireKernel(specifier);
    }
  }

  async import(specifier: string, options?: ImportOptions): Promise<Namespace> {
    if (isLocal(specifier)) {
      const local = this.#options.locals().resolve(specifier, this.#options.folder);
      if (local !== undefined) return this.#options.locals().import(local);
      const path = this.#localPath(specifier);
      if (path.endsWith(".json")) return fromJson(this.#requireHere(path));
      return this.#interoperable(await this.#here(specifier, options), path);
    }
    const found = this.#resolve(specifier);
    if (found !== undefined) this.#options.loaded?.(specifier, found.path);
    if (found?.path.endsWith(".json")) return fromJson(found.require(specifier));
    try {
      return this.#interoperable(await this.#here(specifier, options), found?.path);
    } catch (error) {
      if (!isMissing(error, specifier)) throw error;
      try {
        return this.#interoperable(await this.#kernel(specifier, options), found?.path);
      } catch (second) {
        throw isMissing(second, specifier) ? notInstalled(specifier, this.#options.folder) : second;
      }
    }
  }

  #localPath(specifier: string): string {
    const path = specifier.startsWith("file:") ? fileURLToPath(specifier) : isAbsolute(specifier) ? specifier : resolve(this.#options.folder, specifier);
    try {
      return this.#requireHere.resolve(path);
    } catch {
      return path;
    }
  }

  #resolve(specifier: string): { path: string; require: NodeJS.Require } | undefined {
    for (const require of [this.#requireHere, this.#requireKernel]) {
      try {
        return { path: require.resolve(specifier), require };
      } catch {
        // an ESM-only package has no CommonJS entry; the import itself will tell what is wrong
      }
    }
    return undefined;
  }

  /** Gives CommonJS the names and the default that TypeScript promises; Node finds only those that it can guess unrun. */
  #interoperable(namespace: Namespace, path: string | undefined): Namespace {
    const cached = path === undefined ? undefined : this.#requireHere.cache[path];
    if (cached === undefined || !("default" in namespace) || namespace["default"] !== cached.exports) return namespace;
    const exported: unknown = cached.exports;
    if ((typeof exported !== "object" && typeof exported !== "function") || exported === null) return namespace;
    const isModule = (exported as Namespace)["__esModule"] === true;
    const merged = Object.create(null) as Namespace;
    // getters stay getters: many packages load their parts at first touch
    for (const name of Object.keys(exported)) Object.defineProperty(merged, name, { enumerable: true, configurable: true, get: () => (exported as Namespace)[name] });
    if (!isModule || !("default" in exported)) Object.defineProperty(merged, "default", { enumerable: true, configurable: true, value: exported });
    Object.defineProperty(merged, Symbol.toStringTag, { value: "Module" });
    return merged;
  }
}

const isLocal = (specifier: string): boolean => /^(\.\.?(\/|$)|\/|file:)/.test(specifier);

function fromJson(value: unknown): Namespace {
  return { ...(typeof value === "object" && value !== null && !Array.isArray(value) ? value : {}), default: value };
}

/** Whether the very module asked for is missing, and not one that it imports in turn. */
function isMissing(error: unknown, specifier: string): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") && String(message).includes(`'${packageOf(specifier)}`);
}

const packageOf = (specifier: string): string => specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");

const notInstalled = (specifier: string, folder: string): Error =>
  Object.assign(new Error(`the package "${packageOf(specifier)}" is not installed for this notebook: %install ${packageOf(specifier)} puts it into ${folder}`), { code: "ERR_MODULE_NOT_FOUND" });

export const metaOf = (folder: string): { url: string; filename: string; dirname: string } => {
  const filename = join(folder, "notebook.ts");
  return { url: pathToFileURL(filename).href, filename, dirname: folder };
};
