/** Magics: which lines are, what is left of the cell, and what editors are told. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { completeMagic, inspectMagic, parseNotebookCell, readMagics } from "../../kernel/lib/language/magics/index.js";
import { createTransform } from "../../kernel/lib/language/script/transform.js";
import { openNotebook, type Notebook } from "./notebook.js";

const magicsOf = (code: string) => readMagics(code).lines.map(({ name, argument }) => `${name}(${argument})`);
const faultsOf = (code: string) => parseNotebookCell(code).faults.map(({ start, message }) => `${start.line}:${start.column} ${message}`);

describe("line magics", () => {
  it.each([
    ["%who", ["who()"]],
    ["  %check off  ", ["check(off)"]],
    ["%install dayjs lodash@4", ["install(dayjs lodash@4)"]],
    ["%install dayjs\r\nimport dayjs from 'dayjs'", ["install(dayjs)"]],
    ["const a = 5\n%who", ["who()"]],
    ["const a = 5;\n\n// so\n%who\n%help", ["who()", "help()"]],
    ["function f() { return 1 }\n%time f()", ["time(f())"]],
    ["`a\n${1}`\n%who", ["who()"]],
    ["%%time\n%who\nconst a = 1", ["who()"]],
  ])("are in %j", (code, expected) => expect(magicsOf(code)).toEqual(expected));

  it.each([
    "`\n%who\n`",
    "/*\n%who\n*/",
    "const text = `${[\n1\n]}\n%reset\n`",
    "function f() {\n%who\n}",
    "const rest = (17\n%who)",
    "const rest = 17 +\n%who",
    "17\n% who",
    "const a = 17\nconst b = 5\na\n%b",
    "a\n%b + 1",
    "a\n%whole",
    "const half = 50 %\n3",
  ])("are not in %j", (code) => expect(magicsOf(code)).toEqual([]));

  it("leave a remainder over two lines as it is", () => {
    expect(readMagics("a\n%b").text).toBe("a\n%b");
    expect(readMagics("a\n%b").faults).toEqual([]);
  });

  it("cost little where a template has many lines like them", () => {
    const code = `const latex = \`\n${"%comment\n".repeat(20_000)}\`;`;
    const since = performance.now();
    expect(readMagics(code)).toEqual({ text: code, lines: [], faults: [] });
    expect(performance.now() - since).toBeLessThan(500);
  });

  it("leave the rest of the cell in its place, and the line above ended", () => {
    const code = "%install dayjs\nconst a = 5\n  %who\n(1 + 2)\n%time a + 1";
    expect(readMagics(code).text).toBe(";             \nconst a = 5\n  ;   \n(1 + 2)\n;     a + 1");
  });
});

describe("cell magics", () => {
  it.each([
    ["%%html\n<b>`${</b>\n", "html", "<b>`${</b>\n"],
    ["\n %%markdown \r\n# %who", "markdown", "# %who"],
    ["%%javascript", "javascript", ""],
    ["%%time\n1 + 1", "time", "1 + 1"],
  ])("%j", (code, name, body) => {
    expect(readMagics(code).whole).toEqual({ name, body });
    expect(readMagics(code).text).toHaveLength(code.length);
  });

  it("of SQL is the tag, in its place", () => {
    expect(readMagics("%%sql\nselect * from ${a}").text).toBe(" sql`\nselect * from ${a}`");
  });

  it("leave nothing for the parser, but for %%time", () => {
    expect(readMagics("%%html\n<b>").text.trim()).toBe("");
    expect(readMagics("%%time\nconst a = 1").text).toBe("      \nconst a = 1");
  });
});

