/** Which installed packages need types of their own. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dependencies, missingTypings } from "../../kernel/lib/gateway/typings.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "typings-"));
  const files: Record<string, string> = {
    "package.json": '{ "dependencies": { "plain": "1", "typed": "1" }, "devDependencies": { "@scope/plain": "1" } }',
    "node_modules/plain/package.json": '{ "main": "lib/plain.js" }',
    "node_modules/@scope/plain/package.json": "{}",
    "node_modules/typed/package.json": '{ "types": "t.d.ts" }',
    "node_modules/by-exports/package.json": '{ "exports": { ".": { "types": "./t.d.ts", "default": "./t.js" } } }',
    "node_modules/beside/package.json": '{ "main": "lib/beside.cjs" }',
    "node_modules/beside/lib/beside.d.ts": "",
    "node_modules/has/package.json": "{}",
    "node_modules/@types/has/package.json": "{}",
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

it("names what a folder depends on", () => {
  expect(dependencies(folder)).toEqual(["plain", "typed", "@scope/plain"]);
  expect(dependencies(join(folder, "nowhere"))).toEqual([]);
});

it("asks for types of packages that bring none", () => {
  const all = ["plain", "@scope/plain", "typed", "by-exports", "beside", "has", "absent", "@types/has"];
  expect(missingTypings(folder, all)).toEqual(["@types/plain", "@types/scope__plain"]);
});
