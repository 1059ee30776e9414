/** What the checker says of cells, and what later cells know of earlier ones. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openNotebook, type Notebook } from "./notebook.js";

let notebook: Notebook;
const run = (code: string) => notebook.run(code);
const faults = (code: string) => notebook.faults(code);

beforeAll(async () => {
  notebook = openNotebook({
    "local.ts": "export function localFn(x: number): number { return x * 2 }\nexport interface Local { v: string }",
    "deep/index.ts": "export { localFn as deepFn } from '../local'",
    "data.json": '{ "rows": [1, 2] }',
    "plain.js": "exports.q = 1",
    "tsconfig.json": '{ "compilerOptions": { "noUncheckedIndexedAccess": true, "noUnusedLocals": true, "module": "commonjs" } }',
    "package.json": '{ "name": "a-notebook", "private": true }',
    "node_modules/esm-only/package.json": '{ "name": "esm-only", "version": "1.0.0", "type": "module", "exports": { ".": { "types": "./types.d.ts", "import": "./index.js" } } }',
    "node_modules/esm-only/index.js": "export const twice = (x) => x * 2; export default 'esm'",
    "node_modules/esm-only/types.d.ts": "/** Doubles. */\nexport declare const twice: (x: number) => number; declare const _default: string; export default _default;",
    "node_modules/callable/package.json": '{ "name": "callable", "version": "1.0.0", "types": "index.d.ts" }',
    "node_modules/callable/index.js": "module.exports = (x) => x + 1; module.exports.version = '1'",
    "node_modules/callable/index.d.ts": "declare function callable(x: number): number; declare namespace callable { const version: string; } export = callable;",
    "node_modules/untyped/package.json": '{ "name": "untyped", "version": "1.0.0" }',
    "node_modules/untyped/index.js": "exports.anything = 5",
    "node_modules/separate/package.json": '{ "name": "separate", "version": "1.0.0" }',
    "node_modules/separate/index.js": "exports.s = 1",
    "node_modules/@types/separate/package.json": '{ "name": "@types/separate", "version": "1.0.0", "types": "index.d.ts" }',
    "node_modules/@types/separate/index.d.ts": "export const s: number;",
  });
  await notebook.language.ready;
});
afterAll(() => notebook.close());

describe("a fault", () => {
  it("has code, place and message", async () => {
    expect(await faults('const te_ok: number = 1;\nconst te_bad: number = "nope";')).toEqual(["TS2322 2:7 Type 'string' is not assignable to type 'number'."]);
    expect(await faults("{ a: nope }")).toEqual(["TS2304 1:6 Cannot find name 'nope'."]);
    expect(await faults("const emoji = '😀'; nope2")).toEqual(["TS2304 1:21 Cannot find name 'nope2'."]);
    expect(await faults("let x: = 1)")).toEqual(["syntax 1:8 Unexpected token"]);
  });

  it("stops the cell by the policy", async () => {
    notebook.language.policy = "warn";
    const warned = await notebook.language.prepare({ id: "w", number: 1, code: "const po1: number = 'x'; po1", url: "file:///w.ts" });
    expect(warned).toMatchObject({ ok: true, cell: { diagnostics: [{ code: "TS2322" }] } });
    notebook.language.policy = "off";
    expect(await faults("const po1: number = 'x'")).toEqual([]);
    notebook.language.policy = "strict";
    expect(await faults("const po1: number = 'x'")).toHaveLength(1);
  });

  it("is none where a notebook is no project", async () => {
    for (const code of [
      "const unused1 = 1; import { sep as unused2 } from 'node:path'",
      "function untypedParameter(a, b) { return a + b }",
      "const grows = []; grows.push(1); grows.push('a')",
      "try { throw new Error('x') } catch (e) { e.message }",
      "await Promise.resolve(1); for await (const a of [1]) { a }",
      "const anything = await (await fetch('x')).json(); anything.some.thing",
      "1, 2",
      "import { anything as untyped1 } from 'untyped'; untyped1.foo",
      "export const exported1 = 1; export default 3",
      "({}).constructor; [1, 2].at(0); Object.hasOwn({}, 'a')",
      "using us1 = { [Symbol.dispose]() {} };",
      "import data1 from './data.json' with { type: 'json' }; data1.rows",
      "console.log(process.version, Buffer.alloc(1), __dirname, require, setTimeout)",
    ]) expect(await faults(code), code).toEqual([]);
  });

  it("is there where the notebook folder's tsconfig.json asks for it", async () => {
    expect(await faults("const list1: number[] = []; list1[0].toFixed()")).toEqual(["TS2532 1:29 Object is possibly 'undefined'."]);
  });

  it("is a module that is nowhere", async () => {
    expect((await faults("import nowhere from 'no-such-package'"))[0]).toMatch(/^TS2307 1:21 Cannot find module 'no-such-package'/);
  });
});