describe("what is written wrong", () => {
  it.each([
    ["%instal dayjs", "1:1 there is no magic %instal; the closest is %install, and %help lists all"],
    ["const a = 1;\n  %wo", "2:3 there is no magic %wo; the closest is %who, and %help lists all"],
    ["%html\n<b>", "1:1 there is no magic %html; the closest is %%html, and %help lists all"],
    ["%%htm\n<b>x</b>", "1:1 there is no magic %%htm; the closest is %%html, and %help lists all"],
    ["1;\n%%html", "2:1 %%html stands on the first line of a cell"],
    ["%%sql\nselect `a`", "2:8 a cell of %%sql holds no `; names stand between double quotes"],
    ["%%sql\n", "1:1 %%sql wants a query on the next line, as in select * from ${frame}"],
    ["%%time now\n1", "1:1 %%time takes nothing behind it; now belongs on the next line"],
    ["%check maybe", "1:1 %check takes off, warn or strict, not maybe"],
    ["%install", "1:1 %install needs the names of packages, as in %install dayjs"],
    ["%who me", "1:1 %who takes nothing behind it, and got me (the form is %who)"],
    ["%time", "1:1 %time needs an expression, as in %time await run.train(); %%time on the first line times a whole cell"],
    ["1\n%time const a = 1, b = 2", "2:1 %time takes one expression, as in %time await run.train(), or one variable's value, as in %time const x = f(); %%time on the first line times a whole cell"],
  ])("%j", (code, expected) => expect(faultsOf(code)).toEqual([expected]));

  it("is said once, and the parser's own faults keep their places", () => {
    expect(faultsOf("%who\nconst = 1")[0]).toMatch(/^2:7 /);
  });
});

describe("scripts", () => {
  const script = async (code: string) => {
    const transformed = await createTransform([]).transform({ id: "1", number: 1, code, url: "file:///c.ts" }, parseNotebookCell(code));
    if (!transformed.ok) throw new Error(JSON.stringify(transformed.diagnostics));
    return transformed.script.script;
  };

  it("time an expression where it stands, and show its value", async () => {
    expect(await script("%time 1 + 1")).toContain("__thawbook.value=(__thawbook.magics.took(__thawbook.magics.now(),1 + 1))");
    expect(await script("%time a(1 as number)\nconst b = 2")).toContain("__thawbook.magics.took(__thawbook.magics.now(),a(1          ))\n");
  });

  it("time what a variable is given", async () => {
    expect(await script("%time let a: number = f(1 as number)")).toContain("let a         = __thawbook.magics.took(__thawbook.magics.now(),f(1          ))");
    expect(await script("%time var {b} = g()\nb")).toContain("({b} = __thawbook.magics.took(__thawbook.magics.now(),g()))");
    expect(await script("enum E { A }\n%time const c = await h(E)")).toContain("c = __thawbook.magics.took(__thawbook.magics.now(), await h(E))");
  });

  it("list names as scripts call them", async () => {
    expect(await script("const process = 1, a = 2\n%who")).toContain('\n;__thawbook.magics.who(["process$cell","a"]);');
  });

  it("keep the magics of a cell that esbuild lowers", async () => {
    const lowered = await script("enum E { A }\n%time Object.keys(E)\n%who\n");
    expect(lowered).toContain('__thawbook.magics.took(__thawbook.magics.now(), Object.keys(E))');
    expect(lowered).toContain('__thawbook.magics.who(["E"])');
  });

  it("import before anything else still, where a magic stands above", async () => {
    expect(await script('%install x\nimport x from "x"')).toMatch(/\nlet \{default:x\}=await __thawbook\.import\("x"\);/);
  });
});

