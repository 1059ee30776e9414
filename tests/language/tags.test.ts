/** What doc comments at a cell's head make of it: a module, code for the browser, a cell with JSX. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openNotebook, type Notebook } from "./notebook.js";
import { readTags } from "../../kernel/lib/language/tags.js";

let notebook: Notebook;
beforeAll(() => {
  notebook = openNotebook({
    "beside.ts": "export const beside = 5;",
    "hidden.ts": "export const from = 'file';",
    "tsconfig.json": '{ "compilerOptions": { /* of this folder */ "jsx": "react", "jsxFactory": "h", "strict": true } }',
  });
});
afterAll(() => notebook.close());
const prepare = (code: string) => notebook.language.prepare({ id: code, number: 1, code, url: `file:///${code.length}.ts` });

describe("tags", () => {
  it.each([
    ["/** @module name */ export const a = 1", { module: "name", browser: false, jsx: false }],
    ["// first\n/**\n * Of shapes.\n * @module shapes\n * @jsx\n */", { module: "shapes", browser: false, jsx: true }],
    ["/** @module mine @browser */", { module: "mine", browser: true, jsx: false }],
    ["/** @browser @tsx */ x", { browser: true, jsx: true }],
    ["/** @browser */ /** @node */ x", { browser: false, jsx: false }],
    ["/* @module name */ x", { browser: false, jsx: false }],
    ["// @browser\nx", { browser: false, jsx: false }],
    ["/** @module ../name */ x", { browser: false, jsx: false }],
    ["/** mail@browser.org */ x", { browser: false, jsx: false }],
    ["x /** @browser */", { browser: false, jsx: false }],
  ])("of %s", (code, tags) => {
    expect(readTags(code)).toEqual(tags);
  });
});

describe("a cell that is a module", () => {
  it("is imported by others, with its types, and anew once it has changed", async () => {
    await notebook.run("/** @module numbers */\nimport { beside } from './beside';\nexport const six = beside + 1; export interface Size { w: number }");
    expect(await notebook.run("import { six, type Size } from './numbers'; const size: Size = { w: six }; size.w")).toBe(6);
    expect(await notebook.faults("six.length")).toEqual(["TS2339 1:5 Property 'length' does not exist on type 'number'."]);
    await notebook.run("/** @module numbers */\nexport const six = 'six' as const;");
    expect(await notebook.run("import { six } from './numbers'; six.length")).toBe(3);
    expect(await notebook.faults("beside")).toEqual(["TS2304 1:1 Cannot find name 'beside'."]);
  });

  it("comes before a file of its name", async () => {
    expect(await notebook.run("import { from } from './hidden'; from")).toBe("file");
    await notebook.run("/** @module hidden */ export const from = 'cell';");
    expect(await notebook.run("import { from as now } from './hidden'; now")).toBe("cell");
  });

  it("is there whatever is wrong in it, and stops the cells that import it", async () => {
    const first = await prepare("/** @module ping */\nimport { pong } from './pong';\nexport const ping = 'ping'; export const both = () => ping + pong");
    expect(first).toMatchObject({ ok: true, cell: { diagnostics: [{ code: "TS2307" }] } });
    await notebook.run("/** @module ping */\nimport { pong } from './pong';\nexport const ping = 'ping'; export const both = () => ping + pong;");
    expect(await notebook.faults("import { both } from './ping';")).toEqual([expect.stringMatching(/^TS2307 ping.ts:2:22 Cannot find module '.\/pong'/) as string]);
    await notebook.run("/** @module pong */\nimport { ping } from './ping';\nexport const pong = 'pong'; export const long = () => ping.length;");
    expect(await notebook.run("import { both } from './ping'; both()")).toBe("pingpong");
  });

  it("is no module with a syntax error", async () => {
    expect(await notebook.faults("/** @module broken */\nexport const = 1")).toEqual([expect.stringMatching(/^syntax 2:14/) as string]);
  });

  it("may hold JSX, by the folder's factory", async () => {
    await notebook.run("/** @module view @jsx */\nexport const h = (tag: string, props: object | null, ...inner: string[]) => [tag, inner.join('')];\ndeclare global { namespace JSX { interface IntrinsicElements { b: object } } }\nexport const bold = <b>very</b>;");
    expect(await notebook.run("import { bold } from './view'; bold")).toEqual(["b", "very"]);
  });
});

describe("a cell with JSX", () => {
  it("is checked, and leaves its names to later cells", async () => {
    await notebook.run("const h = (tag: string, props: { id: string } | null, ...inner: string[]) => ({ tag, id: props?.id, inner });\ndeclare global { namespace JSX { interface IntrinsicElements { i: { id: string } } interface Element { tag: string } } }");
    expect(await notebook.run("/** @jsx */\nconst slanted = <i id='x'>text</i>; slanted")).toEqual({ tag: "i", id: "x", inner: ["text"] });
    expect(await notebook.run("slanted.tag")).toBe("i");
    expect((await notebook.faults("/** @jsx */\n<i id={5}/>"))[0]).toMatch(/^TS2322 2:4 /);
  });
});

describe("a cell for the browser", () => {
  it("is bundled with what it imports, cells and files, and shown", async () => {
    await notebook.run("/** @module shared */ export const shared: string = 'of a cell';");
    const prepared = await prepare("/** @browser */\nimport { shared } from './shared'; import { beside } from './beside';\nelement.append(document.createTextNode(shared + beside));");
    expect(prepared).toMatchObject({ ok: true, cell: { declares: [], script: "", shows: { as: "javascript" } } });
    const said: unknown[] = [];
    const text = prepared.ok ? prepared.cell.shows!.text : "";
    new Function("element", "document", text)({ append: (node: unknown) => said.push(node) }, { createTextNode: (all: string) => all });
    expect(said).toEqual(["of a cell5"]);
  });

  it("knows the browser's types, and none of Node's or of the notebook's", async () => {
    expect(await notebook.faults("/** @browser */ element.nope; process.exit()")).toEqual([
      "TS2339 1:25 Property 'nope' does not exist on type 'HTMLElement'.", expect.stringMatching(/^TS2580|^TS2591|^TS2304/) as string,
    ]);
    expect(await notebook.faults("/** @browser */ import x from 'nowhere-at-all'")).toHaveLength(1);
  });
});