describe("later cells", () => {
  it("know the types of earlier ones, as the checker prints them", async () => {
    await run("class G1 { x = 1; m(v: { a: number }) { return this.x + v.a } static s = 'q'; get self() { return this } #p = 1; private q?: string }");
    await run("const g1 = new G1().m({ a: 1 }); const made = [1, 2].map((x) => ({ x, g: new G1() }));");
    expect(await faults("g1.toFixed(2); new G1().self.self.m({ a: 2 }).toFixed(); G1.s.length; made[0]!.g.m({ a: 1 }).toFixed()")).toEqual([]);
    expect(await faults("g1.length")).toEqual(["TS2339 1:4 Property 'length' does not exist on type 'number'."]);
    expect(await faults("made[0]!.g.x.length")).toHaveLength(1);
    expect(await faults("new G1().q")).toEqual(["TS2341 1:10 Property 'q' is private and only accessible within class 'G1'."]);
    await run("class G2<T> extends G1 { constructor(public value: T, readonly n = 1) { super() } async later() { return this.value } *each() { yield 1 } [Symbol.iterator]() { return this.each() } }");
    expect(await faults("const g2 = new G2('a'); g2.value.length; (await g2.later()).length; [...g2][0]!.toFixed(); g2.m({ a: g2.n })")).toEqual([]);
  });

  it("know functions: overloads, generics, predicates, defaults, properties", async () => {
    await run("function ov1(x: string): string; function ov1(x: number): number; function ov1(x: any) { return x }");
    await run("function gen1<T extends { a: number }>(x: T, { b = 2 }: { b?: number } = {}, ...rest: string[]) { return { ...x, b, rest } }");
    await run("function isText(x: unknown) { return typeof x === 'string' }\nasync function later1() { return [1] }\nfunction* yields1() { yield 'a' }");
    await run("function withProps() { return 1 } withProps.extra = 'x'; const arrow1 = <T,>(x: T) => [x]");
    expect(await faults("ov1(1).toFixed(); ov1('').length; gen1({ a: 1, z: 'z' }).z.length; gen1({ a: 1 }, {}, 'r').rest[0]?.length; (await later1())[0]?.toFixed(); [...yields1()][0]?.length; withProps().toFixed(); withProps.extra.length; arrow1('a')[0]?.length")).toEqual([]);
    expect(await faults("const un1: unknown = 1; if (isText(un1)) un1.length")).toEqual([]);
    expect((await faults("ov1(true)"))[0]).toMatch(/^TS2769/);
    expect(await faults("gen1({ b: 1 })")).toHaveLength(1);
  });

  it("know interfaces, types, enums, namespaces, unique symbols and class expressions", async () => {
    await run("interface P1 { x: number }\ntype Boxed<T> = { v: T };\nenum E1 { A, B = 'b' as any }\nnamespace Ns1 { export const q = 5; export type T = string }");
    await run("const sy1 = Symbol('s'); const anonymous1 = class { q = 1 }; const p1: P1 & Boxed<string> = { x: 1, v: '' }");
    expect(await faults("p1.x.toFixed(); p1.v.length; E1.A; const ns1: Ns1.T = 'a'; Ns1.q.toFixed(); const o1 = { [sy1]: 1 }; o1[sy1].toFixed(); new anonymous1().q.toFixed()")).toEqual([]);
    expect(await faults("const p2: P1 = { y: 1 }")).toHaveLength(1);
    expect(await faults("E1.C")).toHaveLength(1);
  });

  it("may assign a let, not a const, and declare both anew, as anything", async () => {
    await run("let le1 = 1; const co1 = 1");
    expect(await run("le1 = 5; le1 + co1")).toBe(6);
    expect(await faults("le1 = 'x'")).toEqual(["TS2322 1:1 Type 'string' is not assignable to type 'number'."]);
    expect(await faults("co1 = 2")).toEqual(["TS2588 1:1 Cannot assign to 'co1' because it is a constant."]);
    await run("const co1 = 'text'; let le1 = { deep: [1] }");
    expect(await run("co1.length + le1.deep.length")).toBe(5);
    await run("function co1(x: number) { return x } class le1 { a = 1 }");
    expect(await run("co1(1) + new le1().a")).toBe(2);
    await run("import { sep as co1 } from 'node:path'; import * as le1 from 'node:os'");
    expect(await run("co1.length + le1.EOL.length")).toBe(2);
    await run("interface co1 { z: number } type le1 = co1[]");
    expect(await faults("const cs: le1 = [{ z: 1 }]")).toEqual([]);
  });

  it("may use a name that a library's global has", async () => {
    await run("const process = 5, Response = 'r'; class Event { mine = 1 } interface Array1 {} type Record = { r: number }");
    expect(await run("process + Response.length + new Event().mine")).toBe(7);
    expect(await faults("process.exit")).toHaveLength(1);
    expect(await faults("const re1: Record = { r: 1 }; new Event().mine; new EventTarget()")).toEqual([]);
  });

  it("know what was imported, in every form", async () => {
    await run("import dayEsm, { twice } from 'esm-only'; import callable from 'callable'; import { s } from 'separate'; import fs, { statSync as st } from 'node:fs'; import type { Stats } from 'node:fs'");
    await run("import required1 = require('callable'); import * as path1 from 'node:path'; import Sub1 = Ns1.q");
    expect(await faults("twice(2).toFixed(); dayEsm.length; callable(1).toFixed(); callable.version.length; s.toFixed(); st('/').isFile(); const stats1: Stats = fs.statSync('/'); required1(2).toFixed(); path1.sep.length; Sub1.toFixed()")).toEqual([]);
    expect(await faults("twice('2'); callable('x'); s.length; path1.nope; fs.nope; required1('x')")).toHaveLength(6);
  });

  it("know local modules, as they are on disk now", async () => {
    await run("import { localFn } from './local'; import { deepFn } from './deep'; import type { Local } from './local.ts'; import { q } from './plain.js'");
    expect(await run("localFn(2) + deepFn(1)")).toBe(6);
    expect(await faults("localFn('x'); const l1: Local = { v: 1 }")).toHaveLength(2);
    notebook.write("local.ts", "export function localFn(x: string): string { return x }\nexport interface Local { v: number }");
    expect(await faults("localFn('x'); const l1: Local = { v: 1 }")).toEqual([]);
  });

  it("may give an imported or declared value's name a type, and the other way round: both stay", async () => {
    await run("import { sep as both1 } from 'node:path'; import * as both2 from 'node:os'; let both3 = 1; function both4() { return 'x' }");
    await run("type both1 = number; interface both2 { w: number } type both3 = string; type both4 = 1 | 2; const both5: both1 = both1.length");
    expect(await faults("const a1: both1 = both1.length; const a2: both2 = { w: both2.EOL.length }; both3 = both3 + 1; const a3: both3 = 'x'; const a4: both4 = 1; both4().length")).toEqual([]);
    expect(await faults("both1.nope; const b1: both1 = 'x'; both3 = 'x'")).toHaveLength(3);
    await run("type only1 = { v: number }");
    await run("let only1 = 5");
    expect(await faults("only1 = 6; const c1: only1 = { v: only1 }")).toEqual([]);
  });

  it("are told, once, of a function of an earlier cell that a changed local file breaks", async () => {
    notebook.write("changing.ts", "export const base = 1;");
    await run("import { base } from './changing'; const onBase = () => base.toFixed();");
    const saidBefore = notebook.notices.length;
    notebook.write("changing.ts", "export const base = 'one';");
    await run("1 + 1");
    await expect.poll(() => notebook.notices.length, { timeout: 30_000 }).toBe(saidBefore + 1);
    expect(notebook.notices.at(-1)).toMatch(/^`changing.ts` has changed, and cell \d+ no longer checks: TS2551 in line 1: /);
    notebook.write("changing.ts", "export const base = 'two';");
    await run("2 + 2");
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(notebook.notices.length).toBe(saidBefore + 1);
  });

  it("know a local file whatever its name, and so a module that is a cell", async () => {
    for (const name of ["session", "cell", "edit", "probe"]) notebook.write(`${name}.ts`, `export const of_${name} = "${name}";`);
    expect(await run("import { of_session } from './session'; import { of_cell } from './cell'; import { of_edit } from './edit'; import { of_probe } from './probe'; of_session + of_cell + of_edit + of_probe")).toBe("sessioncelleditprobe");
    await run("/** @module cell */ export const of_cell = 1;");
    expect(await run("import { of_cell } from './cell'; of_cell.toFixed()")).toBe("1");
  });

  it("know large values by a type of bounded size", async () => {
    await run(`const long1 = "${"x".repeat(100_000)}"; const rows1 = [${Array.from({ length: 2000 }, (_, i) => `{ id: ${i}, name: "n${i}" }`).join(", ")}]`);
    expect(await faults("long1.length; rows1[0]?.name.length; rows1[0]?.id.toFixed()")).toEqual([]);
    expect(await faults("rows1[0]?.nope")).toHaveLength(1);
  });

  it("may end their lines with CR and LF, and begin with a comment", async () => {
    await run("// a comment\r\nconst crlf1: number = 1;\r\nfunction crlf2(): number {\r\n  return crlf1\r\n}\r\n");
    expect(await run("crlf1 +\r\n  crlf2()\r\n")).toBe(2);
    expect(await faults("1\r\n  crlf1.nope")).toEqual(["TS2339 2:9 Property 'nope' does not exist on type 'number'."]);
  });

  it("keep what a cell has declared before it threw", async () => {
    await expect(run("let kept1 = 11;\nthrow new Error('after kept1')")).rejects.toThrow("after kept1");
    expect(await run("kept1.toFixed()")).toBe("11");
  });

  it("know nothing of a cell that was refused", async () => {
    await expect(run("const refused1 = 1; refused1.nope")).rejects.toThrow("TS2339");
    expect(await faults("refused1")).toEqual(["TS2304 1:1 Cannot find name 'refused1'."]);
  });

  it("that give a name another type are told of earlier functions that no longer check, once", async () => {
    const saidBefore = notebook.notices.length;
    await run("let rate1 = 0.1; function scaled1(x: number) { return x * rate1 }");
    await run("let rate1 = 0.2");
    await run("let rate1 = 'fast'");
    await expect.poll(() => notebook.notices.length, { timeout: 30_000 }).toBe(saidBefore + 1);
    expect(notebook.notices.at(-1)).toMatch(/^`rate1` has another type now, and cell \d+ no longer checks: TS2363 in line 1: /);
    await run("let rate1 = 'faster'; const rate2 = { a: 1 }");
    await run("function scaled1(x: number) { return x }");
    await run("let rate1 = false; rate1");
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(notebook.notices.length).toBe(saidBefore + 1);
  });

  it("see destructured names, var in blocks, and declarations of globals", async () => {
    await run("const { d1, ...d2 } = { d1: 1, d2: 'x' }, [d3 = 3, { d4 }] = [4, { d4: 'd' }] as [number, { d4: string }]; if (true) { var va1 = 1 }");
    expect(await faults("d1.toFixed(); d2.d2.length; d3.toFixed(); d4.length; va1.toFixed()")).toEqual([]);
    await run("declare global { interface Array<T> { firstOne(): T } }");
    expect(await faults("[1].firstOne().toFixed()")).toEqual([]);
  });

  it("of a notebook's own names have their types, without an import", async () => {
    expect(await faults("const t1 = tf.ones([2, 3]).add(1); const t2: tf.Tensor2D = t1.as2D(2, 3); t2.arraySync()[0]![0]!.toFixed()")).toEqual([]);
    await run("const shape1 = (t: tf.Tensor) => t.shape");
    expect(await faults("shape1(tf.scalar(1))[0]?.toFixed(); shape1(1)")).toHaveLength(1);
    expect(await faults("new dfd.DataFrame([[1]]).shape.length; dfd.nope")).toHaveLength(1);
    await run("const display = 3; import * as dfd from 'node:path'");
    expect(await faults("display.toFixed(); dfd.sep.length")).toEqual([]);
  });
});

