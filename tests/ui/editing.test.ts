/** What a person does at a cell: asks the editor, interrupts, answers. Also while the kernel is busy. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Locator } from "playwright-core";
import { cell, command, ended, kernelReady, open, run, writeNotebook } from "./notebook.js";
import { jupyter, page } from "./page.js";

const printed = async (index: number): Promise<string> => (await cell(page, index).locator(".jp-OutputArea").innerText()).trim();
const isRunning = (index: number): Promise<void> => cell(page, index).locator(".jp-InputPrompt", { hasText: "[*]" }).waitFor();
const stop = (): Promise<void> => page.locator('.jp-NotebookPanel-toolbar [data-jp-item-name="interrupt"] >> role=button').click();
const source = async (index: number): Promise<string> => (await cell(page, index).locator(".cm-line").allInnerTexts()).map((line) => (line === "\n" ? "" : line)).join("\n");

async function opened(name: string, cells: string[]): Promise<void> {
  await writeNotebook(jupyter, name, cells);
  await open(page, jupyter, name);
  await kernelReady(page);
}

/** Writes at the end of a cell. */
async function type(index: number, text: string): Promise<void> {
  await cell(page, index).locator(".cm-content").click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type(text);
}

const completer = (): Locator => page.locator(".jp-Completer:not(.lm-mod-hidden)");

/** Presses Tab, again if JupyterLab's second for an answer has passed; gives what is offered. */
async function complete(): Promise<string[]> {
  const first = completer().locator(".jp-Completer-item").first();
  for (let tries = 0; tries < 5 && !(await first.isVisible()); tries++) {
    await page.keyboard.press("Tab");
    await first.waitFor({ timeout: 3000 }).catch(() => undefined);
  }
  return completer().locator(".jp-Completer-match").allTextContents();
}

const tooltip = async (): Promise<string> => {
  await page.keyboard.press("Shift+Tab");
  // it is there before its text
  await page.locator(".jp-Tooltip").getByText(/\w/).first().waitFor();
  return page.locator(".jp-Tooltip").innerText();
};

const FIT = `const x = tf.randomUniform([512, 8], 0, 1, "float32", 1);
const y = Array.from({ length: 512 }, (_, i) => i % 2);
const model = tf.sequential({ layers: [tf.layers.dense({ units: 16, activation: "relu", inputShape: [8] }), tf.layers.dense({ units: 2, activation: "softmax" })] });
const run = finetune(model, { x, y }, { epochs: 100_000, batchSize: 32, learningRate: 0.01, seed: 1 });`;

describe.each([
  ["an endless loop runs", "let turns = 0;", "while (true) turns++;"],
  ["a model trains", FIT, "await run.train();"],
])("while %s", (name, before, busy) => {
  beforeAll(async () => {
    await opened(`busy-${name.length}.ipynb`, [`${before}\n/** Adds up. */\nfunction total(...numbers: number[]): number {\n  return numbers.reduce((sum, each) => sum + each, 0);\n}`, busy, ""]);
    await run(page, 0);
    await ended(page, 0);
    await run(page, 1);
    await isRunning(1);
  });

  test("Tab completes, with types", async () => {
    await type(2, "tot");
    expect((await complete())[0]).toBe("total");
    expect(await completer().locator(".jp-Completer-item").first().innerText()).toMatch(/function|variable/);
    await page.keyboard.press("Enter");
    expect(await source(2)).toBe("total");
  });

  test("Shift+Tab shows the signature and the comment", async () => {
    const text = await tooltip();
    expect(text).toContain("total(...numbers: number[]): number");
    expect(text).toContain("Adds up.");
    await page.keyboard.press("Escape");
  });

  test("the stop button ends it, and what was there stays", async () => {
    await stop();
    await ended(page, 1);
    expect(await printed(1)).toContain("KeyboardInterrupt");
    await type(2, "(1, 2, 39)");
    await run(page, 2);
    await ended(page, 2);
    expect(await printed(2)).toContain("42");
  });
});

