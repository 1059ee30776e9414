/** The running JupyterLab and a page of the running browser, for the tests of one file. */

import { afterAll, beforeEach, inject, onTestFailed } from "vitest";
import { openBrowser } from "./browser.js";
import { jupyterAt } from "./jupyter.js";

export const jupyter = jupyterAt(inject("jupyter"));
export const browser = await openBrowser(inject("browser"));
export const { page } = browser;

/** What a person would have seen when a test failed. */
beforeEach(() => {
  onTestFailed(async ({ task }) => void (await page.screenshot({ path: `test-results/ui-${task.name.replace(/\W+/g, "-").slice(0, 60)}.png` })));
});

afterAll(async () => {
  await browser.close();
  await jupyter.endKernels();
});
