/** What an editor asks while a cell is being written. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openNotebook, type Notebook } from "./notebook.js";

let notebook: Notebook;
beforeAll(async () => {
  notebook = openNotebook({
    "local_probe.ts": "/** Doubles. */\nexport function localFn(x: number): number { return x * 2 }",
    "node_modules/some-package/package.json": '{ "name": "some-package", "version": "1.0.0", "types": "index.d.ts" }',
    "package.json": '{ "dependencies": { "some-package": "1.0.0" } }',
    "node_modules/some-package/index.d.ts": "export declare const inPackage: number; export default function packageAsWhole(): void;",
    "node_modules/@scoped/part/package.json": '{ "name": "@scoped/part", "version": "1.0.0" }',
  });
  await notebook.run("const ob1 = { alphaKey: 1, betaKey: 'x' }; class Shape { area = 1; grow(by: number): this { return this } }");
  await notebook.run("const arrowProbe = (x: number) => x; enum Level { Low }");
  await notebook.run("/** Adds two probes.\n * @param left the left one\n */\nfunction addProbe(left: number, right: number): number { return left + right; }");
});
afterAll(() => notebook.close());

/** `|` marks the cursor. */
async function complete(marked: string) {
  const offset = marked.indexOf("|");
  const code = marked.replace("|", "");
  const { items, start, end } = await notebook.language.complete(code, offset);
  return { texts: items.map(({ text }) => text), items, replaced: code.slice(start, end), start, end, offset };
}
const inspect = (marked: string, detail: 0 | 1 = 0) => notebook.language.inspect(marked.replace("|", ""), marked.indexOf("|"), detail);

