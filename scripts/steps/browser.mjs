// A browser for the UI tests: the one that is there, else Debian's or Ubuntu's Chromium where we may install it, else Playwright's own.
import { existsSync } from "node:fs";
import { findBrowser } from "../lib/browser.mjs";
import { command } from "../lib/command.mjs";
import { at } from "../lib/places.mjs";

/** @type {import("../lib/steps.mjs").Step} */
export const browser = {
  id: "browser",
  name: "a browser for the UI tests",
  after: [],
  inputs: () => process.env.THAWBOOK_BROWSER ?? "",
  outputs: () => [findBrowser() ?? at("no browser")], // a path that never exists: looked for anew the next time
  async run({ progress }) {
    if (process.env.THAWBOOK_BROWSER) return; // that one or none
    // Where none can be had the UI tests fail, and say so; the other tests run.
    const attempts = [
      async () => {
        if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return;
        progress("apt-get install chromium");
        await command("chromium-lists", "apt-get", ["update"]);
        await command("chromium", "apt-get", ["install", "--yes", "--no-install-recommends", "chromium"]);
      },
      async () => {
        progress("Playwright's Chromium");
        await command("playwright", process.execPath, [at("node_modules/playwright-core/cli.js"), "install", "chromium-headless-shell"]);
      },
    ];
    for (const attempt of attempts) {
      if (findBrowser()) return;
      await attempt().catch(() => undefined);
    }
  },
};