describe("the editor", () => {
  const complete = (marked: string) => {
    const offset = marked.indexOf("|");
    const found = completeMagic(marked.replace("|", ""), offset);
    return found && { texts: found.items.map(({ text }) => text), replaced: marked.slice(found.start, found.end) };
  };

  it("is offered names after a %", () => {
    expect(complete("%|")).toEqual({ texts: expect.arrayContaining(["%install", "%check", "%time", "%who", "%reset", "%help", "%%time", "%%html"]), replaced: "%" });
    expect(complete("%%|")?.texts).toEqual(["%%time", "%%sql", "%%html", "%%markdown", "%%javascript"]);
    expect(complete("1;\n  %ti|")).toEqual({ texts: ["%time"], replaced: "%ti" });
    expect(complete("%check s|")).toEqual({ texts: ["strict"], replaced: "s" });
  });

  it.each(["`\n%|", "a % |", "a\n%b|", "%time Math.|", "f(\n%|"])("is not in %s", (marked) => expect(complete(marked)).toBeUndefined());

  it("is offered no TypeScript where there is none", () => {
    expect(complete("%%html\n<b|")?.texts).toEqual([]);
    expect(complete("%install day|")?.texts).toEqual([]);
  });

  it("is told what a magic does", () => {
    expect(inspectMagic("1;\n%who", 5)?.plain).toMatch(/^%who\n\nlists /);
    expect(inspectMagic("%%html\n", 3)?.plain).toMatch(/^%%html/);
    expect(inspectMagic("a\n%b", 3)).toBeUndefined();
  });
});

describe("in a notebook", () => {
  let notebook: Notebook;
  beforeAll(() => { notebook = openNotebook(); });
  afterAll(() => notebook.close());

  it.each([
    ["%who", "complete"],
    ["%time f(", "incomplete"],
    ["%whom", "invalid"],
    ["%%html", "incomplete"],
    ["%%html\n<b>", "incomplete"],
    ["%%html\n<b>\n\n", "complete"],
    ["%%time", "incomplete"],
    ["%%time\nif (true) {", "incomplete"],
    ["%%time\n1", "complete"],
  ])("%j is %s", (code, status) => expect(notebook.language.isComplete(code).status).toBe(status));

  it("checks what %time times, in its place", async () => {
    expect(await notebook.faults("%who\n%time (1).toUpperCase()")).toEqual(["TS2339 2:11 Property 'toUpperCase' does not exist on type '1'."]);
    expect(await notebook.run("%time await Promise.resolve(41) as number")).toBe(41);
  });

  it("completes TypeScript below a magic and behind %time", async () => {
    const texts = async (code: string) => (await notebook.language.complete(code, code.length)).items.map(({ text }) => text);
    expect(await texts("%who\nMath.fl")).toContain("floor");
    expect(await texts("%time Math.fl")).toContain("floor");
  });

  it("tells what is to be done before the cell", () => {
    expect(notebook.language.actions("%install a b\n%who\n%check off\n1")).toEqual({ before: [{ name: "install", argument: "a b" }, { name: "check", argument: "off" }], timed: false });
    expect(notebook.language.actions("%%markdown\n# a")).toEqual({ before: [], timed: false, shows: { as: "markdown", text: "# a" } });
    expect(notebook.language.actions("%install a\n%wrong")).toEqual({ before: [], timed: false });
  });

  it("forgets what cells have declared", async () => {
    await notebook.run("const kept = 1, URL = 'mine'; interface Kind { a: 1 }");
    expect(await notebook.faults("kept.toFixed(); URL.length")).toEqual([]);
    expect(await notebook.language.reset()).toEqual(["kept", "URL$cell"]);
    expect(await notebook.faults("kept; new URL('a:b'); let k: Kind")).toEqual(["TS2304 1:1 Cannot find name 'kept'.", "TS2304 1:30 Cannot find name 'Kind'."]);
  });

  it("finds packages that are installed while it is open", async () => {
    expect(await notebook.faults('import { late } from "late-package"; late')).toHaveLength(1);
    notebook.write("node_modules/late-package/package.json", '{ "name": "late-package", "version": "1.0.0", "types": "index.d.ts" }');
    notebook.write("node_modules/late-package/index.d.ts", "export declare const late: number;");
    notebook.language.installed();
    expect(await notebook.faults('import { late } from "late-package"; late.toFixed()')).toEqual([]);
    expect(await notebook.faults('import { late } from "late-package"; late.length')).toEqual(["TS2339 1:43 Property 'length' does not exist on type 'number'."]);
  });
});