describe("completion", () => {
  it.each([
    ["Math.|", "floor", ""],
    ["Math.fl|", "floor", "fl"],
    ["ob1.|", "alphaKey", ""],
    ["ob1.al|", "alphaKey", "al"],
    ["const z1 = ob1.|\nconst z2 = 1", "betaKey", ""],
    ["if (true) { ob1.|", "alphaKey", ""],
    ["ob1.|\n}{ const = ", "alphaKey", ""],
    ['const sm1 = "😀😀"; ob1.|', "betaKey", ""],
    ["function f(s: Shape) { s.| }", "grow", ""],
    ["new Shape().grow(1).|", "area", ""],
    ["const local1 = { inner1: 1 }; local1.|", "inner1", ""],
    ["const local2 = 1; loca|", "local2", "loca"],
    ["Sha|", "Shape", "Sha"],
    ["const s2: Sha|", "Shape", "Sha"],
    ["addP|", "addProbe", "addP"],
    ["finet|", "finetune", "finet"],
    ["tf.one|", "onesLike", "one"],
    ["'abc'.toUp|", "toUpperCase", "toUp"],
    ["[1].ma|", "map", "ma"],
    ["import { ba| } from 'node:path'", "basename", "ba"],
    ["import { | } from 'some-package'", "inPackage", ""],
    ["import { localF| } from './local_probe'", "localFn", "localF"],
    ["import x from 'some-p|'", "some-package", "some-p"],
    ["import x from '@scoped/p|'", "@scoped/part", "@scoped/p"],
    ["import x from 'node:f|'", "node:fs", "node:f"],
    ["await import('f|')", "node:fs", "f"],
    ["import x from './loc|'", "local_probe", "loc"],
    ["const o2: { kind: 'alpha' | 'beta' } = { kind: '|' }", "alpha", ""],
  ])("of %s offers %s", async (marked, expected, replaced) => {
    const cursor = marked.includes("'|'") ? marked.lastIndexOf("|") : marked.indexOf("|");
    const code = marked.slice(0, cursor) + marked.slice(cursor + 1);
    const { items, start, end } = await notebook.language.complete(code, cursor);
    expect(items.map(({ text }) => text)).toContain(expected);
    expect(code.slice(start, end)).toBe(replaced);
    expect(end).toBe(cursor);
  });

  it("puts what begins as typed first, and each text once", async () => {
    const { texts } = await complete("Sh|");
    expect(texts[0]).toBe("Shape");
    expect(new Set(texts).size).toBe(texts.length);
    expect((await complete("cons|")).texts.filter((text) => text === "console")).toHaveLength(1);
  });

  it("tells kinds and types", async () => {
    const { items } = await complete("addPr|");
    expect(items[0]).toMatchObject({ text: "addProbe", kind: "function", detail: expect.stringContaining("addProbe(left: number, right: number): number") as string });
    const kinds = Object.fromEntries((await complete("|")).items.map(({ text, kind }) => [text, kind]));
    expect(kinds).toMatchObject({ addProbe: "function", arrowProbe: "function", Shape: "class", Level: "enum", ob1: "variable" });
    expect((await complete("new Shape().gr|")).items[0]).toMatchObject({ text: "grow", kind: "method", detail: expect.stringContaining("grow(by: number)") as string });
  });

  it("of a library is the same every time, and only where the library is meant", async () => {
    const texts = async (code: string) => (await notebook.language.complete(code, code.length)).items.map(({ text }) => text);
    const first = await texts("tf.");
    expect(first.length).toBeGreaterThan(400);
    expect(await texts("const again = 1\ntf.")).toEqual(first);
    expect(await texts("console.log([tf.zeros([1]), tf.")).toEqual(first);
    expect(await texts("tf.s")).toEqual(first.filter((text) => /^s/i.test(text)).sort((a, b) => Number(b.startsWith("s")) - Number(a.startsWith("s")) || (a < b ? -1 : 1)));
    expect(await texts("tf.layers.")).toContain("dense");
    expect(await texts("1;\ntf.layers.")).toContain("dense");
    // A short list has types, a type has no functions, and another `tf` has its own members.
    expect((await notebook.language.complete("tf.onesL", 8)).items[0]!.detail).toContain("onesLike");
    for (const code of ["let typed: tf.", "type Typed = tf.", "const typed = [] as tf.", "new Map<string, tf."]) expect(await texts(code), code).not.toContain("onesLike");
    for (const code of ["const tf = { own: 1 }; tf.", "((tf: { own: 1 }) => tf.", "for (const tf of [{ own: 1 }]) tf.", "const { tf } = { tf: { own: 1 } }\ntf."]) expect(await texts(code), code).toEqual(["own"]);
    for (const code of ["// tf.", "'tf.", "x.tf.", "`tf."]) expect(await texts(code), code).not.toContain("onesLike");
  });

  it("keeps names that need an import apart from those at hand", async () => {
    const importsOf = async (code: string) => (await notebook.language.complete(code, code.length)).autoImports;
    // The packages are read when first asked for, and nobody waits for it.
    await expect.poll(() => importsOf("inPacka"), { timeout: 20_000 }).toHaveLength(1);
    expect(await importsOf("inPacka")).toEqual([{ name: "inPackage", from: "some-package", kind: "variable", insertText: 'import { inPackage } from "some-package";' }]);
    expect(await importsOf("packageAsW")).toMatchObject([{ name: "packageAsWhole", insertText: 'import packageAsWhole from "some-package";' }]);
    expect(await importsOf("const a = 1;\nreadFileS")).toEqual([{ name: "readFileSync", from: "node:fs", kind: "function", insertText: 'import { readFileSync } from "node:fs";' }]);
    expect((await importsOf("Datafra")).map(({ from }) => from)).toContain("danfojs-node");
    // At hand, of another module's inside, after a dot, and before a letter is typed.
    for (const code of ["addPro", "finetun", "DAR", "Math.readF", "noSuchPackag", "'readFileS", ""]) expect(await importsOf(code), code).toEqual([]);
  });

  it("offers nothing of ours, nor imports to be added", async () => {
    const { texts } = await complete("|");
    expect(texts.filter((text) => text.startsWith("__"))).toEqual(expect.not.arrayContaining(["__s"]));
    expect((await complete("inPacka|")).texts).toEqual([]);
  });

  it("offers files of the folder only, also those whose names are like ours", async () => {
    notebook.write("editor.ts", "export const inEditor = 1;");
    notebook.write("inner/leaf.ts", "export const leaf = 1;");
    const { texts } = await complete("import x from './|'");
    expect(texts.sort()).toEqual(["editor", "inner", "local_probe", "node_modules", "package.json"]);
    expect((await complete("import x from './inner/|'")).texts).toEqual(["leaf"]);
    await notebook.run("import { inEditor as known } from './editor'; known");
    expect((await notebook.language.complete("inEdito", 7)).autoImports.map(({ from }) => from)).toEqual(["./editor"]);
  });

  it("leaves out a key that cannot stand behind the dot", async () => {
    expect((await complete("const keys1 = { plain: 1, 'odd-key': 2 }; keys1.|")).texts).toEqual(["plain"]);
    expect((await complete("const keys2 = { plain: 1, 'odd-key': 2 }; keys2?.|")).texts).toEqual(["plain"]);
    expect((await complete("const keys3 = { plain: 1, 'odd-key': 2 }; keys3['|']")).texts).toContain("odd-key");
  });

  it("knows a name that the cell declares anew", async () => {
    expect((await complete("const ob1 = { gamma: 1 }; ob1.|")).texts).toEqual(["gamma"]);
    expect((await complete("const ob1 = { gamma: 1 }; ob1.|\nfunction (")).texts).toEqual(["gamma"]);
  });

  it("is empty where nothing can be known", async () => {
    expect((await complete("'just text|'")).texts).toEqual([]);
    expect((await complete("noSuchThing.|")).texts).toEqual([]);
  });
});

