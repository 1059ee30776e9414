/** What cells mean: every case is transformed and run in V8's REPL mode. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createScripts } from "./evaluator.js";

let cells: ReturnType<typeof createScripts>;
beforeAll(() => { cells = createScripts(process.cwd()); });
afterAll(() => cells.dispose());
const run = (code: string) => cells.run(code);

describe("the last expression", () => {
  it.each([
    ["1+1", 2],
    ["6*7;", 42],
    ["6*7; // with a comment", 42],
    ["6*7 /* a */ ; /* b */\n\n", 42],
    ["({ a: 1 })", { a: 1 }],
    ["{ a: 1 }", { a: 1 }],
    ["{ a: 1, b: 'x' } // an object\n", { a: 1, b: "x" }],
    ["{}", {}],
    ["'use strict'", "use strict"],
    ["`a${1}`", "a1"],
    ["let le1 = 1;", undefined],
    ["let le2 = 1; le2 = 5", 5],
    ["void 0", undefined],
    ["if (true) 5", undefined],
    ["await Promise.resolve(3)", 3],
    ["[1, 2].map((x: number) => x * 2)", [2, 4]],
    ["const le3 = 1\n\nle3 as number", 1],
    ["5 satisfies number", 5],
    ["<number>5", 5],
    ["(5 as any)!", 5],
    ["export default 7", 7],
    ["null", null],
    ["", undefined],
    ["// nothing", undefined],
    ["1, 2", 2],
    ["async () => {}", expect.any(Function)],
    ["function () {}", expect.any(Error)],
  ])("of %j is %j", async (code, value) => {
    const got = await run(code).catch((error: Error) => error);
    expect(got).toEqual(value);
  });

  it("of a block is nothing", async () => {
    expect(await run("{ let le4 = 1; }")).toBeUndefined();
    expect(await run("{ a: 1; }")).toBeUndefined();
  });
});

describe("bindings", () => {
  it("are shared with functions of earlier cells", async () => {
    await run("let cl1 = 0;\nfunction inc1(by: number = 1): number { cl1 += by; return cl1; }");
    await run("inc1(); cl1 = 10; inc1();");
    expect(await run("cl1")).toBe(11);
  });

  it("are one binding a name: a cell run again is seen by earlier functions", async () => {
    await run("let lr1 = 0.1; const rate1 = () => lr1");
    await run("let lr1 = 0.2");
    expect(await run("rate1()")).toBe(0.2);
    await run("const early1 = () => later1(1); function later1(x: number) { return x + 1 }");
    await run("function later1(x: number) { return 100 }");
    expect(await run("early1()")).toBe(100);
  });

  it("change from any kind to any other", async () => {
    const kinds: Record<string, [string, unknown]> = {
      let: ["let kind1 = 'let'; ", "let"],
      const: ["const kind1 = 'const';", "const"],
      var: ["var kind1 = 'var';", "var"],
      class: ["class kind1 { static v = 'class' }", "class"],
      function: ["function kind1() { return 'function' }", "function"],
      import: ["import { basename as kind1 } from 'node:path'", "import"],
      namespace: ["import * as kind1 from 'node:path'", "namespace"],
      enum: ["enum kind1 { A = 'enum' }", "enum"],
      destructured: ["const { kind1 } = { kind1: 'destructured' }", "destructured"],
    };
    const read = "typeof kind1 === 'string' ? kind1 : kind1.v ?? kind1.A ?? (kind1.sep ? 'namespace' : kind1.length === 2 ? 'import' : kind1())";
    for (const [from, [before]] of Object.entries(kinds)) {
      for (const [to, [after, value]] of Object.entries(kinds)) {
        await run(before);
        await run(after);
        expect(await run(read), `${from} -> ${to}`).toBe(value);
      }
    }
  });

  it("are kept when a later line throws, before and after an await", async () => {
    await expect(run("let kept1 = 11;\nthrow new Error('after kept1');")).rejects.toThrow("after kept1");
    expect(await run("kept1")).toBe(11);
    await expect(run("const kept2 = await Promise.resolve(5); function kept3() { return 3 } throw new Error('b')")).rejects.toThrow("b");
    expect(await run("kept2 + kept3()")).toBe(8);
  });

  it("hoist functions, with their own names", async () => {
    expect(await run("const ho1 = hoisted1(2); function hoisted1(x: number) { return x + 1 }\nho1")).toBe(3);
    expect(await run("hoisted1.name")).toBe("hoisted1");
    expect(await run("function* gen1() { yield 1 }\nasync function as1() { return 2 }\n[[...gen1()], await as1(), as1.name]")).toEqual([[1], 2, "as1"]);
  });

  it("of var reach out of blocks and loops", async () => {
    await run("if (true) { var va1 = 1 } for (var vi1 = 0; vi1 < 3; vi1++) {} for (var [vo1] of [[1], [2]]) {} for (var vk1 in { a: 1 }) {}");
    expect(await run("[va1, vi1, vo1, vk1]")).toEqual([1, 3, 2, "a"]);
    expect(await run("var vd1 = 1, vd2; var { vd3 } = { vd3: 3 }, [vd4] = [4]\nvar vd1 = 10\n;[vd1, vd2, vd3, vd4]")).toEqual([10, undefined, 3, 4]);
    expect(await run("function vf1() { var va1 = 'inner'; return va1 }\nvf1() + va1")).toBe("inner1");
  });

  it("destructure", async () => {
    await run("const { a: ds1, ...ds2 } = { a: 5, b: 6 }, [ds3 = 7, , ds4] = [undefined, 1, 8];");
    expect(await run("[ds1, ds2, ds3, ds4]")).toEqual([5, { b: 6 }, 7, 8]);
  });

  it("may be closed over by a class, extended by another", async () => {
    await run("class Base1 { constructor(public x: number) {} }");
    await run("class Derived1 extends Base1 { m() { return this.x } }");
    expect(await run("new Derived1(4).m()")).toBe(4);
  });
});

