/**
 * How fast cells are checked, transformed, completed and committed: `node bench/language.mjs [--cells 200] [--json]`.
 *
 * Times are milliseconds; a cell's time is from `prepare` to its script, the commit of the cell before included, since it waits
 * for that. Memory is MiB, of this process and of the TypeScript server.
 */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({ options: { cells: { type: "string", default: "200" }, json: { type: "boolean", default: false } } });
const CELLS = Number(options.cells);
const require = createRequire(import.meta.url);

const started = performance.now();
const { createLanguage } = require("../kernel/lib/language/index.js");
const folder = mkdtempSync(join(tmpdir(), "language-bench-"));
const language = createLanguage({ folder, notebookNames: ["tf", "dfd", "display"] });
const figures = {};
let number = 0;

/** Prepares and commits a cell; fails on any fault, so that nothing unchecked is timed. */
async function cell(code) {
  const id = String(++number);
  const from = performance.now();
  const prepared = await language.prepare({ id, number, code, url: `file:///cell-${id}.ts` });
  const time = performance.now() - from;
  if (!prepared.ok) throw new Error(`${code}: ${prepared.diagnostics[0].message}`);
  language.commit(prepared.cell);
  return time;
}

async function many(count, code) {
  const times = [];
  for (let i = 0; i < count; i++) times.push(await cell(code(i)));
  return summary(times);
}

function summary(times) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share) => Number(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))].toFixed(2));
  return { p50: at(0.5), p10: at(0.1), p90: at(0.9) };
}

function memory() {
  const server = serverPid();
  const rss = (pid) => Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024);
  return process.platform === "linux" ? { own: rss(process.pid), server: rss(server) } : { own: Math.round(process.memoryUsage.rss() / 2 ** 20) };
}

function serverPid() {
  for (const pid of readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8").trim().split(/\s+/)) {
    if (readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("--lsp")) return pid;
  }
  throw new Error("no server");
}

const declaring = (i) => `interface I${i} { a: number; b?: string }
class G${i} { x: number = ${i}; m(v: I${i}): number { return this.x + v.a; } }
function gf${i}(a: number): number { return a + ${i}; }
const gv${i} = new G${i}().m({ a: gf${i}(1) });`;
const chained = (i) => `function ch${i}(x: number) { return ${i ? `{ n: ch${i - 1}(x).n + 1, k: ${i} }` : "{ n: x, k: 0 }"} }
const cv${i} = ch${i}(1);`;

await language.ready;
figures["ready"] = Math.round(performance.now() - started);
figures["first 1+1"] = await cell("1+1");
figures["launch to first 1+1"] = Math.round(performance.now() - started);
figures["memory after the first cell"] = memory();
figures["1+1, no library types"] = await many(20, (i) => `1+${i}`);
await new Promise((resolve) => setTimeout(resolve, 3000));
figures["memory with library types"] = memory();
figures["1+1, library types loaded"] = await many(40, (i) => `1+${i}`);
figures["class and function"] = await many(40, (i) => `class P${i} { x: number = ${i}; m(a: number): number { return this.x + a; } }\nfunction pf${i}(a: number): number { return a + ${i}; }`);
const declared = [];
for (let i = 0; i < CELLS; i++) declared.push(await cell(declaring(i)));
figures["declaring cell, 5th to 15th"] = summary(declared.slice(4, 15));
figures[`declaring cell, last 10 of ${CELLS}`] = summary(declared.slice(-10));
const chain = [];
for (let i = 0; i < 100; i++) chain.push(await cell(chained(i)));
figures["inferred chain, 5th to 15th"] = summary(chain.slice(4, 15));
figures["inferred chain, last 10 of 100"] = summary(chain.slice(-10));
figures[`1+1 after ${CELLS + 100} declaring cells`] = await many(40, (i) => `1+${i}`);
figures["class and function, after them"] = await many(40, (i) => `class Q${i} { x: number = ${i}; m(a: number): number { return this.x + a; } }\nfunction qf${i}(a: number): number { return a + ${i}; }`);
figures["tf cell"] = await many(20, (i) => `const t${i} = tf.ones([2, ${i + 1}]).add(1)`);
figures["import tf cell"] = await many(10, () => `import * as tf2 from "@tensorflow/tfjs-node"`);
const timed = async (count, ask) => {
  const times = [];
  for (let i = 0; i < count; i++) {
    const from = performance.now();
    await ask(i);
    times.push(performance.now() - from);
  }
  return summary(times);
};
figures["completion of tf."] = await timed(30, (i) => language.complete(`const z${i} = 1\ntf.`, `const z${i} = 1\ntf.`.length));
figures["completion of a name"] = await timed(20, () => language.complete("gv1", 3));
figures["inspection of tf.ones"] = await timed(20, () => language.inspect("tf.ones", 7, 0));
figures["transform only, class and function"] = await timed(200, (i) => { language.policy = "off"; return language.prepare({ id: `o${i}`, number: 0, code: declaring(i), url: "file:///o.ts" }); });
figures["memory at the end"] = memory();

if (options.json) console.log(JSON.stringify(figures));
else for (const [name, figure] of Object.entries(figures)) console.log(name.padEnd(40), typeof figure === "number" ? figure.toFixed(1) : Object.entries(figure).map(([key, value]) => `${key} ${value}`).join("  "));
await language.dispose();
rmSync(folder, { recursive: true });
