/** The real kernel trains, and the chart in the page lives. */

import { describe, expect, test } from "vitest";
import type { Locator } from "playwright-core";
import { LAYERS_MIME, RUN_MIME, type RunView } from "../../kernel/lib/display/views.js";
import { cell, command, ended, kernelReady, open, run, savedCells, setTheme, writeNotebook } from "./notebook.js";
import { browser, jupyter } from "./page.js";

const DATA = `// two classes, apart by a line
const x = Array.from({ length: 512 }, (_, i) => [Math.sin(i * 12.9898), Math.cos(i * 78.233)]);
const y = x.map(([a, b]) => Number(a + 0.4 * b > 0.1 * Math.sin(40 * a)));
const model = tf.sequential({ name: "little-net", layers: [
  tf.layers.dense({ name: "below", units: 32, activation: "relu", inputShape: [2] }),
  tf.layers.dense({ name: "middle", units: 32, activation: "relu" }),
  tf.layers.dense({ name: "head", units: 2, activation: "softmax" }),
] });
freeze(model, "below");`;

const train = (epochs: number, wait = false): string =>
  `const run = finetune(model, { x: x.slice(0, 384), y: y.slice(0, 384), validation: { x: x.slice(384), y: y.slice(384) } }, { epochs: ${epochs}, batchSize: 32, learningRate: 0.01, seed: 1 });
${wait ? "void run.train(); undefined" : "await run.train()"}`;

const chartIn = (index: number): Locator => cell(browser.page, index).locator(".thawbook-Run");
const chip = (index: number): Locator => chartIn(index).locator(".thawbook-Chip");

async function stepOf(index: number): Promise<number> {
  return Number((await chartIn(index).locator(".thawbook-Run-plot").getAttribute("data-step")) ?? -1);
}

async function until(what: string, holds: () => Promise<boolean>, seconds = 60): Promise<void> {
  for (const end = Date.now() + 1000 * seconds; Date.now() < end; ) {
    if (await holds()) return;
    await browser.page.waitForTimeout(50);
  }
  await browser.page.screenshot({ path: "test-results/ui-timeout.png" });
  throw new Error(`after ${seconds} s still not: ${what}`);
}

const said = (index: number, state: string): Promise<void> => until(`"${state}" in cell ${index}`, async () => (await chip(index).textContent()) === state);

/** A notebook of data, model and a cell that trains, the first two run. */
async function opened(name: string, cells: string[]): Promise<void> {
  await writeNotebook(jupyter, name, [DATA, ...cells]);
  await open(browser.page, jupyter, name);
  await kernelReady(browser.page);
  await run(browser.page, 0);
  await ended(browser.page, 0);
}

async function saved(name: string): Promise<Awaited<ReturnType<typeof savedCells>>> {
  await command(browser.page, "docmanager:save");
  await browser.page.waitForTimeout(500);
  return savedCells(jupyter, name);
}

/** The run that the notebook's second cell was saved with. */
async function savedRun(name: string): Promise<RunView> {
  const view = (await saved(name))[1]?.outputs?.[0]?.data[RUN_MIME];
  if (view === undefined) throw new Error(`${name} was saved without a run in its second cell`);
  return view as RunView;
}

