/** What `error.stack` says in a notebook: cells by their labels, in TypeScript's lines and columns, without the kernel's own frames. */

import { sep } from "node:path";
import { types } from "node:util";
import { originalPosition } from "../language/positions";
import { frameName } from "../language/script-abi";
import type { Script } from "../threads";

/** V8 keeps ten: the kernel's and a library's own would leave a cell few. */
const FRAMES = 50;

const OWN_FOLDER = __dirname + sep;

const scripts = new Map<string, Script["source"]>();

/** What Node writes above the stack of a file that V8 could not read: the file and the line, the line's text, and a mark below it. */
const UNREAD = /^((?:file:\/\/)?\/[^\n]*):(\d+)\n[^\n]*\n(\s*)\^/;

interface Stack {
  raw: string;
  /** What the person has seen of it; a stack that has become another since is theirs. */
  shown: unknown;
}

const stacks = new WeakMap<object, Stack>();

let mapFiles = (stack: string): string => stack;

/** @param map what makes places in local modules those of their files; nothing else has any until one is loaded */
export function mapFilePlaces(map: (stack: string) => string): void {
  mapFiles = map;
}

/** Places in the script are shown as the cell's from now on. */
export function nameScript({ url, source }: Script): void {
  scripts.set(url, source);
}

/** V8's own stack of an error, with the places of scripts, which the gateway maps itself. */
export function rawStack(error: Error): string | undefined {
  const shown: unknown = error.stack;
  const known = stacks.get(error);
  if (known !== undefined && known.shown === shown) return mapFiles(known.raw);
  if (typeof shown !== "string") return undefined;
  const [above = "", file, line, before = ""] = UNREAD.exec(shown) ?? [];
  return mapFiles(file === undefined ? shown : `    at ${file}:${line}:${before.length + 1}\n${shown.slice(above.length)}`);
}

/** Says where V8 could not read a script: the error's own stack has only who asked for it. */
export function placeUnread(error: unknown, url: string, { lineNumber, columnNumber }: { lineNumber: number; columnNumber: number }): void {
  if (!types.isNativeError(error)) return;
  const head = headOf(error);
  const place = `${url}:${lineNumber + 1}:${columnNumber + 1}`;
  const raw = `${head}\n    at ${place}`;
  const shown = `${head}\n    at ${inCells(place)}`;
  Object.defineProperty(error, "stack", { value: shown, configurable: true, writable: true, enumerable: false });
  stacks.set(error, { raw, shown });
}

/** Until a cell gives `Error.prepareStackTrace` a function of its own. */
export function installStacks(): void {
  Error.stackTraceLimit = FRAMES;
  Error.prepareStackTrace = (error, sites) => {
    const head = headOf(error);
    const raw = [head, ...sites.map((site) => `    at ${String(site)}`)].join("\n");
    let shown = raw;
    try {
      shown = mapFiles([head, ...withoutKernel(sites).map((site) => `    at ${inCells(String(site))}`)].join("\n"));
    } catch {
      // a cell may have replaced what this needs, or left no room on the stack
    }
    stacks.set(error, { raw, shown });
    return shown;
  };
}

function headOf(error: Error): string {
  try {
    const code = isOfNode(error) ? (error as NodeJS.ErrnoException).code : undefined;
    return code === undefined ? Error.prototype.toString.call(error) : `${error.name} [${code}]: ${error.message}`;
  } catch {
    return "Error";
  }
}

/** Node writes the code of its own errors behind the name; a private symbol tells them. */
function isOfNode(error: object): boolean {
  for (let at: object | null = error; at !== null && at !== Error.prototype; at = Object.getPrototypeOf(at) as object | null) {
    if (Object.getOwnPropertySymbols(at).some(({ description }) => description === "kIsNodeError")) return true;
  }
  return false;
}

/** Without the runtime's frames, and without those of Node that called it. */
function withoutKernel(sites: readonly NodeJS.CallSite[]): NodeJS.CallSite[] {
  let below = false;
  return sites.filter((site, index) => {
    const file = fileOf(site);
    // the inspector's small scripts have no name
    const isOwn = file.startsWith(OWN_FOLDER) || file === "node:inspector" || (file === "" && sites[index + 1] !== undefined && fileOf(sites[index + 1]!) === "node:inspector");
    below = isOwn || (below && file.startsWith("node:"));
    return !below;
  });
}

const fileOf = (site: NodeJS.CallSite): string => String(site.getScriptNameOrSourceURL() ?? "");

/** One frame as V8 writes it, with places of scripts as those of cells. */
function inCells(frame: string): string {
  let isCell = false;
  const placed = frame.replace(/([^\s()]+):(\d+):(\d+)/g, (place, url: string, line: string, column: string) => {
    const source = scripts.get(url);
    if (source === undefined) return place;
    isCell = true;
    const original = originalPosition(source, { line: Number(line), column: Number(column) });
    return `${source.label}:${original.line}:${original.column}`;
  });
  const named = isCell ? /^((?:async |new )*)(.*?) \((.*)\)$/.exec(placed) : null;
  if (named === null) return placed;
  const [, before = "", name = "", where = ""] = named;
  const own = frameName(name);
  return own === "" ? before.replace("new ", "") + where : `${before}${own} (${where})`;
}
