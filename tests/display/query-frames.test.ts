import { describe, expect, it } from "vitest";
import { show } from "../../kernel/lib/display/index.js";
import { frame } from "../../kernel/lib/frame/index.js";

const shown = async (value: unknown) => (await show(value))!.data as Record<string, string>;

describe("a frame in a cell", () => {
  it("is a table with types, what is missing, and how values are spread", async () => {
    const data = await shown(frame({ n: [1, 2, 3, null, 10], t: ["a", "<b>", null, "a", "c"], d: [new Date(0), new Date(86_400_000), null, null, null] }));
    expect(data["text/plain"]).toMatchInlineSnapshot(`
      "                  n                  t                    d
         int32, 1 missing  string, 1 missing  datetime, 3 missing
               ███      █       ≈ 3 distinct           █        █
      0                 1                  a           1970-01-01
      1                 2                <b>           1970-01-02
      2                 3               null                 null
      3              null                  a                 null
      4                10                  c                 null
      5 rows × 3 columns"
    `);
    expect(data["text/html"]).toContain("&lt;b&gt;");
    expect(data["text/html"]).toContain("int32, 1 missing");
    expect(data["text/html"]).toContain("5 rows × 3 columns");
  });

  it("shows the first and the last rows of many", async () => {
    const text = (await shown(frame({ n: Array.from({ length: 1000 }, (_, row) => row) })))["text/plain"]!;
    expect(text.split("\n").map((line) => line.trim().split(/ +/)[0])).toEqual(["n", "int32", "██████████", "0", "1", "2", "3", "4", "5", "6", "7", "…", "996", "997", "998", "999", "1,000"]);
  });

  it("is shown without a row, with a column of one value, and of none", async () => {
    expect((await shown(frame({ n: [] })))["text/plain"]).toContain("0 rows × 1 column");
    expect((await shown(frame({ n: [1, 1], none: [null, null] })))["text/plain"]).toContain("2 missing");
  });

  it("inside another value is told in a line", async () => {
    expect((await shown({ train: frame({ n: [1], t: ["x"] }) }))["text/plain"]).toBe("{ train: Frame [n, t] }");
  });
});
