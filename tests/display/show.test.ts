import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { createRequire } from "node:module";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { show } from "../../kernel/lib/display/index.js";
import { LAYERS_MIME, RUN_MIME, type LayersView, type RunView } from "../../kernel/lib/display/views.js";
import { requireTf } from "../../kernel/lib/tensorflow/index.js";
import { smallRun } from "./runs.js";

const dfd = createRequire(import.meta.url)("danfojs-node") as typeof import("danfojs-node");
const tf = requireTf();
const text = async (value: unknown): Promise<string> => String((await show(value))?.data["text/plain"]);
const OWN = Symbol.for("Jupyter.display");

describe("plain values", () => {
  test("undefined is not shown", async () => expect(await show(undefined)).toBeUndefined());

  test.each([
    [1, "1"],
    ["text", "'text'"],
    [null, "null"],
    [[1, { a: 2 }], "[ 1, { a: 2 } ]"],
    [new Map([["a", 1]]), "Map(1) { 'a' => 1 }"],
  ])("%s", async (value, expected) => expect(await text(value)).toBe(expected));

  test("an object with very many keys shows the first of them, at any depth, and calls no getter", async () => {
    const many = Object.fromEntries(Array.from({ length: 300_000 }, (_, i) => [`k${i}`, i]));
    const shown = await text({ vocabulary: many, get size() { throw new Error("called"); }, after: 1 });
    expect(shown).toContain("k199: 199");
    expect(shown).not.toContain("k200: 200");
    expect(shown).toContain("'…': 299800 more keys");
    expect(shown).toContain("size: [Getter]");
    expect(shown).toContain("after: 1");
    expect(await text(many)).toContain("299800 more keys");
  });

  test("text that nobody could read is cut", async () => {
    const rows = Array.from({ length: 100 }, () => Array.from({ length: 100 }, () => "x".repeat(1_000)));
    expect((await text(rows)).length).toBeLessThan(300_000);
    expect(await text(rows)).toMatch(/… \d+ more characters$/);
  });

  test("need no library: nothing of TensorFlow, danfojs or the picture writer is loaded", () => {
    const door = fileURLToPath(new URL("../../kernel/lib/display/index.js", import.meta.url));
    const script = `require(${JSON.stringify(door)}).show({ a: 1 }).then((shown) => console.log(JSON.stringify([shown.data, Object.keys(require.cache).filter((path) => /tfjs|danfojs|resvg/.test(path)).length])))`;
    const { stdout } = spawnSync(process.execPath, ["-e", script], { encoding: "utf8" });
    expect(JSON.parse(stdout)).toEqual([{ "text/plain": "{ a: 1 }" }, 0]);
  });

  test("a value that throws when it is looked at is told, not thrown", async () => {
    const broken = new Proxy({}, { ownKeys: () => { throw new Error("closed"); }, get: () => { throw new Error("closed"); } });
    expect(await text(broken)).toBe("{}");
    const worse = { get [inspect.custom]() { throw new Error("closed"); } };
    expect(await text(worse)).toBe("[object that cannot be shown: closed]");
  });
});

describe("a library's own display", () => {
  test("gives the bundle; text is added where it has none", async () => {
    const shown = await show({ rows: 2, [OWN]: () => ({ "text/html": "<b>hi</b>" }) });
    expect(shown?.data["text/html"]).toBe("<b>hi</b>");
    expect(shown?.data["text/plain"]).toContain("rows: 2");
  });

  test("may be async, and may hold bytes", async () => {
    const shown = await show({ [OWN]: async () => ({ "image/png": new Uint8Array([1, 2, 3]), "text/plain": "dots" }) });
    expect(shown?.data).toEqual({ "image/png": "AQID", "text/plain": "dots" });
  });

  test.each([
    ["throws", () => { throw new Error("no rows left"); }, "no rows left"],
    ["rejects", () => Promise.reject(new Error("gone")), "gone"],
    ["gives no bundle", () => "html", "a MIME bundle is an object"],
    ["gives a wrong type", () => ({ html: "x" }), `"html" is no MIME type`],
    ["gives a wrong content", () => ({ "text/html": 5 }), "text/html holds number"],
  ])("that %s does not break the cell", async (_, method, reason) => {
    const said = await text({ answer: 42, [OWN]: method });
    expect(said).toContain("answer: 42");
    expect(said).toContain(reason);
  });
});

