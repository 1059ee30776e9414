/** From frames to tensors, batches and runs: nothing missing becomes a number by itself. */
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { frame, sql } from "../../kernel/lib/frame/index.js";
import { finetune } from "../../kernel/lib/training/index.js";

const { tf } = createRequire(import.meta.url)("thawbook") as typeof import("thawbook");

describe("toTensors", () => {
  it("reads every type of number", async () => {
    const made = await sql`select i::tinyint as a, i::utinyint as b, i::smallint as c, i::usmallint as d, i::integer as e, i::uinteger as f, i::bigint as g, i::ubigint as h, i::hugeint as j, (i / 4)::float as k, i / 8 as l, (i / 2)::decimal(9, 1) as m, i % 2 = 1 as n from range(5000) t(r), lateral (select r % 100 as i)`;
    const { x, features } = await made.toTensors();
    expect(x.shape).toEqual([5000, 13]);
    expect(features).toEqual(["a", "b", "c", "d", "e", "f", "g", "h", "j", "k", "l", "m", "n"]);
    for (const row of [0, 7, 2049, 4999]) {
      const i = row % 100;
      expect([...(await x.slice([row, 0], [1, 13]).data())]).toEqual([i, i, i, i, i, i, i, i, i, i / 4, i / 8, i / 2, i % 2]);
    }
  });

  it("numbers the classes of a text, alike in all parts", async () => {
    const train = frame({ x: [1, 2, 3], label: ["cat", "ant", "bee"] });
    const { x, y, classes } = await train.toTensors({ label: "label" });
    expect(classes).toEqual(["ant", "bee", "cat"]);
    expect([...(await y.data())]).toEqual([2, 0, 1]);
    expect(x.arraySync()).toEqual([[1], [2], [3]]);
    const test = frame({ x: [4], label: ["cat"] });
    expect([...(await (await test.toTensors({ label: "label", classes: classes! })).y.data())]).toEqual([2]);
    await expect(frame({ x: [4], label: ["cow"] }).toTensors({ label: "label", classes: classes! })).rejects.toThrow('the label "label" is "cow" in a row, which is none of the classes ant, bee, cat');
  });

  it("names columns where values are missing, unless it is told what to do", async () => {
    const made = frame({ a: [1, null, 3, 4], b: new Float32Array([1, 2, NaN, 4]), n: [null, 2, 3, 4], t: [0, 1, 0, 1] });
    await expect(made.toTensors({ label: "t" })).rejects.toThrow('toTensors: values are missing in "a" (1), "b" (1), "n" (1); leave their rows out (missing: "drop"), put a number');
    expect((await made.toTensors({ label: "t", missing: "drop" })).x.arraySync()).toEqual([[4, 4, 4]]);
    expect((await made.toTensors({ label: "t", missing: -1 })).x.arraySync()).toEqual([[1, 1, -1], [-1, 2, 2], [3, -1, 3], [4, 4, 4]]);
    const nan = await sql`select 'nan'::double as x, 1 as y union all select 2, 0`;
    await expect(nan.toTensors({ label: "y" })).rejects.toThrow('missing in "x" (1)');
    await expect(frame({ x: [1, 2], y: [0, null] }).toTensors({ label: "y", missing: 0 })).rejects.toThrow('missing in "y" (1)');
  });

  it("says which column is no number, and what to do", async () => {
    const made = frame({ t: ["x"], d: [new Date(0)], n: [1] });
    await expect(made.toTensors()).rejects.toThrow('toTensors: column "t" is varchar, which is no number; encode it');
    await expect(made.toTensors({ features: ["d"] })).rejects.toThrow("compute numbers of it");
    await expect(made.toTensors({ features: ["n"], label: "n" })).rejects.toThrow("the model would only copy it");
    await expect(made.filter("n > 1").toTensors({ features: ["n"] })).rejects.toThrow("the frame has no row");
  });
});

const points = () => frame({ x0: Array.from({ length: 70 }, (_, row) => (row % 7) - 3), x1: Array.from({ length: 70 }, (_, row) => row % 5), label: Array.from({ length: 70 }, (_, row) => (row % 7 > 3 ? "high" : "low")) });

describe("batches", () => {
  it("hold all rows once, in order or in an order of their own for each epoch", async () => {
    const numbers = frame({ n: Array.from({ length: 5003 }, (_, row) => row) });
    const read = async (of: AsyncIterable<{ x: Float32Array; rows: number }>) => {
      const seen: number[] = [];
      for await (const { x, rows } of of) {
        expect(x.length).toBe(rows);
        seen.push(...x);
      }
      return seen;
    };
    const inOrder = Array.from({ length: 5003 }, (_, row) => row);
    expect(await read(numbers.batches(32))).toEqual(inOrder);
    expect((await read(numbers.batches(32, { dropLast: true }))).length).toBe(4992);
    const shuffled = numbers.batches(100, { seed: 3 });
    const [first, again, second] = [await read(shuffled(0)), await read(shuffled(0)), await read(shuffled(1))];
    expect(again).toEqual(first);
    expect(second).not.toEqual(first);
    expect(first).not.toEqual(inOrder);
    for (const seen of [first, second]) expect(seen.toSorted((a, b) => a - b)).toEqual(inOrder);
  });

  it("train a model, as tensors and frames do", async () => {
    const model = () => tf.sequential({ layers: [tf.layers.dense({ units: 2, activation: "softmax", inputShape: [2], kernelInitializer: "zeros" })] });
    const trained = async (data: Parameters<typeof finetune>[1], more = {}) => {
      const run = finetune(model(), data, { epochs: 12, batchSize: 10, learningRate: 0.1, loss: "crossentropy", seed: 1, ...more });
      await run.train();
      return run.history.at(-1)!;
    };
    const { train, validation } = await points().split({ train: 0.7, validation: 0.3, stratify: "label", duplicates: "apart" });
    const inMemory = await trained(await train.toTensors({ label: "label" }) as never);
    expect(inMemory.metrics["accuracy"]).toBeGreaterThan(0.9);
    const streamed = await trained({ frame: train as never, label: "label", validation: validation as never });
    expect(streamed.metrics["val_accuracy"]).toBeGreaterThan(0.9);
    const batched = await trained(train.batches(10, { label: "label", seed: 1 }));
    expect(batched.metrics["accuracy"]).toBeGreaterThan(0.9);
  }, 60_000);
});
