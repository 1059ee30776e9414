/** Local TypeScript modules: what a cell imports with `./`. */

import { mkdirSync, mkdtempSync, realpathSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { originalPosition } from "../../kernel/lib/language/index.js";
import { createLocalModules, type LocalModules, type Namespace } from "../../kernel/lib/language/modules/index.js";

let folder: string;
let modules: LocalModules;
let clock = Date.now() / 1000;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "modules with space-")));
  modules = createLocalModules({
    importOther: async (specifier, parent) => {
      const resolved = specifier.startsWith("node:") ? specifier : createRequire(parent).resolve(specifier);
      return (await import(resolved.startsWith("/") ? pathToFileURL(resolved).href : resolved)) as Namespace;
    },
  });
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Writes a module; each write has a time of its own. */
function write(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  clock += 1;
  utimesSync(path, clock, clock);
  return path;
}
const load = (specifier: string): Promise<Namespace> => {
  const path = modules.resolve(specifier, folder);
  if (!path) throw new Error(`${specifier} is no local module`);
  return modules.import(path);
};

describe("resolution", () => {
  it("finds what TypeScript finds", () => {
    const a = write("a.ts", "");
    const b = write("b/index.ts", "");
    const c = write("c.mts", "");
    const d = write("d.js", "");
    write("d.ts", "");
    expect(modules.resolve("./a", folder)).toBe(a);
    expect(modules.resolve("./a.ts", folder)).toBe(a);
    expect(modules.resolve("./a.js", folder)).toBe(a);
    expect(modules.resolve("./b", folder)).toBe(b);
    expect(modules.resolve("./c.mjs", folder)).toBe(c);
    expect(modules.resolve("../a", join(folder, "b"))).toBe(a);
    expect(modules.resolve(pathToFileURL(a).href, folder)).toBe(a);
    expect(modules.resolve(a, "/")).toBe(a);
    expect(modules.resolve("./d.js", folder), d).toBeUndefined();
    expect(modules.resolve("dayjs", folder)).toBeUndefined();
    expect(modules.resolve("node:fs", folder)).toBeUndefined();
  });
});

describe("a module", () => {
  it("exports every form", async () => {
    write("m.ts", `
export const a: number = 1, { b, c: [d] } = { b: 2, c: [3] };
export let counter = 0; export function increase(): void { counter++ }
export class K<T> { constructor(public v?: T) {} }
export enum Color { Red = "red" }
export namespace N { export const q = 5 }
export default function named() { return "default" }
const hidden = 6; export { hidden as shown };
export interface I { x: number } export type { I as J };
export { basename, sep as separator } from "node:path";
export * from "./other"; export * as other from "./other";`);
    write("other.ts", "export const fromOther = 7; export const a = 'hidden by m'; export default 8");
    const m = await load("./m");
    expect(m).toMatchObject({ a: 1, b: 2, d: 3, shown: 6, separator: "/", fromOther: 7, Color: { Red: "red" }, N: { q: 5 } });
    expect((m.default as () => string)()).toBe("default");
    expect(new (m.K as new (v: number) => { v: number })(3).v).toBe(3);
    expect(Object.keys(m.other as object)).toEqual(["fromOther", "a", "default"]);
    (m.increase as () => void)();
    expect(m.counter).toBe(1);
    expect(Object.prototype.toString.call(m)).toBe("[object Module]");
  });

  it("imports every form, with live bindings", async () => {
    write("lib.ts", "export let n = 1; export const bump = () => { n++ }; export default class D {}; export function self(this: unknown) { return this }");
    write("m.ts", `import D, { n, bump as b, self } from "./lib.js"; import * as lib from "./lib";
import { join } from "node:path"; import type { Missing } from "no-such"; import { type Missing2, type Missing3, dirname } from "node:path"; export { type Missing2, dirname }; import { AlsoType } from "no-such-either";
const before = n; b(); const t: AlsoType | undefined = undefined;
export const result = { before, n, same: lib.n === n, D: new D().constructor === lib.default, join: join("a", "b"), self: self(), inner: ((n: number) => n)(9) };
export default await Promise.resolve(import.meta.dirname); export const lazy = async () => (await import("./lib")).n;`);
    const m = await load("./m");
    expect(m.result).toEqual({ before: 1, n: 2, same: true, D: true, join: "a/b", self: undefined, inner: 9 });
    expect(m.default).toBe(folder);
    expect(await (m.lazy as () => Promise<number>)()).toBe(2);
  });

  it("may be part of a cycle", async () => {
    write("even.ts", 'import { odd } from "./odd"; export function even(n: number): boolean { return n === 0 || odd(n - 1) }');
    write("odd.ts", 'import { even } from "./even"; export function odd(n: number): boolean { return n !== 0 && even(n - 1) }');
    expect(((await load("./even")).even as (n: number) => boolean)(10)).toBe(true);
  });

  it("is one instance for all that import it", async () => {
    write("state.ts", "export const state = {}");
    write("a.ts", 'export { state } from "./state"');
    write("b.ts", 'export { state } from "./state"');
    expect((await load("./a")).state).toBe((await load("./b")).state);
  });

  it("is evaluated again once it or an import of it has changed, and only then", async () => {
    write("deep.ts", "export const value = 1");
    write("middle.ts", 'import { value } from "./deep"; export const doubled = value * 2; export const token = {}');
    write("top.ts", 'export * from "./middle"');
    const first = await load("./top");
    expect(first.doubled).toBe(2);
    expect((await load("./top")).token).toBe(first.token);
    write("deep.ts", "export const value = 21");
    const second = await load("./top");
    expect(second.doubled).toBe(42);
    expect(second.token).not.toBe(first.token);
  });

  it("that fails is tried again, and says where its error is", async () => {
    const path = write("bad.ts", "interface A {}\nlet x: = 1");
    await expect(load("./bad")).rejects.toThrow(/Unexpected token.*bad\.ts:2:8/);
    write("bad.ts", "interface A {}\n\nexport function boom(): never { throw new Error('here') }\nboom()");
    const error = (await load("./bad").catch((reason: unknown) => reason)) as Error;
    expect(error.stack).toContain(`${path}:3:`);
    write("bad.ts", "export const good = 1");
    expect((await load("./bad")).good).toBe(1);
  });

  it("keeps the places of its source", async () => {
    const path = write("places.ts", 'import { sep } from "node:path"; export enum E { A }\nclass P { constructor(private a: number) {} }\nexport const boom = () => { throw new Error(sep) };');
    const { boom } = await load("./places");
    let error: Error | undefined;
    try { (boom as () => void)(); } catch (reason) { error = reason as Error; }
    const [, line, column] = /places\.ts:(\d+):(\d+)/.exec(error!.stack!)!;
    expect(originalPosition(modules.script(path)!, { line: Number(line), column: Number(column) })).toEqual({ line: 3, column: 35 });
  });
});