describe("names of globals", () => {
  it("are the user's in cells and the library's elsewhere", async () => {
    expect(await run("const process = 5, URL = 'u', name = { URL }; [process, URL, name.URL]")).toEqual([5, "u", "u"]);
    expect(await run("const fn1 = new Function('return typeof process.exit + typeof URL'); fn1()")).toBe("functionfunction");
    expect(await run("process + 1")).toBe(6);
    expect(await run("((process: number) => process)(9)")).toBe(9);
    expect(await run("({ process, URL: 1, ['URL']: 2 })")).toEqual({ process: 5, URL: 2 });
    expect(await run("({ process: 3 }).process")).toBe(3);
  });

  it("are found by scope analysis, in patterns and shorthands", async () => {
    expect(await run("const { Buffer, x: fetch = 3 } = { Buffer: 1 } as any; [Buffer, fetch, typeof Buffer]")).toEqual([1, 3, "number"]);
    expect(await run("let { performance = 4 } = {} as any; performance = 6; const rn1 = { performance }; ({ performance } = { performance: 8 }); [rn1, performance]")).toEqual([{ performance: 6 }, 8]);
    expect(await run("function structuredClone(): string { return 'mine' }\nstructuredClone()")).toBe("mine");
    expect(await run("class Event { structuredClone = 2; m() { return structuredClone() } }\nnew Event().m() + Event.name.length")).toBe("mine5");
    expect(typeof globalThis.structuredClone).toBe("function");
    expect(globalThis.structuredClone([1])).toEqual([1]);
  });

  it("work through a real transform, too", async () => {
    expect(await run("enum Response { A = 4 }\nconst Headers = Response.A; [Response.A, Headers]")).toEqual([4, 4]);
    expect(await run("Headers + Response.A")).toBe(8);
    expect(typeof globalThis.Headers).toBe("function");
  });

  it("of the notebook become the user's", async () => {
    expect(await run("import * as tf from 'node:path'; const display = 3; [tf.sep, display]")).toEqual(["/", 3]);
  });
});

describe("imports", () => {
  it("take default, names and namespaces", async () => {
    expect(await run('import { basename, sep as separator } from "node:path"; import * as os1 from "node:os"\nbasename("/a/b") + separator + typeof os1.cpus')).toBe("b/function");
    expect(await run('import fs1, { existsSync } from "node:fs"; existsSync("/") === fs1.existsSync("/")')).toBe(true);
    expect(await run('import path1, * as path2 from "node:path"; path1.sep === path2.sep')).toBe(true);
    expect(await run('import "node:path"; 1')).toBe(1);
    expect(await run('import path3 = require("node:path"); path3.sep')).toBe("/");
  });

  it("are awaited where they stand, or hoisted past code", async () => {
    expect(await run('const im1 = join1("a", "b");\nimport { join as join1 } from "node:path";\nim1')).toBe("a/b");
    expect(await run('import {\n  join as join2,\n} from "node:path";\nconst im2 = 1;\njoin2("x")')).toBe("x");
  });

  it("of types are erased", async () => {
    expect(await run('import type { Missing } from "no-such-package"; import { type Other } from "no-such-package"; export type { Missing }; 2')).toBe(2);
  });

  it("are called anywhere", async () => {
    expect(await run('(await import("node:fs")).existsSync("/")')).toBe(true);
    expect(await run('const lazy1 = async () => (await import("node:path")).sep; await lazy1()')).toBe("/");
    expect(await run("import.meta.dirname")).toBe(process.cwd());
  });
});

