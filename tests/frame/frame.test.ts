/** What frames are made of, what they refuse, and that no value or name is ever read as SQL. */
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { col, expression, frame, FrameError, runIn, sql, type Frame } from "../../kernel/lib/frame/index.js";

const { tf, dfd } = createRequire(import.meta.url)("thawbook") as typeof import("thawbook");

describe("a frame", () => {
  it("comes from columns, rows, typed arrays, danfojs and tensors", async () => {
    expect(await frame([{ a: 1 }, { a: 2, b: "x" }]).rows()).toEqual([{ a: 1, b: null }, { a: 2, b: "x" }]);
    expect(await frame({ a: new Float32Array([0.5, NaN]), b: new Uint8Array([1, 255]) }).rows()).toEqual([{ a: 0.5, b: 1 }, { a: null, b: 255 }]);
    expect(await frame(new dfd.DataFrame({ a: [1, NaN], t: ["x", "y"] })).rows()).toEqual([{ a: 1, t: "x" }, { a: null, t: "y" }]);
    expect(await frame(tf.tensor2d([[1, 2], [3, 4]])).rows()).toEqual([{ 0: 1, 1: 2 }, { 0: 3, 1: 4 }]);
    expect(await frame({ big: [2n ** 62n, 1n] }).column("big")).toEqual([2n ** 62n, 1]);
    const many = Array.from({ length: 5000 }, (_, row) => row);
    expect(await frame({ many }).column("many")).toEqual(many);
  });

  it("goes to danfojs and back", async () => {
    const made = frame({ a: [1, 2], t: ["x", "y"] });
    const danfo = await made.toDanfo();
    expect(danfo.columns).toEqual(["a", "t"]);
    expect(await frame(danfo).rows()).toEqual(await made.rows());
  });

  it("computes a column in JavaScript", async () => {
    const made = await frame({ t: ["b", "a"], n: [1, 2] }).apply("u", (row, index) => `${row.t}${index}`);
    expect(await made.sortValues("t").rows()).toEqual([{ t: "a", n: 2, u: "a1" }, { t: "b", n: 1, u: "b0" }]);
    expect(await (await made.apply("n", ({ n }) => (n as number) * 10)).column("n")).toEqual([10, 20]);
    await expect(made.apply("p", (() => Promise.resolve(1)) as never)).rejects.toThrow(/returned a promise for row 0/);
    await expect(made.apply("p", (_, index) => (index ? "x" : 1))).rejects.toThrow(/"p" mixes integer and varchar/);
  });

  it("keeps its order over many blocks of rows", async () => {
    const many = await (await sql`select i, i % 3 as k from range(400000) t(i) where i % 2 = 0`).collect();
    expect(await many.filter("(select count(*) from range(10)) = 10").head(3).column("i")).toEqual([0, 2, 4]);
    const sorted = await many.sortValues("k").column("i");
    const expected = [0, 1, 2].flatMap((k) => Array.from({ length: 200_000 }, (_, row) => row * 2).filter((i) => i % 3 === k));
    expect(sorted.every((i, row) => i === expected[row]) && sorted.length === expected.length).toBe(true);
    let next = 0;
    for await (const { x } of many.select("i").batches(1000)) for (const i of x) if (i === next) next += 2;
    expect(next).toBe(400_000);
  });

  it("says what is wrong", async () => {
    expect(() => frame({ a: [1], b: [1, 2] })).toThrow('frame: column "b" has 2 values and "a" has 1');
    expect(() => frame({ a: [1, "x"] })).toThrow('"a" mixes integer and varchar');
    expect(() => frame({ a: [{}] as never })).toThrow('"a" holds Object');
    const made = frame({ delay: [1], distance: [2], day: [1], carrier: ["x"], from: ["x"], to: ["x"] });
    expect(() => made.select("dely" as never)).toThrow('select: there is no column "dely"; the closest of 6 are delay');
    expect(() => made.rename({ delay: "distance" })).toThrow('"distance" would be there twice');
    expect(() => made.head(-1)).toThrow("head wants a whole number from 0 on; it is -1");
    expect(() => made.groupby("carrier").agg({ delay: "average" as never })).toThrow('"average" is no aggregate; there are count, sum, mean');
    await expect(made.filter("delay >").rows()).rejects.toThrow(FrameError);
    await expect(made.filter("dely > 1").rows()).rejects.toThrow(/dely.*closest names are/);
    await expect(made.select("carrier").describe()).rejects.toThrow("describe: no column is numeric");
    expect(() => col("x").cut([3, 1])).toThrow("edges must be at least two numbers that rise");
  });
});

const HOSTILE = ["'; drop table x; --", '"; select 1; --', '" or 1=1 --', "?", "$1", "a\u0000b".slice(0, 1), "\\", "`", "${x}", "select", "é 💥", " "];

describe("no value and no name is read as SQL", () => {
  it.each(HOSTILE)("%j", async (text) => {
    const made = frame({ [text]: [text, "other"], n: [1, 2] }) as unknown as Frame;
    expect(await made.filter(col(text).eq(text)).rows()).toEqual([{ [text]: text, n: 1 }]);
    expect(await made.filter(expression`${col(text)} = ${text}`).count()).toBe(1);
    expect(await (await sql`select * from ${made} where ${col(text)} = ${text}`).rows()).toEqual([{ [text]: text, n: 1 }]);
    expect(await made.fillNa({ [text]: text }).rename({ n: `${text} 2` }).columns).toEqual([text, `${text} 2`]);
    expect((await made.groupby(text).agg({ n: "sum" }).rows()).length).toBe(2);
    expect((await made.pivot({ index: "n", columns: text, values: "n" })).columns).toContain(text);
    expect(await made.melt({ idVars: "n", valueName: `${text}v` }).count()).toBe(2);
    expect(await made.merge(made, { on: text }).count()).toBe(2);
    expect(await made.dropDuplicates(text).sortValues(text).count()).toBe(2);
  });

  it("not as a function or a type either", () => {
    expect(() => col("a").call("f(1); drop table x")).toThrow("is no function's name");
    expect(() => col("a").cast("int); drop table x")).toThrow("is no type's name");
  });
});

describe("an interrupt", () => {
  it("ends a long query and leaves the frame as it was", async () => {
    const made = await frame({ n: Array.from({ length: 3000 }, (_, row) => row) }).collect();
    const controller = new AbortController();
    const lines: string[] = [];
    runIn({ signal: () => controller.signal, show: (text) => (lines.push(text), { update: (next) => void lines.push(next) }) });
    const endless = sql`select count(*) as n from ${made} a, ${made} b, ${made} c where a.n * b.n * c.n < 0`.then((each) => each.rows());
    setTimeout(() => controller.abort(new Error("KeyboardInterrupt")), 2500);
    await expect(endless).rejects.toThrow("KeyboardInterrupt");
    expect(lines.length).toBeGreaterThan(1);
    expect(lines[0]).toMatch(/^frame: ([█░]{24} \d+ %, 1 s|1 s …)$/);
    runIn({ signal: () => undefined, show: () => ({ update: () => undefined }) });
    expect(await made.count()).toBe(3000);
  }, 30_000);
});
