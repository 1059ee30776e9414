/** Files as they come: dialects, encodings, bad rows, types that change late; and what is no table at all. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { frame, readCsv, readExcel, readJson, readParquet } from "../../kernel/lib/frame/index.js";

const require = createRequire(import.meta.url);
const folder = mkdtempSync(join(tmpdir(), "frames-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe("CSV", () => {
  it.each([
    ["semicolons and commas in texts", 'id;name;note\n1;a,b;"x;y"\n2;c,d;z\n', [{ id: 1, name: "a,b", note: "x;y" }, { id: 2, name: "c,d", note: "z" }]],
    ["tabs", "a\tb\n1\tx y\n", [{ a: 1, b: "x y" }]],
    ["doubled quotes and lines within quotes", 'a,b\n1,"say ""hi"""\n2,"two\nlines"\n', [{ a: 1, b: 'say "hi"' }, { a: 2, b: "two\nlines" }]],
    ["one column", "a\n1\n2\n", [{ a: 1 }, { a: 2 }]],
    ["a byte order mark", "\ufeffa,b\n1,2\n", [{ a: 1, b: 2 }]],
    ["Windows' line ends", "a,b\r\n1,x\r\n2,y\r\n", [{ a: 1, b: "x" }, { a: 2, b: "y" }]],
    ["missing values", "a,b\n1,\n,x\n", [{ a: 1, b: null }, { a: null, b: "x" }]],
    ["no line end at the end", "a,b\n1,2", [{ a: 1, b: 2 }]],
    ["dates", "d\n2020-02-29\n2021-01-01\n", [{ d: new Date("2020-02-29") }, { d: new Date("2021-01-01") }]],
    ["only a head", "a,b\n", []],
  ])("with %s", async (name, content, expected) => {
    expect(await (await readCsv(file(`${name.replaceAll(" ", "-")}.csv`, content))).rows()).toEqual(expected);
  });

  it("names each row that does not fit, and why", async () => {
    const path = file("ragged.csv", "a,b,c\n1,2,3\n4,5\n6,7,8,9\n10,11,12\n");
    await expect(readCsv(path)).rejects.toThrow(/ragged\.csv: 2 rows do not fit: line 3 \(4,5\): Expected Number of Columns: 3 Found: 2; line 4 .*badRows: "skip"/);
    const collected = await readCsv(path, { badRows: "collect" });
    expect(await collected.rows()).toEqual([{ a: 1, b: 2, c: 3 }, { a: 10, b: 11, c: 12 }]);
    expect(collected.rejected!.map(({ line, text }) => [line, text])).toEqual([[3, "4,5"], [4, "6,7,8,9"]]);
  });

  it("loses no line that its guess of the dialect does not fit", async () => {
    const path = file("quotes.csv", "a,b\n1,\"say \"\"hi\"\"\"\n2,\"two\nlines\"\n3,'x, y'\n");
    await expect(readCsv(path)).rejects.toThrow(/1 row does not fit: .*'x, y'/);
  });

  it("does not round what comes after the rows that it guesses types from", async () => {
    const late = (value: string) => file("late.csv", `a\n${Array.from({ length: 60_000 }, (_, row) => (row === 50_000 ? value : row)).join("\n")}\n`);
    const read = async (value: string) => (await (await readCsv(late(value))).slice(50_000, 50_001).rows())[0]!["a"];
    expect(await read("1.5")).toBe(1.5);
    expect(await read("9007199254740993")).toBe(9007199254740993n);
    expect(await read("ten")).toBe("ten");
    const times = file("times.csv", `d\n${Array.from({ length: 30_000 }, (_, row) => (row === 25_000 ? "2020-01-02 03:04:05" : "2020-01-01")).join("\n")}\n`);
    expect((await (await readCsv(times)).slice(25_000, 25_001).rows())[0]).toEqual({ d: new Date("2020-01-02T03:04:05Z") });
  });

  it("says where bytes are not UTF-8, and reads other encodings", async () => {
    const latin = file("latin.csv", Buffer.from("a,b\n1,café\n2,x\n", "latin1"));
    await expect(readCsv(latin)).rejects.toThrow(/latin\.csv is not UTF-8; say what it is with encoding: "latin-1"/);
    expect(await (await readCsv(latin, { encoding: "latin-1" })).column("b")).toEqual(["café", "x"]);
    const wide = file("wide.csv", Buffer.from("\ufeffa,b\n1,é\n", "utf16le"));
    expect(await (await readCsv(wide)).rows()).toEqual([{ a: 1, b: "é" }]);
  });

  it("takes options, gzip, zstd and globs", async () => {
    const german = file("german.csv", "01;1,5;NA;31.12.2020\n02;2,25;x;01.02.2021\n");
    const read = await readCsv(german, { header: false, names: ["zip", "price", "note", "day"], types: { zip: "varchar" }, decimal: ",", missing: "NA", dateFormat: "%d.%m.%Y" });
    expect(await read.rows()).toEqual([
      { zip: "01", price: 1.5, note: null, day: new Date("2020-12-31") },
      { zip: "02", price: 2.25, note: "x", day: new Date("2021-02-01") },
    ]);
    file("part-1.csv.gz", gzipSync("a,b\n1,x\n"));
    file("part-2.csv.gz", gzipSync("a,b\n2,y\n"));
    expect(await (await readCsv(join(folder, "part-*.csv.gz"))).sortValues("a").rows()).toEqual([{ a: 1, b: "x" }, { a: 2, b: "y" }]);
    await frame({ a: [1, 2] }).writeCsv(join(folder, "packed.csv.zst"));
    expect(await (await readCsv(join(folder, "packed.csv.zst"))).column("a")).toEqual([1, 2]);
  });

  it("fetches an address, and says where it does not answer", async () => {
    const server = createServer((request, response) => (request.url === "/rows.csv" ? response.end("a\n1\n") : response.writeHead(404).end()));
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      expect(await (await readCsv(`${address}/rows.csv`)).rows()).toEqual([{ a: 1 }]);
      await expect(readCsv(`${address}/no.csv`)).rejects.toThrow(/no\.csv answers 404/);
    } finally {
      server.close();
    }
  });

  it("says that there is no such file", async () => {
    await expect(readCsv(join(folder, "nowhere.csv"))).rejects.toThrow(/readCsv: there is no file ".*nowhere\.csv"/);
    await expect(readCsv(join(folder, "nowhere-*.csv"))).rejects.toThrow(/nowhere-\*\.csv/);
  });
});

describe("other files", () => {
  it("go out and come back", async () => {
    const rows = [{ i: 1, x: 1.5, t: "é,\"", d: new Date("2020-01-01T10:00:00Z"), b: true }, { i: null, x: null, t: null, d: null, b: false }];
    const made = frame(rows);
    await made.writeParquet(join(folder, "a.parquet"));
    expect(await (await readParquet(join(folder, "a.parquet"))).rows()).toEqual(rows);
    await made.writeJson(join(folder, "a.jsonl"));
    expect(await (await readJson(join(folder, "a.jsonl"))).rows()).toEqual(rows);
    await made.writeJson(join(folder, "a.json"));
    expect(await (await readJson(join(folder, "a.json"))).rows()).toEqual(rows);
  });

  it("that are cut off are refused", async () => {
    await frame({ x: Float64Array.from({ length: 5000 }, (_, row) => Math.sin(row)) }).writeParquet(join(folder, "whole.parquet"));
    const bytes = readFileSync(join(folder, "whole.parquet"));
    await expect(readParquet(file("cut.parquet", bytes.subarray(0, bytes.length / 2)))).rejects.toThrow(/cut\.parquet/);
    await expect(readParquet(file("empty.parquet", ""))).rejects.toThrow(/empty\.parquet/);
    await expect(readJson(file("cut.json", '[{"a": 1}, {"a": '))).rejects.toThrow(/JSON/i);
    await expect(readExcel(file("none.xlsx", "PK\u0003\u0004 no workbook"))).rejects.toThrow();
  });

  it("with a sheet that is not there name those that are", async () => {
    const xlsx = require("xlsx") as typeof import("xlsx");
    const book = xlsx.utils.book_new();
    xlsx.utils.book_append_sheet(book, xlsx.utils.aoa_to_sheet([["a", "b"], [1, "x"], [null, "y"]]), "first");
    xlsx.writeFile(book, join(folder, "book.xlsx"));
    expect(await (await readExcel(join(folder, "book.xlsx"))).rows()).toEqual([{ a: 1, b: "x" }, { a: null, b: "y" }]);
    await expect(readExcel(join(folder, "book.xlsx"), { sheet: "second" })).rejects.toThrow(/no sheet "second"; there are first/);
  });
});
