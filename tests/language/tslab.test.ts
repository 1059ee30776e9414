/**
 * What tslab's own tests of its converter and its executor expect of cells (tslab 1.0.22), as a table of ours: cells in order,
 * and the last one's value or its faults. Where this kernel differs on purpose, `kernel/README.md` says why.
 */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openNotebook, type Notebook } from "./notebook.js";

let notebook: Notebook;
beforeAll(() => {
  notebook = openNotebook({
    "pkg/a.ts": 'export const aVal: string = "AAA";',
    "pkg/b/c.ts": 'import { aVal } from "../a";\nexport const bVal = "BBB" + aVal;',
    "pkg/rand.ts": 'import { randomBytes } from "crypto";\nexport const uid = randomBytes(8).toString("hex");',
    "pkg/wrong.ts": 'export const wrong: number = "AAA";',
  });
});
afterAll(() => notebook.close());
const forget = () => notebook.language.reset();

async function all(cells: readonly string[]): Promise<unknown> {
  let value: unknown;
  for (const cell of cells) value = await notebook.run(cell);
  return value;
}

const SHA = "createHash('sha256').update('tslab').digest('hex').length";

describe("the executor's cells", () => {
  it.each<[string, string[], unknown]>([
    ["show the last expression at once", ["let i0 = 10; i0 + 4;"], 14],
    ["calculate over cells", ["let n1 = 3, n2 = 4;", "let n3 = n1 * n2; n3 -= 2;", "n2 = n1 * n3;", "n1 = Math.max(n3, n2)", "[n1, n2, n3]"], [30, 30, 10]],
    ["recurse", ["function fib(n: number): number { if (n > 1) { return fib(n - 1) + fib(n - 2) } return 1 }", "fib(15)"], 987],
    ["see Node's globals", ["const version = process.version; version.startsWith('v')"], true],
    ["declare a const again", ["const c1 = 3;", "const c1 = 4;", "c1"], 4],
    ["have classes with methods of Object's names", ["class Person { constructor(readonly name: string, readonly age: number) {} toString(): string { return `Person(${this.name}, ${this.age})` } }", "new Person('alice', 123).toString()"], "Person(alice, 123)"],
    ["import a namespace", ['import * as crypto from "crypto";', `crypto.${SHA}`], 64],
    ["import a default", ['import crypto from "crypto";', `crypto.${SHA}`], 64],
    ["import at run time", ['const crypto = await import("crypto")', `crypto.${SHA}`], 64],
    ["import names", ['import {createHash} from "crypto";', SHA], 64],
    ["take an import's name for a value", ["import * as os from 'os'", "let os = 'os'", "os"], "os"],
    ["take an imported name for a value", ["import {join} from 'path'", "let join = 'join'", "join"], "join"],
    ["use an enum, and take its name", ["enum Direction { Up = 1, Down, Left, Right }", "const d1 = Direction.Down, d2 = Direction[2]", "let Direction = null;", "[d1, d2, Direction]"], [2, "Down", null]],
    ["await a promise", ["await new Promise(resolve => { resolve('Hello') })"], "Hello"],
    ["await an async function", ["async function say(what: string) { return 'Hello ' + what }\nawait say('async')"], "Hello async"],
    ["keep what was awaited", ["async function hello() { return 'World' }\nlet msg = await hello();", "msg"], "World"],
    ["know Object as literals' constructor (tslab's bug 32)", ["let lit = {}.constructor === Object", "lit"], true],
    ["set an index of an object (tslab's bug 42)", ["let person: any = new Object(); person['name'] = 'yunabe'; person"], { name: "yunabe" }],
    ["import local files, and what those import", ['import {bVal} from "./pkg/b/c";', "bVal"], "BBBAAA"],
  ])("%s", async (_, cells, value) => {
    await forget();
    expect(await all(cells)).toEqual(value);
  });

  it("reject with what was thrown, be it no error", async () => {
    await expect(notebook.run("throw new Error('my error')")).rejects.toThrow("my error");
    await expect(notebook.run("await new Promise((_, reject) => { reject('Good Bye') })")).rejects.toThrow("Good Bye");
  });

  it("evaluate an unchanged file once, a changed one anew", async () => {
    const uid = () => all(['import {uid} from "./pkg/rand";', "uid"]);
    expect(await uid()).toBe(await uid());
    expect(await all(['import {aVal} from "./pkg/a";', "aVal"])).toBe("AAA");
    notebook.write("pkg/a.ts", 'export const aVal = "XYZ" as const;');
    expect(await all(['import {aVal} from "./pkg/a";', "aVal"])).toBe("XYZ");
  });

  it("report a type error in a local file where it is imported, be it from another file", async () => {
    const fault = "TS2322 pkg/wrong.ts:1:14 Type 'string' is not assignable to type 'number'.";
    expect(await notebook.faults('import {wrong} from "./pkg/wrong";')).toEqual([fault]);
    notebook.write("pkg/wide.ts", "/* 😀 ä */ export const wide: number = 'AAA';");
    expect(await notebook.faults("import { wide } from './pkg/wide';")).toEqual(["TS2322 pkg/wide.ts:1:25 Type 'string' is not assignable to type 'number'."]);
    notebook.write("pkg/behind.ts", 'export { wrong } from "./wrong";');
    expect(await notebook.faults('const { wrong } = await import("./pkg/behind");')).toEqual([fault]);
  });

  it("add up over many cells", { timeout: 30_000 }, async () => {
    await notebook.run("let sum = 0;");
    for (let i = 1; i <= 20; i++) await notebook.run(`sum += ${i};`);
    expect(await notebook.run("sum")).toBe(210);
  });
});

