/** JupyterLab's own debugger panel on TypeScript cells. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { editorOf, frames, press, setBreakpoint, showScope, stopsAt, turnOn, valueOf, variable } from "./debugger.js";
import { cell, ended, kernelReady, open, run, writeNotebook } from "./notebook.js";
import { jupyter, page } from "./page.js";

const NORM = `interface Point { x: number; y: number }
function norm(point: Point): number {
  const squares = point.x ** 2 + point.y ** 2;
  return Math.sqrt(squares);
}`;
const USE = `const weights = tf.tensor2d([[1.5, 2], [3, 4]]);
const label: string = "here";
let total = 0;
total += norm({ x: 3, y: 4 });
console.log(label, total);`;

let count = 0;

/** A notebook with these cells, the debugger on. */
async function debugged(...cells: string[]): Promise<void> {
  const name = `debugged-${++count}.ipynb`;
  await writeNotebook(jupyter, name, cells);
  await open(page, jupyter, name);
  await kernelReady(page);
  await turnOn(page);
}

const printed = (index: number): Promise<string> => cell(page, index).locator(".jp-OutputArea-output").first().innerText().then((text) => text.trim());

describe("a breakpoint in a cell", () => {
  beforeEach(async () => {
    await debugged(NORM, USE);
    await run(page, 0);
    await ended(page, 0);
    await setBreakpoint(editorOf(page, 1), 4);
    await run(page, 1);
    await stopsAt(page, "total += norm({ x: 3, y: 4 });");
  });

  test("shows the stack, and variables with their values: a tensor's shape, dtype and numbers", async () => {
    expect(await frames(page)).toEqual(["Cell [2] Cell [*]:4"]);
    expect(await valueOf(page, "weights")).toBe("Tensor float32 [2, 2]: 1.5, 2, 3, 4");
    expect(await valueOf(page, "label")).toBe('"here"');
    expect(await valueOf(page, "total")).toBe("0");
    expect(await valueOf(page, "norm")).toBe("function norm(point)");
    await variable(page, "weights").click();
    expect(await valueOf(page, "dtype")).toBe('"float32"');
  });

  test("steps into a function of an earlier cell, over, out, and goes on", async () => {
    await press(page, "Step In");
    await stopsAt(page, "const squares = point.x ** 2 + point.y ** 2;");
    expect(await frames(page)).toEqual(["norm Cell [1]:3", "Cell [2] Cell [*]:4"]);
    await showScope(page, "Locals: norm");
    expect(await valueOf(page, "point")).toBe("{ x: 3, y: 4 }");
    await press(page, "Next");
    await stopsAt(page, "return Math.sqrt(squares);");
    expect(await valueOf(page, "squares")).toBe("25");
    await press(page, "Step Out");
    await stopsAt(page, "console.log(label, total);");
    expect(await valueOf(page, "total")).toBe("5");
    await press(page, "Continue");
    await ended(page, 1);
    expect(await printed(1)).toBe("here 5");
  });

  test("evaluates TypeScript where the program stands", async () => {
    await press(page, "Evaluate Code");
    const prompt = page.locator(".jp-DebugConsole .jp-CodeConsole-promptCell .cm-content");
    await prompt.click();
    await page.keyboard.type("(label as string).length + total");
    await page.keyboard.press("Shift+Enter");
    await page.locator(".jp-DebugConsole .jp-OutputArea-output", { hasText: "4" }).waitFor();
  });

  test("is left by the stop button of the toolbar: the cell ends, variables stay, cells run", async () => {
    await page.locator('.jp-NotebookPanel-toolbar [data-jp-item-name="interrupt"] >> role=button').click();
    await ended(page, 1);
    expect(await printed(1)).toContain("KeyboardInterrupt");
    await run(page, 0);
    await ended(page, 0);
  });
});

test("a breakpoint in a function of an earlier cell stops a later one", async () => {
  await debugged(NORM, "norm({ x: 6, y: 8 })");
  await setBreakpoint(editorOf(page, 0), 4);
  await run(page, 0);
  await ended(page, 0);
  await run(page, 1);
  await stopsAt(page, "return Math.sqrt(squares);");
  await showScope(page, "Locals: norm");
  expect(await valueOf(page, "squares")).toBe("100");
  await press(page, "Continue");
  await ended(page, 1);
  expect(await printed(1)).toBe("10");
});

test("a local module is among the sources, and a breakpoint in it stops", async () => {
  await writeFile(join(jupyter.folder, "scaling.ts"), `export enum Way { Up = "up", Down = "down" }
export function scale(value: number, way: Way): number {
  const factor: number = way === Way.Up ? 2 : 0.5;
  return value * factor;
}
`);
  await debugged('import { scale, Way } from "./scaling.ts";', "scale(21, Way.Up)");
  await run(page, 0);
  await ended(page, 0);
  await page.locator(".jp-DebuggerKernelSource-source", { hasText: "scaling.ts" }).click();
  const source = page.locator(".jp-MainAreaWidget:visible .jp-CodeMirrorEditor", { hasText: "export enum Way" });
  await setBreakpoint(source, 4);
  await page.locator(".lm-TabBar-tab", { hasText: `debugged-${count}` }).click();
  await run(page, 1);
  await stopsAt(page, "return value * factor;");
  expect(await frames(page)).toEqual([expect.stringMatching(/^scale .*scaling\.ts:4$/), "Cell [2] Cell [*]:1"]);
  await showScope(page, "Locals: scale");
  expect(await valueOf(page, "factor")).toBe("2");
  await press(page, "Continue");
  await ended(page, 1);
  expect(await printed(1)).toBe("42");
});

test("stops where an error is thrown that nothing catches, if asked to", async () => {
  await debugged('const items: number[] = [];\nif (items.length === 0) {\n  throw new Error("nothing there");\n}');
  await page.locator(".jp-PauseOnExceptions").click();
  await page.locator(".lm-Menu-item", { hasText: "uncaught" }).click();
  await run(page, 0);
  await stopsAt(page, 'throw new Error("nothing there");');
  await press(page, "Continue");
  await ended(page, 0);
  expect(await printed(0)).toContain("nothing there");
});
