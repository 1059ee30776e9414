// @ts-check
/**
 * The kernels side by side: `npm run bench -- kernels [--rounds 3] [--only session,lines] [--probe] [--readme] [--json]`.
 *
 * Sets the peers up in `.cache/bench/kernels` (npm's deno and tslab; ipykernel comes with the local
 * JupyterLab), measures all kernels in alternating rounds, prints a table and, with --json, one last
 * line of JSON. `--only` names groups of figures.py; `--readme` writes the table into README.md, between its marks;
 * `--probe` also runs every protocol check against each kernel and prints that table.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..");
const cache = join(root, ".cache", "bench", "kernels");
const python = join(root, ".venv", "bin", "python");
const option = (/** @type {string} */ name, /** @type {string} */ fallback) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : (process.argv[at + 1] ?? fallback);
};

/** @type {Record<string, { lang: string, argv: () => string[] }>} */
const KERNELS = {
  thawbook: { lang: "ts", argv: () => [process.execPath, join(root, "kernel", "lib", "main.js"), "{connection_file}"] },
  tslab: { lang: "ts", argv: () => [process.execPath, join(cache, "node_modules", "tslab", "bin", "tslab"), "kernel", "--config-path={connection_file}"] },
  deno: { lang: "ts", argv: () => [denoBinary(), "jupyter", "--kernel", "--conn", "{connection_file}"] },
  ipykernel: { lang: "py", argv: () => [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"] },
};

/** npm's deno brings its binary in a package of the platform. */
function denoBinary() {
  const packages = join(cache, "node_modules", "@deno");
  const platform = readdirSync(packages)[0] ?? "";
  return join(packages, platform, process.platform === "win32" ? "deno.exe" : "deno");
}

/** Peers are installed beside each other, apart from our own packages, and named by kernelspecs of their own. */
function setUp() {
  mkdirSync(cache, { recursive: true });
  if (!existsSync(join(cache, "node_modules", "tslab"))) {
    console.log("Installing the peers (deno, tslab) …");
    execFileSync("npm", ["install", "--prefix", cache, "--no-save", "--ignore-scripts", "deno@2", "tslab@1.0.22", "@types/node@20"], { stdio: "inherit", shell: process.platform === "win32" });
  }
  const work = join(cache, "work");
  mkdirSync(work, { recursive: true });
  if (!existsSync(join(work, "node_modules"))) symlinkSync(join(root, "node_modules"), join(work, "node_modules"));
  for (const [name, { lang, argv }] of Object.entries(KERNELS)) {
    const folder = join(cache, "jupyter", "kernels", name);
    mkdirSync(folder, { recursive: true });
    const spec = { argv: argv(), display_name: name, language: lang === "py" ? "python" : "typescript", interrupt_mode: name === "thawbook" || name === "deno" ? "message" : "signal" };
    writeFileSync(join(folder, "kernel.json"), JSON.stringify(spec, null, 1));
  }
  return work;
}

const env = { ...process.env, JUPYTER_PATH: join(cache, "jupyter") };

/**
 * @param {string} work
 * @returns {string[]} for each kernel, how its checks came out
 */
function probe(work) {
  /** @type {string[]} */
  const passed = [];
  const files = Object.entries(KERNELS).map(([name, { lang }]) => {
    const json = join(cache, `${name}.probe.json`);
    const own = name === "thawbook" ? ["--snippets", join(root, "tests", "kernel", "snippets.json")] : [];
    const run = spawnSync(python, [join(here, "kernel_probe.py"), "--kernel", name, "--lang", lang, "--cwd", work, "--json", json, "--skip-measure", ...own], { env, encoding: "utf8" });
    const summary = run.stdout.trim().split("\n").at(-1) ?? "";
    console.log(`${name}: ${summary}`);
    passed.push(`${name} ${summary}`);
    return json;
  });
  execFileSync(python, [join(here, "kernel_probe.py"), "--table", ...files], { stdio: "inherit" });
  return passed;
}

/** @param {number[]} values */
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;

/** @typedef {Record<string, (Record<string, number> & { faults?: Record<string, string> })[]>} Rounds */

/** The goals of the kernel: our figure against a peer's, measured in the same run. `limit`: an absolute goal; `group`: of figures.py. */
const GOALS = [
  { figure: "launch to kernel_info", group: "launch", peer: "ipykernel", goal: 0.6 },
  { figure: "launch to first 1+1", group: "launch", peer: "tslab", goal: 0.2 },
  { figure: "1+1", group: "cells", peer: "ipykernel", goal: 1 },
  { figure: "1+1 after 200 cells", group: "session", peer: "ipykernel", goal: 1 },
  { figure: "class and function", group: "cells", peer: "tslab", goal: 0.25 },
  { figure: "class and function, tf imported", group: "library", peer: "tslab", goal: 0.3 },
  { figure: "declaring cell, 200th", group: "session", own: "declaring cell, 10th", goal: 1.2 },
  { figure: "memory after 200 cells", group: "session", own: "memory after 10 cells", goal: 1.3 },
  { figure: "completion of tf.", group: "library", peer: "tslab", goal: 0.1 },
  { figure: "completion of tf. while training", group: "library", own: "completion of tf.", goal: 2 },
  { figure: "10,000 lines", group: "lines", peer: "ipykernel", goal: 1 },
  { figure: "50 MB of output", group: "output", peer: "ipykernel", goal: 1 },
  { figure: "50 MB of output, memory growth", group: "output", limit: 20, goal: 1 },
  { figure: "interrupt of a loop", group: "interrupts", limit: 20, goal: 1 },
  { figure: "interrupt anywhere, worst", group: "everywhere", limit: 100, goal: 1 },
  { figure: "memory after start", group: "launch", peer: "deno", goal: 1 },
];

/** The unit of a figure, behind its name. */
const unitOf = (/** @type {string} */ figure) => (figure.includes("memory") ? "MiB" : "ms");

/**
 * A row a goal: ours, each peer's, the ratio and its goal. A figure that a kernel fails says why.
 * @param {Rounds} rounds
 */
function tableOf(rounds) {
  const value = (/** @type {string} */ kernel, /** @type {string} */ figure) => median((rounds[kernel] ?? []).map((r) => r[figure] ?? NaN).filter((v) => typeof v === "number" && !Number.isNaN(v)));
  const fault = (/** @type {string} */ kernel, /** @type {string} */ group) => rounds[kernel]?.map(({ faults }) => faults?.[group]).find((text) => text !== undefined)?.replace(/^\w+: /, "");
  const names = ["thawbook", ...Object.keys(rounds).filter((name) => name !== "thawbook")];
  const rows = GOALS.map(({ figure, group, peer, own, limit, goal }) => {
    const ours = value("thawbook", figure);
    const against = limit ?? (own ? value("thawbook", own) : value(peer ?? "", figure));
    const cells = names.map((name) => (Number.isNaN(value(name, figure)) ? (fault(name, group) ?? "") : value(name, figure).toFixed(1)));
    return { figure, cells, ours, peers: Object.fromEntries(names.slice(1).map((name) => [name, value(name, figure)])), ratio: ours / against, of: own ?? peer ?? String(limit), goal };
  }).filter(({ cells }) => cells.some((cell) => cell !== ""));
  const head = `| figure | ${names.join(" | ")} | ratio | goal |\n|---|${names.map(() => "---").join("|")}|---|---|`;
  const lines = rows.map(({ figure, cells, ratio, of, goal }) => `| ${figure} (${unitOf(figure)}) | ${cells.join(" | ")} | ${Number.isNaN(ratio) ? "none" : ratio.toFixed(2)} of ${of} | ${goal} |`);
  return { rows, text: [head, ...lines].join("\n") };
}

const MARKS = ["<!-- kernels -->", "<!-- /kernels -->"];

/** @param {string} table @param {number} count @param {readonly string[]} checks */
function writeReadme(table, count, checks) {
  const path = join(root, "README.md");
  const text = readFileSync(path, "utf8");
  const [begin, end] = MARKS.map((mark) => text.indexOf(mark));
  if (begin === undefined || end === undefined || begin < 0 || end < begin) throw new Error(`README.md has no ${MARKS.join(" … ")} for the table`);
  const said = `Measured on ${new Date().toISOString().slice(0, 10)}: ${cpus().length} x ${cpus()[0]?.model.trim()}, Node ${process.versions.node}, medians of ${count} alternating rounds by \`npm run bench -- kernels${checks.length > 0 ? " --probe" : ""} --readme\`.${checks.length > 0 ? ` Protocol checks: ${checks.join("; ")}.` : ""}`;
  writeFileSync(path, `${text.slice(0, begin + MARKS[0].length)}\n${said}\n\n${table}\n${text.slice(end)}`);
}

const work = setUp();
const checks = process.argv.includes("--probe") ? probe(work) : [];
const json = join(cache, "figures.json");
const figures = spawnSync(python, [join(here, "figures.py"), "--cwd", work, "--kernels", option("--kernels", Object.keys(KERNELS).join(",")), "--rounds", option("--rounds", "3"), "--only", option("--only", ""), "--training", join(here, "training-cell.ts"), "--json", json], { env, stdio: ["ignore", "inherit", "inherit"] });
if (figures.status !== 0) process.exit(figures.status ?? 1);
/** @type {Rounds} */
const rounds = JSON.parse(readFileSync(json, "utf8"));
const { rows, text } = tableOf(rounds);
console.log(`\n${text}`);
if (process.argv.includes("--readme")) writeReadme(text, Object.values(rounds)[0]?.length ?? 0, checks);
if (process.argv.includes("--json")) console.log(JSON.stringify({ rows: rows.map(({ figure, ours, peers, ratio, goal }) => ({ workload: figure, ours, peers, ratio, goal })) }));