describe("the converter's cells", () => {
  it.each<[string, string[], unknown]>([
    ["destructure", ["let [p1, p2] = [123, 'hello']; let { a: p3, b: { c: p4 } } = { a: 1, b: { c: 'd' } };", "[p1, p2, p3, p4]"], [123, "hello", 1, "d"]],
    ["chain optionally", ["let nothing: any = null; let o1 = nothing?.a?.b; let o2 = o1 ?? 7;", "o2"], 7],
    ["change a variable from a function", ["let counter = 0; function increment() { counter++ }", "increment(); increment();", "counter"], 2],
    ["generate and sleep", ["function* xrange(n: number): IterableIterator<number> { for (let i = 0; i < n; i++) yield i }\nasync function sleep(ms: number) { return new Promise<void>(resolve => { setTimeout(resolve, ms) }) }", "await sleep(1); [...xrange(3)]"], [0, 1, 2]],
    ["implement interfaces that extend", ["interface Shape { color: string }\ninterface Square extends Shape { side: number }\nclass SquareImpl implements Square { constructor(public color: string, public side: number) {} }", "const sq: Square = new SquareImpl('red', 2); sq.side"], 2],
    ["merge interfaces of one cell", ["interface Merged { abc: number }\ninterface Merged { xyz: string }\nlet merged: Merged = { abc: 1, xyz: 'x' };", "merged.xyz"], "x"],
    ["name types of an import", ['import * as os2 from "os";\nimport { CpuInfo, UserInfo } from "os";\nlet info: CpuInfo | undefined;', "typeof info"], "undefined"],
    ["keep types that were imported indirectly", ['import { userInfo } from "os"; let me = userInfo();', "typeof me.username"], "string"],
    ["seal by a decorator", ["function sealed(target: Function, _: unknown) { Object.seal(target.prototype) }\n@sealed class Greeter {}", "Object.isSealed(Greeter.prototype)"], true],
    ["keep `require` usable as a name", ["let require = 123;", "require"], 123],
    ["name a class Promise, and still return promises", ["async function zero() { return 0 }\nclass Promise {}", "await zero()"], 0],
    ["take a type's name for a class, and an alias' for a value", ["interface itype { x: number }\ntype atype = itype | number;", "class itype { y = 'y' }\nlet atype = 123;", "[new itype().y, atype]"], ["y", 123]],
    ["take a class' name for a value", ["class Taken {} class Other { o = 1 }", "let Taken = 10;", "[Taken, new Other().o]"], [10, 1]],
    ["take a class' name for a type", ["class Typed {}", "interface Typed { x: number }", "const typed: Typed = { x: 1 }; typed.x"], 1],
    ["take an imported type's name for another type", ['import { CpuInfo } from "os";', "interface CpuInfo { x: number }", "const cpu: CpuInfo = { x: 1 }; cpu.x"], 1],
    ["take an imported value's name for a type, and keep both", ['import { cpus } from "os";', "type cpus = number;", "const both: cpus = cpus().length; both === cpus().length"], true],
    ["use an imported type's name as a value, too", ['import { CpuInfo } from "os";', "let CpuInfo = 10;", "CpuInfo"], 10],
    ["take a global's name", ["let process = 5", "process + 1"], 6],
    ["take a global interface's name", ["interface Map { mine(): number }\nfunction createMap(): Map { return { mine: () => 4 } }", "createMap().mine()"], 4],
    ["call named imports in a later cell (tslab's bug 1)", ['import {join as joined} from "path";', 'joined("a", "b")'], "a/b"],
    ["show a value that has the name of tslab's own", ["let tsLastExpr = 10; const tsLastExpr0 = 30; tsLastExpr + tsLastExpr0;"], 40],
    ["run the same expression twice", ["'x'", "'x'"], "x"],
  ])("%s", async (_, cells, value) => {
    await forget();
    expect(await all(cells)).toEqual(value);
  });

  it.each<[string, string[], string[]]>([
    ["a value of another type", ["let x: string = 10;"], ["TS2322 1:5 Type 'number' is not assignable to type 'string'."]],
    ["a name declared twice in one cell", ["let x = 3; let x = 4;"], ["TS2451 1:5 Cannot redeclare block-scoped variable 'x'.", "TS2451 1:16 Cannot redeclare block-scoped variable 'x'."]],
    ["a browser's global", ["let div = document.createElement('div');"], [expect.stringMatching(/^TS2584 1:11 Cannot find name 'document'/) as string]],
    ["a class that lacks a member", ["interface Form { color: string }\nclass FormImpl implements Form {}"], [expect.stringMatching(/^TS2420 2:7 Class 'FormImpl' incorrectly implements interface 'Form'/) as string]],
    ["an earlier const assigned", ["const fixed: number = 1", "fixed = fixed * 2;"], ["TS2588 1:1 Cannot assign to 'fixed' because it is a constant."]],
    ["arithmetic once the type has changed", ["let changing: number = 1", "changing++", "let changing: string = 'a'", "changing++"], [expect.stringMatching(/^TS2356 1:1 /) as string]],
  ])("report %s", async (_, cells, faults) => {
    await forget();
    await all(cells.slice(0, -1));
    expect(await notebook.faults(cells.at(-1)!)).toEqual(faults);
  });

  it.each(["let f = function() { return await hello() }", "let f = () => { return await hello() }", "let f = () => await hello()", "function f() { return await hello() }", "class C { f() { return await hello() } }"])("report an await outside of async: %s", async (code) => {
    const prepared = await notebook.language.prepare({ id: code, number: 1, code: `async function hello() { return 1 }\n${code}`, url: "file:///await.ts" });
    expect(prepared.ok).toBe(false);
  });
});

describe("where this kernel differs on purpose", () => {
  it("an object literal is an object, not a block with a label", async () => {
    expect(await notebook.run("{x: 10}")).toEqual({ x: 10 });
    expect(await notebook.run("{x: 3, y: 4}")).toEqual({ x: 3, y: 4 });
  });

  it("decorators are those of the standard: metadata is written behind them, so none may seal the class itself", async () => {
    await expect(notebook.run("function seal(target: Function, _: unknown) { Object.seal(target) }\n@seal class Sealed {}")).rejects.toThrow("not extensible");
  });
});
