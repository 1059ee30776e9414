// @ts-check
/** One round of one library of JavaScript: node contestant.cjs thawbook|duckdb|danfojs ROWS.csv DIMENSION.csv. Prints one line of JSON: milliseconds, and bytes. */
const [, , who = "", rows = "", dimension = ""] = process.argv;

/** @type {Record<string, number>} */
const figures = {};
/** @template T @param {string} name @param {() => T | Promise<T>} work */
async function timed(name, work) {
  const start = performance.now();
  const made = await work();
  figures[name] = performance.now() - start;
  if (name === "read") figures["peak"] = process.resourceUsage().maxRSS * 1024;
  return made;
}

async function thawbook() {
  const { col, frame, readCsv } = require("../../kernel/lib/frame/index.js");
  await frame({ warm: [1] }).count();
  const all = await timed("read", () => readCsv(rows));
  const right = await readCsv(dimension);
  await timed("filter", () => all.filter(col("x").gt(0.5)).collect());
  await timed("sort", () => all.sortValues("x").collect());
  await timed("group", () => all.groupby("g").agg({ x: "mean", y: "sum" }).collect());
  await timed("join", () => all.merge(right, { on: "g" }).collect());
  await timed("describe", async () => (await all.describe()).collect());
  await tensors(all);
}

/** @param {{ count(): Promise<number> }} all */
async function tensors(all) {
  const { expression } = require("../../kernel/lib/frame/index.js");
  const width = 20;
  const count = await all.count();
  const wide = await /** @type {any} */ (all).assign(Object.fromEntries(Array.from({ length: width }, (_, index) => [`c${index}`, expression`random()`]))).select(...Array.from({ length: width }, (_, index) => `c${index}`)).collect();
  require("../../kernel/lib/index.js").tf.scalar(0).dispose();
  const source = new Float32Array(count * width).fill(1);
  // Into memory that is new, as a tensor's is.
  await timed("memcpy", () => new Float32Array(count * width).set(source));
  const { x } = await timed("tensors", () => wide.toTensors());
  x.dispose();
}

async function duckdb() {
  const { DuckDBInstance } = require("@duckdb/node-api");
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  /** @param {string} text */
  const run = (text) => connection.run(text);
  await timed("read", () => run(`create table a as select * from read_csv('${rows}')`));
  await run(`create table b as select * from read_csv('${dimension}')`);
  await timed("filter", () => run("create table c as select * from a where x > 0.5"));
  await timed("sort", () => run("create table d as select * from a order by x"));
  await timed("group", () => run("create table e as select g, avg(x) as x, sum(y) as y from a group by g order by g"));
  await timed("join", () => run("create table f as select a.*, b.w from a join b using (g)"));
  await timed("describe", () => run("create table h as from (summarize select id, g, x, y from a)"));
}

async function danfojs() {
  const { dfd } = require("../../kernel/lib/index.js");
  // Also loads the library, which happens once.
  const right = await dfd.readCSV(dimension);
  const all = await timed("read", () => dfd.readCSV(rows));
  await timed("filter", () => all.query(all["x"].gt(0.5)));
  await timed("sort", () => all.sortValues("x"));
  await timed("group", () => all.groupby(["g"]).agg({ x: "mean", y: "sum" }));
  await timed("join", () => dfd.merge({ left: all, right, on: ["g"], how: "inner" }));
  await timed("describe", () => all.loc({ columns: ["id", "g", "x", "y"] }).describe());
}

const contestant = /** @type {Record<string, () => Promise<void>>} */ ({ thawbook, duckdb, danfojs })[who];
if (!contestant) throw new Error(`there is no contestant ${JSON.stringify(who)}`);
void contestant().then(() => console.log(JSON.stringify(figures)));
