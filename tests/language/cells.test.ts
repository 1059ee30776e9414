/** Cells checked and run, as a person types them: the cells of the protocol probe, and the kinds of cells that tslab handles. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openNotebook, type Notebook } from "./notebook.js";

let notebook: Notebook;
beforeAll(() => {
  notebook = openNotebook({
    "local_probe.ts": "export function localFn(x: number): number { return x * 2 }",
    "node_modules/dayjs/package.json": '{ "name": "dayjs", "version": "1.0.0", "main": "index.js", "types": "index.d.ts" }',
    "node_modules/dayjs/index.js": "module.exports = (ms) => ({ year: () => new Date(ms).getUTCFullYear() }); module.exports.locale = () => 'en'",
    "node_modules/dayjs/index.d.ts": "export = dayjs; declare function dayjs(ms: number): { year(): number }; declare namespace dayjs { export function locale(): string }",
  });
});
afterAll(() => notebook.close());
const run = (code: string) => notebook.run(code);

/** Cells run one after the other; the last one's value. */
async function all(...codes: string[]): Promise<unknown> {
  let value: unknown;
  for (const code of codes) value = await run(code);
  return value;
}

describe("the probe's cells", () => {
  it.each<[string, string[], unknown]>([
    ["result", ["6*7"], 42],
    ["await", ["await new Promise<number>(r => setTimeout(() => r(41), 50))"], 41],
    ["await, kept", ["const aw1 = await Promise.resolve(43);", "aw1"], 43],
    ["import_std", ['import { join } from "path";', 'join("a", "b")'], "a/b"],
    ["import_node", ['import * as np1 from "node:os";', "np1.EOL.length"], 1],
    ["import_npm", ['import dayjs from "dayjs";', "dayjs(0).year() > 1900"], true],
    ["import_dynamic", ['const dy1 = (await import("node:path")).sep;', "dy1"], "/"],
    ["import_local", ['import { localFn } from "./local_probe";', "localFn(2)"], 4],
    ["const", ["const rc1 = 1;", 'const rc1 = "two";', "rc1"], "two"],
    ["let", ["let rl1 = 1;", 'let rl1 = "two";', "rl1"], "two"],
    ["class", ["class Rk1 { v = 1 }", "class Rk1 { w = 2 }", "new Rk1().w"], 2],
    ["function", ["function rf1() { return 1 }", "function rf1() { return 'two' }", "rf1()"], "two"],
    ["import", ['import { join as ri1 } from "path";', 'import { dirname as ri1 } from "path";', 'ri1("/q/r")'], "/q"],
    ["closure", ["let cl1 = 0;\nfunction inc1() { cl1 += 1; return cl1; }", "inc1(); cl1 = 10; inc1();", "cl1"], 11],
    ["enum", ["enum Se1 { A, B }\nSe1[1]"], "B"],
    ["namespace", ["namespace Ns1 { export const q = 5 }\nNs1.q"], 5],
    ["satisfies", ["const sf1 = { a: 1 } satisfies { a: number };\nsf1.a"], 1],
    ["decorator", ["function dec1(v: any, c: any) { return v }\nclass D1 { @dec1 m() { return 7 } }\nnew D1().m()"], 7],
    ["using", ["{ using us1 = { [Symbol.dispose]() {} }; }\n8"], 8],
    ["generics", ["function id1<T>(x: T): T { return x }\nid1<number>(9)"], 9],
    ["for_await", ["let fa1 = 0; for await (const x of [1, 2]) fa1 += x;\nfa1"], 3],
    ["destructure", ["const { a: ds1, ...ds2 } = { a: 5, b: 6 };\nds2.b"], 6],
    ["decl", ["interface I1 { a: number; b?: string }\nclass G1 { x: number = 1; m(v: I1): number { return this.x + v.a; } }\nfunction gf1(a: number): number { return a + 1; }\nconst gv1 = new G1().m({ a: gf1(1) });", "gv1"], 3],
    ["unicode_pre", ['const sm1 = "😀😀"; sm1.length'], 4],
    ["undefined", ["undefined"], undefined],
  ])("%s", async (_, codes, value) => {
    expect(await all(...codes)).toEqual(value);
  });

  it("trace keeps the user's lines", async () => {
    const code = `interface Pt {\n${Array.from({ length: 20 }, (_, i) => `  f${i}?: number;\n`).join("")}}\nfunction boom1(p: Pt): number {\n  throw new Error("probe-boom");\n}\n\nboom1({ f1: 1 });`;
    const error = (await run(code).catch((reason: unknown) => reason)) as Error;
    expect([...error.stack!.matchAll(/cell-\d+\.ts:(\d+)/g)].map(([, line]) => Number(line))).toEqual([24, 27]);
  });

  it("faults are found before anything runs", async () => {
    await expect(run("function tcf(a: number): number { return a; }").then(() => run('tcf("x");'))).rejects.toThrow("not assignable");
    await expect(run('let ran1 = true; const bad1: number = "nope"')).rejects.toThrow("TS2322");
    await expect(run("ran1")).rejects.toThrow("TS2304");
  });
});

