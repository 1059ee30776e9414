import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { at } from "../../scripts/lib/places.mjs";

const setUp = () => spawnSync(process.execPath, [at("scripts/setup.mjs")], { encoding: "utf8" });

test("where all is there, set-up says so in less than two seconds", { timeout: 120_000 }, () => {
  setUp(); // a source may have changed since the last one
  const started = performance.now();
  const { stdout, status } = setUp();
  const ms = performance.now() - started;
  expect({ stdout, status }).toEqual({ stdout: expect.stringMatching(/^Everything is set up \(\d\.\d s\)\.\n$/), status: 0 });
  expect(ms).toBeLessThan(2000);
});
