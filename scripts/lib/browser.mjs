// The browser that the UI tests drive.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { cached } from "./places.mjs";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const applications = ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium"];
const bundled = /(^|\/)(chrome|chrome-headless-shell|headless_shell|Chromium|Google Chrome for Testing)$/;

/** Playwright's own, where set-up has fetched it. */
function fetched() {
  const folder = cached("playwright");
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return files.filter((name) => bundled.test(name)).map((name) => join(folder, name));
}

/**
 * The first browser that starts: named by THAWBOOK_BROWSER, on the PATH, or fetched by set-up.
 * @returns {string | undefined} its path
 */
export function findBrowser() {
  const named = process.env.THAWBOOK_BROWSER;
  const folders = (process.env.PATH ?? "").split(delimiter);
  const onPath = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  const candidates = named ? [named] : [...onPath, ...applications, ...fetched()];
  // Ubuntu has a `chromium` that only says where to get it, and a browser without its libraries ends at once: so ask for its version.
  return candidates.find((path) => existsSync(path) && spawnSync(path, ["--version"], { timeout: 20_000 }).status === 0);
}