/** What notebooks written for tslab rely on, of the kinds that its converter and executor handle. */
describe("tslab's kinds of cells", () => {
  it.each<[string, string[], unknown]>([
    ["calculates", ["let a = 0, b = 1;\nlet t = a + b"], undefined],
    ["shadows functions with variables", ["function sh1() { return 'f' }", "let sh1 = 3; sh1"], 3],
    ["redeclares a const used by a function", ["const rd1 = 1; function getRd1() { return rd1 }", "const rd1 = 2; getRd1()"], 2],
    ["keeps several declarators", ["let x1 = 3, y1 = 'hello', z1: boolean = true", "[x1, y1, z1]"], [3, "hello", true]],
    ["has an enum and its const form", ["enum Direction { Up = 1, Down }\nconst enum Const1 { A = 'a' }", "[Direction.Down, Direction[1], Const1.A]"], [2, "Up", "a"]],
    ["extends a class of an earlier cell", ["class Person { constructor(public name: string) {} hi() { return 'hi ' + this.name } }", "class Bob extends Person { constructor() { super('Bob') } }", "new Bob().hi()"], "hi Bob"],
    ["shares a class member's type", ["let bob: Person = new Bob(); bob.name"], "Bob"],
    ["runs a recursive function", ["function naiveFib(n: number): number { return n > 1 ? naiveFib(n - 1) + naiveFib(n - 2) : 1 }", "naiveFib(10)"], 89],
    ["awaits at the top and in functions", ["async function hello() { return 'async' }", "const h1 = await hello(); h1 + (await hello())"], "asyncasync"],
    ["awaits in an expression last", ["[await Promise.resolve(1), await hello()]"], [1, "async"]],
    ["has a module's named and namespace imports", ["import * as crypto1 from 'crypto'; import { createHash } from 'crypto'", "createHash('md5').update('x').digest('hex') === crypto1.createHash('md5').update('x').digest('hex')"], true],
    ["imports, of which one is only a type", ["import { readFileSync, type Stats } from 'fs'; typeof readFileSync"], "function"],
    ["has type aliases and generics", ["type Pair<T> = [T, T]; function swap<T>([a, b]: Pair<T>): Pair<T> { return [b, a] }", "swap<number>([1, 2])"], [2, 1]],
    ["has namespaces in namespaces", ["namespace Outer { export namespace Inner { export const v = 1 } export function f() { return Inner.v } }", "Outer.f() + Outer.Inner.v"], 2],
    ["overwrites within a cell's loop", ["let sum1 = 0; for (let i = 0; i < 3; i++) { sum1 += i }", "sum1"], 3],
    ["has iterators and generators", ["function* count1(n: number) { for (let i = 0; i < n; i++) yield i }", "[...count1(3)]"], [0, 1, 2]],
    ["has getters, setters, static and private members", ["class Props { static n = 0; #v = 1; get v() { return this.#v } set v(x) { this.#v = x; Props.n++ } }", "const props1 = new Props(); props1.v = 5; [props1.v, Props.n]"], [5, 1]],
    ["has template and tagged literals", ["const tag1 = (s: TemplateStringsArray, ...v: number[]) => s.join('|') + v.join()", "tag1`a${1}b${2}`"], "a|b|1,2"],
    ["shows what an assignment gives", ["let as1 = 0; as1 = 7"], 7],
    ["has optional chaining, nullish and exponent", ["const oc1: { a?: { b: number } } = {}; [oc1.a?.b ?? 2 ** 3, oc1?.a]"], [8, undefined]],
    ["exports as a module does", ["export const exported1 = 1; export default function namedDefault() { return 2 }", "exported1 + namedDefault()"], 3],
    ["takes a cell of comments only", ["// nothing\n/* here */"], undefined],
    ["declares an ambient and uses it", ["declare const ambient1: number; typeof ambient1"], "undefined"],
    ["keeps `this` of a method", ["const th1 = { v: 1, m() { return this.v } }", "th1.m()"], 1],
    ["handles destructured parameters and defaults", ["const dp1 = ({ a, b = 2 }: { a: number; b?: number }, [c] = [3]) => a + b + c", "dp1({ a: 1 })"], 6],
    ["uses a later function before it is declared", ["const lf1 = later2(); function later2() { return 'hoisted' }\nlf1"], "hoisted"],
    ["changes an imported namespace's name", ["import * as os1 from 'os'", "import * as os1 from 'path'", "os1.sep"], "/"],
    ["has a dynamic import in a function", ["async function dyn1() { const { sep } = await import('path'); return sep }", "await dyn1()"], "/"],
  ])("%s", async (_, codes, value) => {
    expect(await all(...codes)).toEqual(value);
  });
});
