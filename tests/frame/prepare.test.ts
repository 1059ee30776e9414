/** Parts that share nothing, and what is learned of the training part only. */
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { frame, type Frame } from "../../kernel/lib/frame/index.js";

const keys = async (part: Frame, column: string): Promise<Set<unknown>> => new Set(await part.column(column as never));
const shared = (a: Set<unknown>, b: Set<unknown>): unknown[] => [...a].filter((each) => b.has(each));

describe("split", () => {
  it("gives each class the same share, in parts that hold all rows once", async () => {
    const made = frame({ id: Array.from({ length: 1000 }, (_, row) => row), label: Array.from({ length: 1000 }, (_, row) => (row % 10 === 0 ? "rare" : "usual")) });
    const { train, validation, test, said } = await made.split({ train: 0.7, validation: 0.2, test: 0.1, stratify: "label", seed: 4 });
    expect(await Promise.all([train, validation, test].map(async (part) => [await part.count(), await part.filter("label = 'rare'").count()]))).toEqual([[700, 70], [200, 20], [100, 10]]);
    expect(new Set([...(await keys(train, "id")), ...(await keys(validation, "id")), ...(await keys(test, "id"))]).size).toBe(1000);
    expect(said).toBe("train 700 (70 %), validation 200 (20 %), test 100 (10 %) of 1000 rows; each label in the same share; seed 4");
    const again = await made.split({ train: 0.7, validation: 0.2, test: 0.1, stratify: "label", seed: 4 });
    expect(await again.train.column("id")).toEqual(await train.column("id"));
    expect(await (await made.split({ stratify: "label", seed: 5, train: 0.7, test: 0.3 })).train.column("id")).not.toEqual(await train.column("id"));
    // In the order of the frame.
    expect(await train.column("id")).toEqual((await train.column("id")).toSorted((a, b) => a - b));
  });

  it.each([0, 1, 2, 3, 4])("keeps groups, and groups with equal rows, on one side (seed %i)", async (seed) => {
    const rows = Array.from({ length: 400 }, (_, row) => ({ patient: row % 40, x: row, label: row % 3 }));
    // Patients 0 and 1, and 1 and 2, have a row in common; one row has no patient.
    const made = frame([...rows, { patient: 0, x: -1, label: 0 }, { patient: 1, x: -1, label: 0 }, { patient: 1, x: -2, label: 0 }, { patient: 2, x: -2, label: 0 }, { patient: null, x: -3, label: 1 }]);
    const { train, validation, test, said } = await made.split({ groupBy: "patient", seed });
    const [a, b, c] = await Promise.all([train, validation, test].map((part) => keys(part as unknown as Frame, "patient")));
    expect([shared(a!, b!), shared(a!, c!), shared(b!, c!)]).toEqual([[], [], []]);
    const [x, y, z] = await Promise.all([train, validation, test].map((part) => keys(part as unknown as Frame, "x")));
    expect([shared(x!, y!), shared(x!, z!), shared(y!, z!)]).toEqual([[], [], []]);
    expect(said).toContain("39 groups of patient kept together, 3 of them joined with others because they have equal rows");
  });

  it("keeps equal rows on one side, and says so", async () => {
    const made = frame({ x: Array.from({ length: 300 }, (_, row) => row % 100), t: Array.from({ length: 300 }, (_, row) => `t${row % 100}`) });
    const { train, validation, said } = await made.split({ train: 0.5, validation: 0.5 });
    expect(shared(await keys(train as unknown as Frame, "x"), await keys(validation as unknown as Frame, "x"))).toEqual([]);
    expect(said).toContain("200 rows equal another one and stay with it");
  });

  it("refuses shares that make no whole", async () => {
    const made = frame({ x: [1, 2] });
    await expect(made.split({ train: 0.8, validation: 0.8 })).rejects.toThrow("the shares must make 1");
    await expect(made.split({ train: -1 })).rejects.toThrow("train is a share from 0 to 1; it is -1");
    await expect(made.split({ stratify: "y" as never })).rejects.toThrow('there is no column "y"');
  });
});

