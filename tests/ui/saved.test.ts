/** Notebooks that were saved with their outputs, opened again without a kernel that knows them. */

import { beforeAll, describe, expect, test } from "vitest";
import { requireTf } from "../../kernel/lib/tensorflow/index.js";
import { freeze } from "../../kernel/lib/training/index.js";
import { show } from "../../kernel/lib/display/index.js";
import { LAYERS_MIME, RUN_MIME, type LayersView, type RunView } from "../../kernel/lib/display/views.js";
import { smallRun } from "../display/runs.js";
import { open, setTheme, withoutKernel, writeNotebook, type Output } from "./notebook.js";
import { browser, jupyter } from "./page.js";

const output = async (value: unknown): Promise<Output[]> => {
  const shown = await show(value);
  if (!shown) throw new Error("nothing to show");
  return [{ output_type: "display_data", data: shown.data, metadata: shown.metadata ?? {} }];
};

function nestedModel(): object {
  const tf = requireTf();
  const encoder = tf.sequential({
    name: "encoder",
    layers: [tf.layers.dense({ name: "first", units: 16, inputShape: [4] }), tf.layers.dense({ name: "second", units: 16 }), tf.layers.dropout({ name: "drop", rate: 0.1 })],
  });
  const model = tf.sequential({ name: "little <b>encoder</b>", layers: [encoder, tf.layers.dense({ name: "middle", units: 8 }), tf.layers.dense({ name: "head", units: 2 })] });
  freeze(model, "encoder/first", "middle");
  return model;
}

describe("a saved notebook", () => {
  beforeAll(async () => {
    const run = smallRun(6);
    await run.train();
    const cut = await output(run);
    cut[0]!.data[RUN_MIME] = { ...(cut[0]!.data[RUN_MIME] as RunView), state: "running", steps: 480, epochs: 60 };
    await writeNotebook(jupyter, "saved.ipynb", [["await run.train()", await output(run)], ["model", await output(nestedModel())], ["await other.train()", cut]], null);
    await open(browser.page, jupyter, "saved.ipynb");
    await withoutKernel(browser.page);
  });

  test("draws the chart: curves, names, the best, epochs, the learning rate", async () => {
    const chart = browser.page.locator(".thawbook-Run").first();
    await chart.locator(".main-svg .trace").first().waitFor();
    const words = (await chart.locator(".main-svg text").allTextContents()).join(" ");
    for (const word of ["loss", "accuracy", "learning rate", "training", "validation", "epoch"]) expect(words).toContain(word);
    expect(await chart.locator(".thawbook-Chip").textContent()).toBe("finished");
    expect(await chart.locator(".thawbook-Header-best").textContent()).toMatch(/^best validation loss/);
    expect(await chart.locator(".thawbook-Button:visible").count()).toBe(0);
    expect(await chart.getByRole("progressbar").getAttribute("aria-valuenow")).toBe("100");
    expect(await chart.locator(".thawbook-Run-plot").getAttribute("aria-label")).toContain("finished, 6 epochs");
  });

  test("marks a run whose kernel is gone as ended", async () => {
    const chart = browser.page.locator(".thawbook-Run").nth(1);
    await chart.scrollIntoViewIfNeeded();
    await browser.page.waitForFunction(() => document.querySelectorAll(".thawbook-Run .thawbook-Chip")[1]?.textContent === "ended");
    expect(await chart.locator(".thawbook-Header-facts").textContent()).toContain("its kernel is gone");
    await chart.locator(".main-svg .trace").first().waitFor();
  });

  test("draws the layers: the output on top, states, the line, totals, names as text", async () => {
    const diagram = browser.page.locator(".thawbook-Layers");
    await diagram.scrollIntoViewIfNeeded();
    const rows = await diagram.locator(".thawbook-Layers-row:not(.thawbook-mod-titles) .thawbook-Layers-name, .thawbook-Layers-cut").allTextContents();
    expect(rows.filter((name) => !name.includes("input"))).toEqual(["head", "middle", "encoder", "drop", "second", "backpropagation stops here", "first"]);
    expect(await diagram.locator(".thawbook-Header-name").textContent()).toBe("little <b>encoder</b>");
    expect(await diagram.locator(".thawbook-Layers-total").textContent()).toMatch(/^\d+ of \d+ trainable \(\d+%\)$/);
    expect(await diagram.getByRole("row", { name: /middle/ }).getByRole("img").getAttribute("aria-label")).toBe("frozen, gradients pass");
  });

  test("folds a nested model by keyboard, and the focus stays", async () => {
    const fold = browser.page.locator(".thawbook-Layers").getByRole("button", { name: "encoder" });
    await fold.focus();
    await browser.page.keyboard.press("Enter");
    expect(await fold.getAttribute("aria-expanded")).toBe("false");
    expect(await browser.page.locator(".thawbook-Layers-name", { hasText: "second" }).count()).toBe(0);
    await browser.page.keyboard.press("Enter");
    expect(await browser.page.locator(".thawbook-Layers-name", { hasText: "second" }).count()).toBe(1);
  });

  test("redraws in the dark", async () => {
    const { page } = browser;
    const colour = (): Promise<string> => page.locator(".thawbook-Run .main-svg .annotation text").first().evaluate((text) => getComputedStyle(text).fill);
    // A chart that is not seen is drawn when it is.
    await page.locator(".thawbook-Run").first().scrollIntoViewIfNeeded();
    const light = await colour();
    await setTheme(page, "JupyterLab Dark");
    await page.waitForFunction((before) => getComputedStyle(document.querySelector(".thawbook-Run .main-svg .annotation text")!).fill !== before, light);
    expect(await colour()).toBe("rgb(232, 234, 237)");
    await setTheme(page, "JupyterLab Light");
    await page.waitForFunction((before) => getComputedStyle(document.querySelector(".thawbook-Run .main-svg .annotation text")!).fill === before, light);
  });

  test("follows the width of the page", async () => {
    const { page } = browser;
    const plot = page.locator(".thawbook-Run .main-svg").first();
    await plot.scrollIntoViewIfNeeded();
    const before = (await plot.boundingBox())!.width;
    await page.setViewportSize({ width: 700, height: 900 });
    await page.waitForFunction((width) => document.querySelector(".thawbook-Run .main-svg")!.getBoundingClientRect().width < width - 50, before);
    await page.setViewportSize({ width: 1280, height: 1000 });
  });
});

test("a view of a version that is not known yet says so", async () => {
  await writeNotebook(jupyter, "future.ipynb", [["run", [{ output_type: "display_data", data: { [RUN_MIME]: { version: 2 }, "text/plain": "run" } }]], ["model", [{ output_type: "display_data", data: { [LAYERS_MIME]: { version: 2 } as unknown as LayersView, "text/plain": "model" } }]]], null);
  await open(browser.page, jupyter, "future.ipynb");
  await withoutKernel(browser.page);
  for (const view of [".thawbook-Run", ".thawbook-Layers"]) expect(await browser.page.locator(view).textContent()).toContain("another version of Thawbook");
});