describe("a run in a cell", () => {
  test("draws itself while it trains, pauses, goes on and stops by its buttons", async () => {
    await opened("steered.ipynb", [train(4000)]);
    await run(browser.page, 1);
    await until("a chart", async () => (await stepOf(1)) > 0);
    const before = await stepOf(1);
    await until("a chart that goes on", async () => (await stepOf(1)) > before + 10);
    await said(1, "training");

    await chartIn(1).getByRole("button", { name: "Pause" }).click();
    await said(1, "paused");
    await browser.page.waitForTimeout(400);
    const paused = await stepOf(1);
    await browser.page.waitForTimeout(700);
    expect(await stepOf(1)).toBe(paused);

    await chartIn(1).getByRole("button", { name: "Resume" }).click();
    await until("a run that goes on", async () => (await stepOf(1)) > paused);
    await chartIn(1).getByRole("button", { name: "Stop" }).click();
    await ended(browser.page, 1);
    await said(1, "stopped");
    expect(await chartIn(1).locator(".thawbook-Button").filter({ visible: true }).count()).toBe(0);

    const outputs = (await saved("steered.ipynb"))[1]?.outputs ?? [];
    expect(outputs).toHaveLength(1);
    expect(Object.keys(outputs[0]?.data ?? {}).sort()).toEqual([RUN_MIME, "image/png", "text/plain"].sort());
    expect((await savedRun("steered.ipynb")).state).toBe("stopped");
    expect(JSON.stringify(outputs).length).toBeLessThan(150_000);
  });

  test("ends as interrupted by the interrupt button, and the kernel lives on", async () => {
    await opened("interrupted.ipynb", [train(4000), "model"]);
    await run(browser.page, 1);
    await until("a chart", async () => (await stepOf(1)) > 0);
    await browser.page.locator('.jp-NotebookPanel-toolbar [data-jp-item-name="interrupt"] >> role=button').click();
    await ended(browser.page, 1);
    await said(1, "interrupted");
    expect(await cell(browser.page, 1).locator(".jp-OutputArea").innerText()).toContain("KeyboardInterrupt");

    await run(browser.page, 2);
    await ended(browser.page, 2);
    const diagram = cell(browser.page, 2).locator(".thawbook-Layers");
    expect(await diagram.locator(".thawbook-Layers-name, .thawbook-Layers-cut").allTextContents()).toEqual(["head", "middle", "backpropagation stops here", "below", ...(await diagram.getByText("_input").allTextContents())]);
    expect((await saved("interrupted.ipynb"))[2]?.outputs?.[0]?.data[LAYERS_MIME]).toMatchObject({ name: "little-net" });
  });

  test("that nobody awaits goes on living after its cell, and the notebook keeps its end", async () => {
    await opened("loose.ipynb", [train(40, true)]);
    await run(browser.page, 1);
    await ended(browser.page, 1);
    await said(1, "finished");
    await until("the end in the notebook", async () => (await savedRun("loose.ipynb")).state === "finished");
  });

  test("redraws in the dark while it lives", async () => {
    await opened("dark.ipynb", [train(4000)]);
    await run(browser.page, 1);
    await until("a chart", async () => (await stepOf(1)) > 0);
    await setTheme(browser.page, "JupyterLab Dark");
    await until("light words on a dark chart", async () => (await chartIn(1).locator(".main-svg .annotation text").first().evaluate((text) => getComputedStyle(text).fill)) === "rgb(232, 234, 237)");
    await chartIn(1).getByRole("button", { name: "Stop" }).click();
    await ended(browser.page, 1);
    await setTheme(browser.page, "JupyterLab Light");
  });
});

test("a page that is loaded anew while a run trains finds it again and keeps its end", async () => {
  await opened("again.ipynb", [train(700)]);
  await run(browser.page, 1);
  await until("a chart", async () => (await stepOf(1)) > 0);
  await saved("again.ipynb");
  await open(browser.page, jupyter, "again.ipynb");
  await until("a live chart", async () => (await stepOf(1)) > 0 && (await chip(1).textContent()) === "training");
  const before = await stepOf(1);
  await until("a chart that goes on", async () => (await stepOf(1)) > before);
  await chartIn(1).getByRole("button", { name: "Stop" }).click();
  await said(1, "stopped");
  await until("the end in the notebook", async () => (await savedRun("again.ipynb")).state === "stopped");
});

test("a run whose kernel was restarted has ended", async () => {
  await opened("restarted.ipynb", [train(4000)]);
  await run(browser.page, 1);
  await until("a chart", async () => (await stepOf(1)) > 0);
  await said(1, "training");
  // The command ends with its dialog.
  const restarted = command(browser.page, "notebook:restart-kernel");
  await browser.page.locator(".jp-Dialog .jp-mod-accept").click();
  await restarted;
  await said(1, "ended");
});
