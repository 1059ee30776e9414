/** Verbs on 200 generated frames give what pandas gives: missing values, dates, text, empty frames and all. */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { col, frame, type Frame } from "../../kernel/lib/frame/index.js";

type Cell = number | string | boolean | null;
interface Case {
  left: Record<string, Cell[]>;
  right: Record<string, Cell[]>;
  verbs: Record<string, Cell[][]>;
}

const cases = JSON.parse(readFileSync("tests/frame/references.json", "utf8")) as Case[];

/** A column without a value has no type of its own. */
const typed = (columns: Record<string, Cell[]>): Frame =>
  frame(columns).assign({ k: col("k").cast("bigint"), i: col("i").cast("bigint"), x: col("x").cast("double"), t: col("t").cast("varchar"), d: col("d").cast("varchar").cast("date"), b: col("b").cast("boolean") }) as unknown as Frame;

const verbs: Record<string, (a: Frame, b: Frame) => Frame | Promise<Frame>> = {
  tail: (a) => a.tail(2),
  filter: (a) => a.filter(col("x").gt(0).and(col("i").le(3))),
  "sort by x, falling": (a) => a.sortValues("x", { ascending: false }),
  "sort by t and k": (a) => a.sortValues(["t", "k"], { ascending: [true, false] }),
  "sort by d, missing first": (a) => a.sortValues("d", { missing: "first" }),
  dropNa: (a) => a.dropNa(),
  "dropNa of t": (a) => a.dropNa("t"),
  fillNa: (a) => a.fillNa({ x: 7.5, t: "none" }).select("x", "t"),
  "dropDuplicates of t": (a) => a.dropDuplicates("t"),
  dropDuplicates: (a) => a.select("k", "b").dropDuplicates(),
  "groupby agg": (a) => a.groupby("t").agg({ x: ["sum", "mean", "count", "min", "max", "std", "median"], i: ["nunique", "first", "last"], d: "max" }),
  "groupby two, size": (a) => a.groupby("k", "b").size(),
  "merge inner": (a, b) => a.select("k", "t").merge(b.select("k", "x") as unknown as Frame, { on: "k" }),
  "merge left": (a, b) => a.select("k", "x").merge(b.select("k", "x") as unknown as Frame, { on: "k", how: "left" }),
  "merge right": (a, b) => a.select("k", "x").merge(b.select("k", "x") as unknown as Frame, { on: "k", how: "right" }),
  concat: (a, b) => a.select("k", "t").concat(b.select("k", "x") as unknown as Frame),
  melt: (a) => a.melt({ idVars: "t", valueVars: ["i", "x"] }),
  "shift by k": (a) => placed(a.dropNa("k"), (p) => p.assign({ v: col("x").shift(1, { by: "k", order: "place" }) })),
  cumSum: (a) => placed(a.fillNa({ x: 0 }), (p) => p.assign({ v: col("x").cumSum({ order: "place" }) })),
  rank: (a) => placed(a.dropNa("x"), (p) => p.assign({ v: col("x").rank() })),
  cut: (a) => a.assign({ v: col("x").cut([-5, 0, 2, 5], ["low", "middle", "high"]) }).select("v"),
  text: (a) => a.assign({ u: col("t").upper(), n: col("t").length(), c: col("t").contains("o") }).select("u", "n", "c"),
  dates: (a) => a.assign({ y: col("d").year(), m: col("d").month(), w: col("d").weekday(), q: col("d").quarter(), first: col("d").truncate("month") }).select("y", "m", "w", "q", "first"),
  nunique: async (a) => frame([await a.nunique()]),
  quantile: async (a) => frame([await a.select("i", "x").quantile(0.3)]),
  describe: async (a) => (await a.select("i", "x").describe()).drop("figure"),
  corr: async (a) => (await a.select("i", "x").corr()).drop("column"),
  pivot: (a) => a.dropNa("k", "x").pivot({ index: "k", columns: "b", values: "x" }),
};

/** Windows want an order; the column `v` in the order of the rows. */
function placed(source: Frame, compute: (source: Frame) => Frame): Frame {
  return compute(source.assign({ place: "row_number() over ()" }) as unknown as Frame).sortValues("place").select("v") as unknown as Frame;
}

const plain = (value: unknown): unknown => {
  if (value === undefined || Number.isNaN(value)) return null;
  return value instanceof Date ? value.toISOString().slice(0, 10) : value;
};

function same(actual: unknown[][], expected: Cell[][]): boolean {
  return (
    actual.length === expected.length &&
    actual.every((row, index) => row.length === expected[index]!.length && row.every((value, at) => alike(value, expected[index]![at]!)))
  );
}

const alike = (value: unknown, other: Cell): boolean => value === other || (typeof value === "number" && typeof other === "number" && Math.abs(value - other) <= 1e-9 * Math.max(1, Math.abs(other)));

let frames: [Frame, Frame][];

beforeAll(async () => {
  frames = await Promise.all(cases.map(async ({ left, right }) => [await typed(left).collect(), await typed(right).collect()] as [Frame, Frame]));
}, 120_000);

describe("as in pandas, on 200 generated frames:", () => {
  it.each(Object.keys(verbs))("%s", async (name) => {
    let compared = 0;
    for (const [index, { left, right, verbs: expected }] of cases.entries()) {
      // pandas pivots no frame without a row.
      if (!expected[name]) continue;
      compared++;
      const made = await verbs[name]!(...frames[index]!);
      const rows = (await made.rows()).map((row) => Object.values(row).map(plain));
      if (!same(rows, expected[name]!)) expect({ index, left, right, rows }).toEqual({ index, left, right, rows: expected[name] });
    }
    expect(compared).toBeGreaterThan(150);
  }, 120_000);
});