describe("inspection", () => {
  it("shows signature and doc comment", async () => {
    for (const marked of ["addProbe|", "add|Probe(1, 2)", "addProbe(1, |", "|addProbe", "const é = '😀'; addProbe|"]) {
      const found = await inspect(marked);
      expect(found?.plain, marked).toMatch(/function addProbe\(left: number, right: number\): number\nAdds two probes\./);
      expect(found?.markdown).toContain("```typescript");
      expect(found?.markdown).toContain("*@param* `left` — the left one");
    }
    expect((await inspect("Math.floor|"))?.plain).toMatch(/floor\(x: number\): number/);
    expect((await inspect("ob1|"))?.plain).toContain("alphaKey: number");
  });

  it("shows more at the second level", async () => {
    expect((await inspect("Shape|", 0))?.plain).toBe("class Shape");
    expect((await inspect("Shape|", 1))?.plain).toContain("grow(by: number): this;");
    const short = await inspect("tf.layers.dense|", 0);
    const long = await inspect("tf.layers.dense|", 1);
    expect(short!.plain).toContain("Creates a dense (fully connected) layer.");
    expect(long!.plain.length).toBeGreaterThan(short!.plain.length * 2);
  });

  it("knows nothing of what is not there", async () => {
    expect(await inspect("noSuchThing|")).toBeUndefined();
    expect(await inspect("|")).toBeUndefined();
  });
});

describe("completeness", () => {
  it.each([
    "const q = 1", "for (const z of [1]) { console.log(z) }", "{ a: 1 }", "await 1", "", "// only a comment", "interface A { b: string }", "`a${1}`", "/[/]/", "if (a) b\n", "import x from 'y'",
  ])("%j is whole", (code) => { expect(notebook.language.isComplete(code)).toEqual({ status: "complete" }); });

  it.each([
    ["function f(a: number) {", "  "],
    ["const s = `abc", ""],
    ["const s = `abc\n  ${a}\n", ""],
    ["[1, 2,", "  "],
    ["if (a) {\n  foo(", "    "],
    ["if (a) {\n  foo()\n", "  "],
    ["class A {\n  m(): void {\n    x()\n  }\n", "  "],
    ["/* abc", ""],
    ["`a${", "  "],
    ["a.", "  "],
    ["1 +", "  "],
    ["x = ", "  "],
    ["const f = () =>", "  "],
    ["{ a: 1", "  "],
    ["if (x)", "  "],
  ])("%j goes on", (code, indent) => { expect(notebook.language.isComplete(code)).toEqual({ status: "incomplete", indent }); });

  it.each(["const = 3 +* ;", "let x: = 1)", "foo(]", '"abc', "return 5", ")", "class { } }"])("%j is wrong", (code) => {
    expect(notebook.language.isComplete(code)).toEqual({ status: "invalid" });
  });
});