describe("what this Node lacks", () => {
  it.each([
    ["new Set([1]).union(new Set([2]))", "union" in Set.prototype],
    ["Object.groupBy([1, 2], (n) => n % 2)", "groupBy" in Object],
    ["Iterator.from([1])", "Iterator" in globalThis],
    ["Promise.withResolvers<number>().promise", "withResolvers" in Promise],
    ["/[\\p{L}--a]/v.test('a')", "unicodeSets" in RegExp.prototype],
    ["[3, 1].toSorted()", true],
    ["'a'.isWellFormed()", true],
  ])("is no part of its types: %s", async (code, isThere) => {
    const found = await faults(code);
    if (isThere) expect(found).toEqual([]);
    else {
      expect(found).toHaveLength(1);
      expect(found[0]).not.toContain("'lib'");
    }
  });
});

describe("a package without types", () => {
  it("is given them by a cell that declares its module", async () => {
    expect(await faults("declare module 'untyped' { export const first: number }\nimport { first } from 'untyped';\nconst f1: string = first")).toEqual(["TS2322 3:7 Type 'number' is not assignable to type 'string'."]);
    await run("declare module 'untyped' {\n  export const anything: number;\n  export default function call(x: string): string[];\n}");
    expect(await faults("import { anything } from 'untyped';\nconst f2: string = anything")).toEqual(["TS2322 2:7 Type 'number' is not assignable to type 'string'."]);
    expect(await faults("import { first } from 'untyped'")).toHaveLength(1);
    expect(await faults("declare module 'untyped' { export const anything: 7 }\nimport { anything } from 'untyped';\nconst f3: 7 = anything")).toEqual([]);
    expect(await faults("declare module 'nowhere-at-all' { export interface Q { q: number } }\nimport type { Q } from 'nowhere-at-all';\nconst q: Q = { q: 1 }")).toEqual([]);
  });

  it("keeps those that it has, where a cell adds to them", async () => {
    expect(await faults("declare module 'esm-only' { export const added: number }\nimport { added, twice } from 'esm-only';\nconst f4: number = twice(added)")).toEqual([]);
  });
});
