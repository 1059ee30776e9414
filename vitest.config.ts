import { defineConfig } from "vitest/config";
import { findBrowser } from "./scripts/lib/browser.mjs";
import { jupyterEnvironment } from "./scripts/lib/places.mjs";

// The tests import the compiled kernel as a notebook does: Node loads it, CommonJS, untouched by Vite.
const server = { deps: { external: [/\/kernel\/lib\//] } };

export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: "unit",
          include: ["tests/**/*.test.ts"],
          exclude: ["tests/ui/**", "**/node_modules/**"],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          env: { TF_CPP_MIN_LOG_LEVEL: "2" },
          server,
        },
      },
      {
        test: {
          name: "ui",
          include: ["tests/ui/**/*.test.ts"],
          globalSetup: "tests/ui/start.ts",
          // One file at a time: they time what they see.
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          env: { ...definedOnly(jupyterEnvironment), THAWBOOK_BROWSER: findBrowser() ?? "" },
          server,
        },
      },
    ],
  },
});

function definedOnly(variables: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
