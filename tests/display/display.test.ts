import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { beforeEach, expect, test } from "vitest";
import { connect, display, routeTslab, settle, show } from "../../kernel/lib/display/index.js";
import { FakeFrontend } from "./runs.js";

let frontend: FakeFrontend;

beforeEach(() => {
  frontend = new FakeFrontend();
  connect(frontend);
});

const bundles = (): unknown[] => frontend.sent.map(({ shown }) => shown.data);

test("shows any value at once, in order", () => {
  display({ a: 1 });
  display(undefined);
  expect(bundles()).toEqual([{ "text/plain": "{ a: 1 }" }, { "text/plain": "undefined" }]);
});

test("a cell that ends in a display shows it once", async () => {
  const handle = display({ a: 1 });
  expect(await show(handle)).toBeUndefined();
  expect(await show([handle.id])).toBeDefined();
});

test("a handle replaces its own output", () => {
  const handle = display("first");
  display("other");
  handle.update("second");
  expect(frontend.sent.map(({ displayId, update }) => [displayId === handle.id, update])).toEqual([
    [true, false],
    [false, false],
    [true, true],
  ]);
  expect(bundles()[2]).toEqual({ "text/plain": "'second'" });
});

test("each kind has its MIME type, and text beside it", () => {
  display.text("t");
  display.html("<i>h</i>").update("<b>h</b>");
  display.markdown("**m**");
  display.latex("$x$");
  display.javascript("1");
  display.svg("<svg/>");
  display.json({ a: [1] });
  display.png(new Uint8Array([1, 2]), { width: 10 });
  expect(bundles()).toEqual([
    { "text/plain": "t" },
    { "text/html": "<i>h</i>", "text/plain": "<i>h</i>" },
    { "text/html": "<b>h</b>", "text/plain": "<b>h</b>" },
    { "text/markdown": "**m**", "text/plain": "**m**" },
    { "text/latex": "$x$", "text/plain": "$x$" },
    { "text/javascript": "1", "text/plain": "1" },
    { "image/svg+xml": "<svg/>", "text/plain": "<svg/>" },
    { "application/json": { a: [1] }, "text/plain": "{ a: [ 1 ] }" },
    { "image/png": "AQI=", "text/plain": "[image/png]" },
  ]);
  expect(frontend.sent.at(-1)?.shown.metadata).toEqual({ "image/png": { width: 10 } });
});

test("raw takes a bundle, or a type and its content as tslab's does", () => {
  display.raw({ "text/html": "<p/>", "text/plain": "p" }, { isolated: true });
  display.raw("text/markdown", "_m_");
  expect(bundles()).toEqual([{ "text/html": "<p/>", "text/plain": "p" }, { "text/markdown": "_m_" }]);
  expect(() => display.raw({ html: "x" })).toThrow(`"html" is no MIME type`);
});

test("clears the cell's outputs", () => {
  display.clear();
  display.clear(true);
  expect(frontend.cleared).toEqual([false, true]);
});

test("a display that makes wait holds back those that follow, not the cell", async () => {
  const slow = { [Symbol.for("Jupyter.display")]: () => new Promise((done) => setTimeout(() => done({ "text/plain": "slow" }), 30)) };
  display(slow);
  display.text("after");
  expect(frontend.sent).toHaveLength(0);
  await settle();
  expect(bundles()).toEqual([{ "text/plain": "slow" }, { "text/plain": "after" }]);
});

test("in a plain script display prints text", () => {
  const door = fileURLToPath(new URL("../../kernel/lib/display/index.js", import.meta.url));
  const { stdout } = spawnSync(process.execPath, ["-e", `const { display } = require(${JSON.stringify(door)}); display({ a: 1 }); display.markdown("**m**"); display.clear();`], { encoding: "utf8" });
  expect(stdout).toBe("{ a: 1 }\n**m**\n");
});

test("tslab's display and newDisplay write to our front end", () => {
  const require = createRequire(import.meta.url);
  const tslab = require("tslab") as typeof import("tslab");
  routeTslab(require.resolve("tslab"), frontend);
  tslab.display.html("<b>t</b>");
  tslab.display.png(new Uint8Array([1, 2]));
  const one = tslab.newDisplay();
  one.text("1");
  one.text("2");
  expect(frontend.sent.map(({ shown, update }) => [Object.values(shown.data)[0], update ?? false])).toEqual([
    ["<b>t</b>", false],
    ["AQI=", false],
    ["1", false],
    ["2", true],
  ]);
  expect(frontend.sent[2]?.displayId).toBe(frontend.sent[3]?.displayId);
});