describe("tensors", () => {
  test("small ones in full", async () => {
    expect(await text(tf.tensor2d([1, 2.5, 3, 4, 5, 6.25], [2, 3]))).toBe("Tensor float32 [2, 3]\n[[   1,  2.5,    3],\n [   4,    5, 6.25]]");
    expect(await text(tf.scalar(7, "int32"))).toBe("Tensor int32 scalar\n7");
    expect(await text(tf.tensor1d([true, false], "bool"))).toBe("Tensor bool [2]\n[true, false]");
    expect(await text(tf.tensor1d(["a", "b"]))).toBe('Tensor string [2]\n["a", "b"]');
    expect(await text(tf.complex([1], [-2]))).toBe("Tensor complex64 [1]\n[1-2i]");
    expect(await text(tf.tensor1d([Number.NaN, Number.POSITIVE_INFINITY]))).toBe("Tensor float32 [2]\n[NaN, Infinity]");
  });

  test("large ones by their ends", async () => {
    expect(await text(tf.range(0, 1000, 1, "int32"))).toBe("Tensor int32 [1000]\n[0, 1, 2, …, 997, 998, 999]");
  });

  test("very large ones by a corner, without a copy of all", async () => {
    const big = tf.zeros([3000, 1000]);
    const before = tf.memory().numTensors;
    expect(await text(big)).toBe("Tensor float32 [3000, 1000]\nbegins with\n[[0, 0, 0],\n [0, 0, 0],\n [0, 0, 0]]");
    expect(tf.memory().numTensors).toBe(before);
    big.dispose();
  });

  test("disposed and empty ones", async () => {
    const gone = tf.zeros([2]);
    gone.dispose();
    expect(await text(gone)).toBe("Tensor float32 [2] (disposed)");
    expect(await text(tf.zeros([0, 3]))).toBe("Tensor float32 [0, 3]\n[]");
  });

  test("inside other values as one line", async () => expect(await text({ x: tf.zeros([3, 2]) })).toBe("{ x: Tensor float32 [3, 2] }"));
});

describe("frames", () => {
  const frame = new dfd.DataFrame({ a: [1, 2, null, 4], name: ["x", "<b>y", "z", "w"], f: [0.5, 0.123456789, 3, Number.NaN] });

  test("as aligned text with types and missing values", async () => {
    expect(await text(frame)).toMatch(/^ +a +name +f\n.*1 missing.*string.*1 missing\n0 +1 +x +0\.5\n1 +2 +<b>y +0\.123457\n2 +null +z +3\n3 +4 +w +NaN\n4 rows × 3 columns$/);
  });

  test("as a table whose cells are text", async () => {
    const html = String((await show(frame))?.data["text/html"]);
    expect(html).toContain("<td>&lt;b&gt;y</td>");
    expect(html).toContain("<i>null</i>");
    expect(html).toContain("4 rows × 3 columns");
  });

  test("long and wide ones by their ends, quickly", async () => {
    const big = new dfd.DataFrame(Array.from({ length: 20_000 }, (_, row) => Array.from({ length: 65 }, (_column, column) => row * column)));
    const started = performance.now();
    const shown = await show(big);
    expect(performance.now() - started).toBeLessThan(1000);
    expect(String(shown?.data["text/plain"]).split("\n")).toHaveLength(2 + 8 + 1 + 4 + 1);
    expect(String(shown?.data["text/html"])).toContain("20,000 rows × 65 columns");
    expect(String(shown?.data["text/html"]).length).toBeLessThan(10_000);
  });

  test("series", async () => expect(await text(frame.column("name"))).toMatch(/Series of 4 values$/));
});

test("a model is the layer-freeze diagram, its picture and its text", async () => {
  const run = smallRun(1);
  const shown = await show(run.model);
  expect(shown?.data[LAYERS_MIME] as LayersView).toMatchObject({ name: "little-net", parameters: 42, trainable: 18 });
  expect(String(shown?.data["text/plain"])).toContain("little-net: 18 of 42 trainable (43%)");
  expect(Buffer.from(String(shown?.data["image/png"]), "base64").subarray(1, 4).toString()).toBe("PNG");
  expect(shown?.metadata).toMatchObject({ "image/png": { width: 760 } });
  expect(Object.keys(shown?.data ?? {})).not.toContain("text/html");
  run.dispose();
});

test("a run is its chart, its picture and a table of epochs", async () => {
  const run = smallRun(20);
  await run.train();
  const shown = await show(run);
  expect((shown!.data[RUN_MIME] as RunView).series.map(({ name, every }) => `${name}/${every}`).sort()).toEqual(["accuracy/epoch", "loss/epoch", "loss/step", "val_accuracy/epoch", "val_loss/epoch"]);
  const lines = String(shown?.data["text/plain"]).split("\n");
  expect(lines[0]).toMatch(/^little-net: finished, 20 epochs, 160 steps/);
  expect(lines[1]).toMatch(/epoch +step +loss +accuracy +val_loss +val_accuracy +learning rate/);
  expect(lines.filter((line) => /^ +(…|\d+) /.test(line))).toHaveLength(11);
  expect(lines).toContain("18 of 42 trainable (43%)");
  expect(lines.at(-1)).toMatch(/^step 1: cached what below gives for 128 samples/);
});

test("bytes of an image are shown as one", async () => {
  const png = Buffer.from("89504e470d0a1a0a00", "hex");
  expect((await show(png))?.data["image/png"]).toBe(png.toString("base64"));
  expect(Object.keys((await show(Buffer.from("hello")))?.data ?? {})).toEqual(["text/plain"]);
});
