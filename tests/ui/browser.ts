/** A Chromium of the machine's own: started once, a profile of its own for each that connects. */

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium, type BrowserServer, type Page } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--font-render-hinting=none",
];

/** As the set-up found it, else on the PATH, else Playwright's own. */
function executable(): string {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const candidates = [process.env.THAWBOOK_BROWSER ?? "", ...NAMES.flatMap((name) => folders.map((folder) => join(folder, name))), chromium.executablePath()];
  const found = candidates.find((path) => path !== "" && existsSync(path));
  if (found === undefined) throw new Error(`the UI tests need a browser: none of ${NAMES.join(", ")} is on the PATH; run \`npm run setup\`, or \`apt-get install chromium\``);
  return found;
}

export const startBrowser = (): Promise<BrowserServer> => chromium.launchServer({ executablePath: executable(), args: FLAGS, chromiumSandbox: false, host: "127.0.0.1" });

export interface Browser {
  page: Page;
  close(): Promise<void>;
}

/** @param address of a browser that was started */
export async function openBrowser(address: string, viewport = { width: 1280, height: 1000 }): Promise<Browser> {
  const browser = await chromium.connect(address);
  const context = await browser.newContext({ viewport, deviceScaleFactor: 2 });
  context.setDefaultTimeout(20_000);
  return { page: await context.newPage(), close: () => browser.close() };
}
