/** One JupyterLab and one browser for all UI tests: starting them takes longer than most tests. */

import type { TestProject } from "vitest/node";
import { startBrowser } from "./browser.js";
import { startJupyter, type JupyterAddress } from "./jupyter.js";

declare module "vitest" {
  interface ProvidedContext {
    jupyter: JupyterAddress;
    browser: string;
  }
}

/** Vitest calls it before the first file; what it returns, after the last. */
export async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const [jupyter, browser] = await Promise.all([startJupyter(), startBrowser()]);
  provide("jupyter", { port: jupyter.port, folder: jupyter.folder });
  provide("browser", browser.wsEndpoint());
  return async () => {
    await browser.close();
    await jupyter.stop();
  };
}
