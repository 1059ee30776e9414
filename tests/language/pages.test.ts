/** A session of many declarations: older ones stand in documents of their own, and nobody can tell. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Pages } from "../../kernel/lib/language/session/pages.js";
import { openNotebook, type Notebook } from "./notebook.js";

describe("pages", () => {
  const texts = (pages: Pages) => new Map(pages.documents("", []));

  it("keep a name in one document, the latest declaration in the session's own", () => {
    const pages = new Pages();
    for (let i = 0; i < 200; i++) pages.set(`name${i}`, `export declare const name${i}: ${JSON.stringify("x".repeat(200))};`);
    expect(texts(pages).get("thawbook-session.ts")!.length).toBeLessThan(10_000);
    pages.set("name0", "export declare const name0: 5;");
    const declaring = [...texts(pages)].filter(([, text]) => /declare const name0:/.test(text));
    expect(declaring).toEqual([["thawbook-session.ts", expect.stringContaining("name0: 5")]]);
  });

  it("leave the others as they are when a name joins", () => {
    const pages = new Pages();
    for (let i = 0; i < 300; i++) pages.set(`name${i}`, `export declare const name${i}: ${"0".padEnd(100)};`);
    const before = texts(pages);
    pages.set("another", "export declare const another: 1;");
    const changed = [...texts(pages)].filter(([name, text]) => before.get(name) !== text).map(([name]) => name);
    expect(changed).toEqual(["thawbook-session.ts"]);
  });

  it("import what they name, and are imported always alike", () => {
    const pages = new Pages();
    const froms = () => [...texts(pages).values()].map((text) => [...text.matchAll(/from "([^"]+)"/g)].map(([, from]) => from));
    const empty = froms();
    pages.set("Old", "export interface Old { a: number }");
    for (let i = 0; i < 100; i++) pages.set(`filler${i}`, `export declare const filler${i}: ${"0".padEnd(100)};`);
    pages.set("recent", "export declare const recent: Old;");
    expect(texts(pages).get("thawbook-session.ts")).toMatch(/import \{ Old \} from "\.\/thawbook-earlier-0"/);
    expect(froms()).toEqual(empty);
  });
});

describe("a notebook of many cells", () => {
  let notebook: Notebook;
  beforeAll(async () => {
    notebook = openNotebook();
    await notebook.run("interface Point { x: number }\n/** A circle. */\nclass Circle { centre: Point = { x: 1 }; grow(by: number): Circle { return this } }\nlet radius = 1;\nimport { join } from 'node:path';");
    for (let i = 0; i < 60; i++) await notebook.run(`const filler${i} = { a${i}: ${i}, b${i}: { c: "${"x".repeat(60)}" as string, d: [1, 2, 3], e: (v: number) => v } }`);
  }, 60_000);
  afterAll(() => notebook.close());

  it("has the names of the first ones, with their types", async () => {
    expect(await notebook.run("radius = 2; join('a', 'b')")).toBe("a/b");
    expect(await notebook.faults("const wrong: Point = { x: 'a' }")).toEqual(["TS2322 1:24 Type 'string' is not assignable to type 'number'."]);
    expect(await notebook.faults("new Circle().grow(1).radius")).toEqual(["TS2339 1:22 Property 'radius' does not exist on type 'Circle'."]);
    expect(await notebook.faults("radius = 'x'")).toEqual(["TS2322 1:1 Type 'string' is not assignable to type 'number'."]);
  });

  it("prints their types by the names that the user knows", async () => {
    await notebook.run("const circles = [new Circle()]; function first(all: Circle[]) { return all[0]!.centre }");
    const inspected = async (code: string) => (await notebook.language.inspect(code, code.length, 0))?.plain;
    expect(await inspected("circles")).toBe("const circles: Circle[]");
    expect(await inspected("first")).toBe("function first(all: Circle[]): Point");
    expect(await inspected("Circle")).toBe("class Circle\nA circle.");
    expect(await notebook.faults("circles[0]!.nope")).toEqual(["TS2339 1:13 Property 'nope' does not exist on type 'Circle'."]);
  });

  it("completes and redeclares them", async () => {
    const texts = async (code: string) => (await notebook.language.complete(code, code.length)).items.map(({ text }) => text);
    expect(await texts("new Circle().")).toEqual(["centre", "grow"]);
    expect(await texts("Circ")).toContain("Circle");
    await notebook.run("class Circle { only = 1 }");
    expect(await texts("new Circle().")).toEqual(["only"]);
    expect(await notebook.faults("filler0.a0 + new Circle().only")).toEqual([]);
  });
});
