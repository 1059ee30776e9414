/**
 * What a transformed cell asks of the thread that runs it. Types and names only; who does what:
 *
 * - the language room writes scripts that use these names and nothing else of ours;
 * - the runtime installs one `ScriptHost` under {@link HOST_NAME} on `globalThis` (not enumerable, not
 *   writable, not configurable), sets `value` to {@link NO_VALUE} before a script and reads it after;
 * - packages, built-ins, JSON and CommonJS are imported by the runtime; a specifier that resolves to a
 *   local TypeScript module (`./x`, `./x.ts`, `./x.js` beside an `x.ts`, `/abs/x.ts`, a directory with
 *   `index.ts`) goes to `createLocalModules` of `language/modules` (runs on the main thread: transforms,
 *   evaluates, caches, and evaluates again when the file or a local module that it imports has changed).
 *
 * How the runtime may import relative to the notebook's folder, with the conditions of ESM, in evaluated
 * code that has no import callback of its own:
 *
 * ```js
 * const importFrom = new vm.Script("(specifier, options) => import(specifier, options)", {
 *   filename: path.join(folder, "notebook.ts"),
 *   importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
 * }).runInThisContext();
 * ```
 */

/** The one hidden global that scripts use. */
export const HOST_NAME = "__thawbook";

/** `host.value` while no last expression has been evaluated; tells `undefined` from nothing. */
export const NO_VALUE: unique symbol = Symbol.for("thawbook.no-value");

/**
 * A user's top-level name that exists on `globalThis` (`process`, `URL`, `name`) carries this suffix in
 * the script, so that libraries keep theirs. Tracebacks and debugger scopes show {@link userName}.
 */
export const RENAMED_SUFFIX = "$cell";

/** A top-level function is declared under its name and this suffix, and bound to a `let` of its name at the script's start. */
export const HOISTED_SUFFIX = "$fn";

/** The user's name of a binding in a script. */
export function userName(scriptName: string): string {
  return scriptName.endsWith(RENAMED_SUFFIX) ? scriptName.slice(0, -RENAMED_SUFFIX.length)
    : scriptName.endsWith(HOISTED_SUFFIX) ? scriptName.slice(0, -HOISTED_SUFFIX.length) : scriptName;
}

/** V8 calls an anonymous function after what its value is assigned to: the last expression's is the kernel's own. */
const ASSIGNED = new RegExp(`^${HOST_NAME}\\.value(?:\\.|$)`);

/** A frame's function as the person named it: `Gauge.read`; empty where it has no name. */
export function frameName(name: string): string {
  const clean = (part: string): string => (/^[. ]/.test(part) ? part[0] + userName(part.slice(1)) : userName(part));
  return name.replace(ASSIGNED, "").split(/(?=[. ])/).map(clean).join("");
}

export interface ImportOptions {
  /** Import attributes: `import data from "./a.json" with { type: "json" }`. JSON needs none. */
  with?: Record<string, string>;
}

export interface ScriptHost {
  /**
   * The namespace of a module, for `import … from` and `import()`. The specifier is resolved from the notebook's folder.
   * CommonJS (not `__esModule`): `default` is `module.exports` and every own enumerable key of it is a name.
   * CommonJS with `__esModule`: the names of `module.exports`; `default` is its `default` where it has one, else
   * `module.exports` (what TypeScript's `esModuleInterop` and bundlers do, and what the checker assumes).
   * JSON: `default` is the value, and the keys of an object are names.
   */
  import(specifier: string, options?: ImportOptions): Promise<Record<string, unknown>>;
  /** What `import.meta` is in a cell: the notebook's folder, as if the cell were a file `notebook.ts` in it. */
  readonly meta: { url: string; filename: string; dirname: string; resolve?(specifier: string): string };
  /** The cell is a module of the notebook's folder (`/** @module name *\/`): later imports of the file `name` mean this source. */
  define(name: string, source: string): void;
  /** `import x = require("y")`: resolved from the notebook's folder. */
  require(specifier: string): unknown;
  /** The value of the cell's last expression: scripts assign it. */
  value: unknown;
  /** Gives a hoisted function its own name (`function f` is declared as `f$fn`) and returns it. */
  named<F extends object>(fn: F, name: string): F;
  readonly magics: MagicHost;
}

/** What a script's magics call. */
export interface MagicHost {
  /** `%who`: prints those of the names that have a value by now. Names are as scripts call them. */
  who(names: readonly string[]): void;
  /** `%time`: a moment, and what has passed since it, printed; gives the value back. */
  now(): TimeMark;
  took<T>(since: TimeMark, value: T): T;
}

/** Wall clock in milliseconds, and processor time of the process in microseconds. */
export interface TimeMark {
  wall: number;
  cpu: number;
}
