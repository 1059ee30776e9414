// @ts-check
/**
 * Data frames side by side: `npm run bench -- frames [--rows 1000000] [--rounds 3] [--only thawbook,duckdb] [--python PATH] [--json]`.
 *
 * The same six verbs on the same generated CSV file, each library in a process of its own, in alternating rounds; the best of the
 * rounds counts. pandas and polars are taken from the Python that is named (`pip install pandas polars`), and left out where it lacks them.
 * With --json the last line is one object: `{"rows": [{"workload", "ours", "peers", "ratio", "goal", "met"}]}`.
 */
import { spawnSync } from "node:child_process";
import { createWriteStream, existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const cache = join(here, "..", "..", ".cache", "bench", "frames");
const option = (/** @type {string} */ name, /** @type {string} */ fallback) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : (process.argv[at + 1] ?? fallback);
};
const count = Number(option("--rows", "1000000"));
const rounds = Number(option("--rounds", "3"));
const python = option("--python", "python3");
const VERBS = ["read", "filter", "sort", "group", "join", "describe"];

/** Groups of the join. */
const GROUPS = 1000;

/** The same file each time: a generator of Lehmer's instead of Math.random. @param {string} path */
async function generate(path) {
  if (existsSync(path)) return;
  let state = 42;
  const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
  const out = createWriteStream(`${path}.part`);
  let text = "id,g,x,y,name\n";
  for (let row = 0; row < count; row++) {
    text += `${row},${Math.floor(random() * GROUPS)},${random().toFixed(9)},${(random() * 1000).toFixed(4)},name ${Math.floor(random() * 50_000)}\n`;
    if (text.length < 1 << 20 && row + 1 < count) continue;
    if (!out.write(text)) await once(out, "drain");
    text = "";
  }
  out.end();
  await once(out, "close");
  renameSync(`${path}.part`, path);
}

mkdirSync(cache, { recursive: true });
const rows = join(cache, `rows-${count}.csv`);
const dimension = join(cache, "dimension.csv");
await generate(rows);
writeFileSync(dimension, `g,w\n${Array.from({ length: GROUPS }, (_, group) => `${group},${group / 7}`).join("\n")}\n`);

const SCRIPTS = { thawbook: "contestant.cjs", duckdb: "contestant.cjs", danfojs: "contestant.cjs", pandas: "contestant.py", polars: "contestant.py" };
const asked = option("--only", Object.keys(SCRIPTS).join(",")).split(",");
/** @type {Record<string, Record<string, number>>} */
const best = {};
for (let round = 0; round < rounds; round++) {
  for (const who of asked) {
    const script = SCRIPTS[/** @type {keyof typeof SCRIPTS} */ (who)];
    const command = script.endsWith(".py") ? python : process.execPath;
    // Quiet: TensorFlow tells of its optimizations, danfojs of its console.
    const ended = spawnSync(command, ["--max-old-space-size=8192"].filter(() => command === process.execPath).concat(join(here, script), who, rows, dimension), { encoding: "utf8", maxBuffer: 1 << 26, env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "3" } });
    const last = ended.stdout?.trim().split("\n").at(-1) ?? "";
    if (ended.status !== 0 || !last.startsWith("{")) {
      if (round === 0) console.error(`${who} is left out: ${(ended.error?.message ?? ended.stderr.trim().split("\n").at(-1) ?? "").slice(0, 200)}`);
      continue;
    }
    for (const [name, figure] of Object.entries(JSON.parse(last))) (best[who] ??= {})[name] = Math.min(best[who][name] ?? Infinity, figure);
  }
}

const ours = best["thawbook"];
if (!ours) throw new Error("Thawbook itself did not finish: see above");
/** @type {{ workload: string, ours: number, peers: Record<string, number>, ratio: number | null, goal: number, met: boolean | null }[]} */
const figures = [];
/** @param {string} workload @param {number} own @param {Record<string, number | undefined>} peers @param {string} against @param {number} goal */
function add(workload, own, peers, against, goal) {
  const other = peers[against];
  const ratio = other === undefined ? null : own / other;
  figures.push({ workload, ours: own, peers: /** @type {Record<string, number>} */ (Object.fromEntries(Object.entries(peers).filter(([, figure]) => figure !== undefined))), ratio, goal, met: ratio === null ? null : ratio <= goal });
}
const others = (/** @type {string} */ name) => Object.fromEntries(Object.keys(best).filter((who) => who !== "thawbook").map((who) => [who, best[who]?.[name]]));
for (const verb of VERBS) {
  add(`${verb}, of plain DuckDB`, ours[verb] ?? NaN, others(verb), "duckdb", 1.3);
  add(`${verb}, of danfojs`, ours[verb] ?? NaN, others(verb), "danfojs", 0.1);
}
const sum = (/** @type {Record<string, number>} */ of) => VERBS.reduce((total, verb) => total + (of[verb] ?? NaN), 0);
add("sum of the six", sum(ours), Object.fromEntries(Object.keys(best).filter((who) => who !== "thawbook").map((who) => [who, sum(best[who] ?? {})])), "pandas", 0.5);
add("peak memory of reading, bytes", ours["peak"] ?? NaN, others("peak"), "danfojs", 0.25);
add("20 columns to tensors, of a memcpy", ours["tensors"] ?? NaN, { memcpy: ours["memcpy"] }, "memcpy", 2);

console.table(Object.fromEntries(figures.map(({ workload, ours: own, peers, ratio, goal, met }) => [workload, { ours: Math.round(own), ...Object.fromEntries(Object.entries(peers).map(([who, figure]) => [who, Math.round(figure)])), ratio: ratio === null ? "" : Number(ratio.toPrecision(3)), goal, met }])));
if (process.argv.includes("--json")) console.log(JSON.stringify({ rows: figures }));