describe("TypeScript", () => {
  it.each([
    ["interface P1 { x: number }\nconst pa: number = 1 as const; let pb: P1 = { x: pa };\npb", { x: 1 }],
    ["enum Se1 { A, B }\nSe1[1]", "B"],
    ["const enum Ce1 { A = 3 }\nCe1.A", 3],
    ["declare const nothing1: number; declare function f9(): void; 4", 4],
    ["namespace Ns1 { export const q = 5 }\nNs1.q", 5],
    ["namespace Types1 { export type A = 1 }\n3", 3],
    ["const sf1 = { a: 1 } satisfies { a: number };\nsf1.a", 1],
    ["function dec1(v: any, c: any) { return v }\nclass D1 { @dec1 m() { return 7 } }\nnew D1().m()", 7],
    ["{ using us1 = { [Symbol.dispose]() {} }; }\n8", 8],
    ["let disposed1 = ''; using us2 = { v: 4, [Symbol.dispose]() { disposed1 += 'd' } }; us2.v", 4],
    ["disposed1", "d"],
    ["await using us3 = { async [Symbol.asyncDispose]() { disposed1 += 'e' } }; 6", 6],
    ["disposed1", "de"],
    ["function id1<T>(x: T): T { return x }\nid1<number>(9)", 9],
    ["function cp1<const T>(x: T) { return x }\ncp1([1])", [1]],
    ["let fa1 = 0; for await (const x of [1, 2]) fa1 += x;\nfa1", 3],
    ["abstract class Ab1 { abstract m(): number; n() { return this.m() } }\nclass Ab2 extends Ab1 { override m() { return 2 } }\nnew Ab2().n()", 2],
    ["function ov1(x: string): string;\nfunction ov1(x: number): number;\nfunction ov1(x: any) { return x }\nov1(3)", 3],
    ["class Ac1 { private readonly a?: number = 1; declare b: number; #c = 2; static s: string = 's'; get(): number { return this.#c + (this.a ?? 0) } }\nnew Ac1().get()", 3],
    ["class Pp1 { constructor(private readonly a: number, public b = 2) {} sum() { return this.a + this.b } }\nnew Pp1(1).sum()", 3],
    ["class Aa1 { accessor v = 1 }\nnew Aa1().v", 1],
    ["const ar1 = <T,>(x: T): x is T & {} => !!x; ar1(1)", true],
    ["const ar2 = (a: number):\n  number => a\nar2(3)", 3],
    ["const ar3 = () => <any>{ a: 1 }; ar3()", { a: 1 }],
    ["let as1 = 1 as number\n;[2].length + as1", 2],
    ["const as2 = [5] as number[]\n(3)", 3],
    ["type T1 = string\n(4)", 4],
    ["let x1!: number\nx1", undefined],
    ["function th1(this: any, a: number) { return a }\nth1.call(1, 2)", 2],
    ["class Get1 { get: number\n  foo() { return 1 } static\n  async = 3 }\n[new Get1().foo(), 'get' in new Get1(), Get1.async]", [1, true, 3]],
    ["const key1 = 'k'; class Key1 { a = 1\n  public [key1] = 2 }\nnew Key1()", { a: 1, k: 2 }],
    ["export const ex1 = 1; export function ex2() { return 2 } export class Ex3 {} export { ex1 as other }; export type E = 1; ex1 + ex2()", 3],
    ["const un1: unknown = 5; un1!.toString()", "5"],
    ["import Al1 = Ns1.q; Al1", 5],
    ["let lh1 = ''; for (let i = 0 as number; i < 2; i++) lh1 += i; for (let i = 2 as number, j = 5 as number; i < j; i++) lh1 += i\nlh1", "01234"],
    ["label1: for (const a of [1]) { continue label1 }\n2", 2],
  ])("%s", async (code, value) => {
    expect(await run(code)).toEqual(value);
  });

  it("is strict and has the global this", async () => {
    await expect(run("undeclared1 = 5")).rejects.toThrow("undeclared1 is not defined");
    expect(await run("(function () { return this })()")).toBeUndefined();
  });

  it("names the position of a syntax error", async () => {
    const prepared = await cells.transform("const good = 1;\nlet x: = 1)");
    expect(prepared).toMatchObject({ ok: false, diagnostics: [{ severity: "error", start: { line: 2, column: 8 } }] });
  });
});
