/** A Chromium of the machine's own, with a new profile each time. */

import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { chromium, type BrowserContext, type Page } from "playwright-core";

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

export interface Browser {
  page: Page;
  context: BrowserContext;
  close(): Promise<void>;
}

export async function openBrowser(viewport = { width: 1280, height: 1000 }): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), "thawbook-chromium-"));
  const context = await chromium.launchPersistentContext(profile, { executablePath: executable(), args: FLAGS, viewport, deviceScaleFactor: 2, chromiumSandbox: false });
  const page = context.pages()[0] ?? (await context.newPage());
  return {
    page,
    context,
    close: async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