describe("fit and prepare", () => {
  const train = frame({ age: [10, null, 30, 50], deck: ["B", "A", null, "B"], size: ["S", "L", "M", "S"], fare: [1, 1, 1, 1] });

  it("learn of the training part, and do it to others", async () => {
    const learned = await train.fit({ fill: { age: "mean", deck: "mode" }, encode: { deck: "oneHot", size: ["S", "M", "L"] }, scale: { age: "standard", fare: "minmax" } });
    const spread = Math.sqrt((20 ** 2 + 0 + 0 + 20 ** 2) / 4);
    expect(await train.prepare(learned).rows()).toEqual([
      { age: -20 / spread, deck_A: 0, deck_B: 1, size: 0, fare: 0 },
      { age: 0, deck_A: 1, deck_B: 0, size: 2, fare: 0 },
      { age: 0, deck_A: 0, deck_B: 1, size: 1, fare: 0 },
      { age: 20 / spread, deck_A: 0, deck_B: 1, size: 0, fare: 0 },
    ]);
    const test = frame({ age: [null], deck: ["A"], size: ["M"], fare: [3] });
    const saved = JSON.parse(JSON.stringify(learned)) as typeof learned.steps;
    expect(await test.prepare(saved).rows()).toEqual([{ age: 0, deck_A: 1, deck_B: 0, size: 1, fare: 2 }]);
    expect(inspect(learned)).toContain("oneHot deck: A, B");
  });

  it("say what the training part does not have", async () => {
    const unseen = frame({ age: [1], deck: ["Z"], size: ["S"], fare: [1] });
    await expect(unseen.prepare(await train.fit({ encode: { deck: "oneHot" } })).rows()).rejects.toThrow('column "deck" is Z, which the training part does not have');
    const lenient = await train.fit({ encode: { deck: "oneHot" }, unknown: "missing" });
    expect(await unseen.prepare(lenient).select("deck_A", "deck_B").rows()).toEqual([{ deck_A: 0, deck_B: 0 }]);
    expect(await unseen.prepare(await train.fit({ encode: { deck: "ordinal" }, unknown: "missing" })).column("deck")).toEqual([null]);
  });

  it("leave missing values missing", async () => {
    const learned = await train.fit({ encode: { deck: "oneHot" }, scale: ["age"] });
    expect((await train.prepare(learned).rows())[2]).toMatchObject({ deck_A: null, deck_B: null });
    await expect(train.prepare(learned).drop("size").toTensors()).rejects.toThrow('missing in "age" (1), "deck_A" (1), "deck_B" (1)');
  });

  it("refuse what makes no sense", async () => {
    await expect(train.fit({ scale: ["deck"] })).rejects.toThrow('column "deck" is string, which has no mean');
    await expect(train.fit({ encode: { deck: "hash" as never } })).rejects.toThrow('of "deck" it is "hash"');
    await expect(train.fit({ encode: { dek: "oneHot" } })).rejects.toThrow('there is no column "dek"');
    expect(() => train.prepare([{ kind: "drop" }] as never)).toThrow('"drop" is no step');
  });
});

describe("summary", () => {
  it("finds what would spoil a fine-tune", async () => {
    const label = Array.from({ length: 500 }, (_, row) => (row % 10 === 0 ? "ill" : "well"));
    const made = frame({
      id: Array.from({ length: 500 }, (_, row) => `p${row}`),
      treatment: label.map((value) => (value === "ill" ? "drug" : "none")),
      dose: label.map((value, row) => (value === "ill" ? 5 + Math.sin(row) : Math.sin(row))),
      noise: Array.from({ length: 500 }, (_, row) => Math.sin(row * row)),
      site: new Array<string>(500).fill("x"),
      age: Array.from({ length: 500 }, (_, row) => (row % 50 === 0 ? null : 20 + ((row * 7) % 41))),
      label,
    });
    const found = await made.summary({ label: "label" });
    expect(found.findings).toEqual([
      "id is different in each row: an identifier, from which nothing can be learned?",
      "treatment alone tells label in 100 % of the rows: is it known before the label is?",
      "dose alone tells label in 100 % of the rows: is it known before the label is?",
      "site is constant",
      "age is missing in 10 rows (2 %)",
      "the classes are uneven: well has 450 rows, ill 50; see classWeights",
    ]);
    expect(found.columns[0]!.lengths).toEqual([2, expect.closeTo(3.78), 4]);
    expect(inspect(found)).toContain("To look at:");
  });

  it("finds nothing where nothing is", async () => {
    const found = await frame({ x: [0.5, 1.5, 2.5, 3.5], label: [0, 1, 0, 1] }).summary({ label: "label" });
    expect(found.findings).toEqual([]);
    expect((await frame({ x: [1.5, 1.5], y: [2, 2] }).summary()).duplicates).toBe(1);
  });
});

describe("classWeights", () => {
  it("make the classes count the same", async () => {
    expect(await frame({ label: ["b", "a", "b", "b", null] }).classWeights("label")).toEqual({ 0: 2, 1: 4 / 6 });
    expect(await frame({ label: [0, 3, 0, 0] }).classWeights("label")).toEqual({ 0: 4 / 6, 3: 2 });
    await expect(frame({ label: [0.5, 1] }).classWeights("label")).rejects.toThrow("classes are texts, or whole numbers from 0");
  });
});