test("a cell asks, for a line and for a password that nobody sees", async () => {
  await opened("asks.ipynb", ['const name = await prompt("Your name?");\nconst secret = await password("A word?");\nconsole.log(`${name}: ${secret?.length}`);']);
  await run(page, 0);
  const box = cell(page, 0).locator(".jp-Stdin-input");
  await box.waitFor();
  expect(await cell(page, 0).locator(".jp-Stdin-prompt").innerText()).toContain("Your name?");
  await box.fill("Ada");
  await box.press("Enter");
  const hidden = cell(page, 0).locator('.jp-Stdin-input[type="password"]');
  await hidden.waitFor();
  await hidden.fill("byron");
  await hidden.press("Enter");
  await ended(page, 0);
  const text = await printed(0);
  expect(text).toContain("Ada: 5");
  expect(text).not.toContain("byron");
});

describe("a name that needs an import", () => {
  beforeAll(async () => {
    await writeFile(join(jupyter.folder, "rescaling.ts"), "/** Doubles. */\nexport const rescaleTwofold = (value: number): number => 2 * value;\nexport const rescaleByHalf = (value: number): number => value / 2;\n");
    await opened("imports.ipynb", ['import { rescaleTwofold } from "./rescaling.ts";\nrescaleTwofold(1)', "", "// files\nawait ", 'import { writeFile } from "node:fs/promises";\nawait ']);
    await run(page, 0);
    await ended(page, 0);
  });

  const choose = async (label: string): Promise<void> => {
    const item = completer().locator(".jp-Completer-item").filter({ has: page.getByText(label, { exact: true }) });
    await item.click();
  };

  test("is offered with its module, and choosing it writes the import at the head of the cell", async () => {
    await type(2, "readFil");
    const offered = await complete();
    expect(offered).toContain("readFile (node:fs/promises)");
    expect(offered).toContain("readFileSync (node:fs)");
    await choose("readFile (node:fs/promises)");
    await page.keyboard.type('("rescaling.ts", "utf8")');
    expect(await source(2)).toBe('import { readFile } from "node:fs/promises";\n// files\nawait readFile("rescaling.ts", "utf8")');
    await run(page, 2);
    await ended(page, 2);
    expect(await printed(2)).toContain("Doubles.");
  });

  test("joins an import of the same module, and one undo takes both away", async () => {
    await type(3, "copyFil");
    await complete();
    await choose("copyFile (node:fs/promises)");
    expect(await source(3)).toBe('import { writeFile, copyFile } from "node:fs/promises";\nawait copyFile');
    await page.keyboard.press("Control+z");
    // JupyterLab's undo takes what was typed within the half second before along.
    expect(await source(3)).toMatch(/^import \{ writeFile \} from "node:fs\/promises";\nawait (copyFil)?$/);
  });

  test("of a local module", async () => {
    await type(1, "rescaleBy");
    expect(await complete()).toEqual(["rescaleByHalf (./rescaling)"]);
    await page.keyboard.press("Enter");
    expect(await source(1)).toBe('import { rescaleByHalf } from "./rescaling";\nrescaleByHalf');
    await page.keyboard.type("(84)");
    await run(page, 1);
    await ended(page, 1);
    expect(await printed(1)).toContain("42");
  });

  test("in a console too", async () => {
    await command(page, "console:create", { args: { name: "thawbook", kernelPreference: { name: "thawbook" } as unknown as string } });
    const prompt = page.locator(".jp-CodeConsole-promptCell .cm-content");
    await prompt.click();
    await kernelReady(page);
    await page.keyboard.type("readFil");
    expect(await complete()).toContain("readFile (node:fs/promises)");
    await choose("readFile (node:fs/promises)");
    expect(await prompt.locator(".cm-line").allInnerTexts()).toEqual(['import { readFile } from "node:fs/promises";', "readFile"]);
  });
});
