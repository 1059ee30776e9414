/** Places in scripts and in cells. */

import { afterAll, beforeAll, expect, it } from "vitest";
import { originalPosition, scriptPosition } from "../../kernel/lib/language/index.js";
import { createScripts } from "./evaluator.js";

let cells: ReturnType<typeof createScripts>;
beforeAll(() => { cells = createScripts(process.cwd()); });
afterAll(() => cells.dispose());

/** The place of a needle in a text, 1-based. */
function place(text: string, needle: string): { line: number; column: number } {
  const offset = text.indexOf(needle);
  if (offset < 0) throw new Error(`${needle} is not in ${text}`);
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: before.at(-1)!.length + 1 };
}

it.each([
  ["a plain cell", "let po1: number = 1; needle(po1)"],
  ["a first line with hoisted functions and imports", 'import { sep as po2 } from "node:path"; function po3(): void {} const po4 = needle(po2)'],
  ["the last expression", "const po5 = 1\n\nneedle(po5, 'x')"],
  ["an object literal", "{ a: needle(1) }"],
  ["a renamed global", "const process = 1, URL = 2; needle(process + URL); process + needle(URL)"],
  ["dynamic imports on one line", "[await import('node:fs'), import.meta.url, needle(3)]"],
  ["code behind an import of several lines", 'import {\n  sep as po6,\n  join as po7,\n} from "node:path"; needle(po6)\nneedle(po7)'],
  ["code behind var", "for (var po8 = 0; po8 < 1; po8++) needle(po8); var { po9 } = needle(1)"],
  ["a transformed cell", "interface A {\n  b: number;\n}\nenum PoE { A, B }\nconst po10: A = { b: needle(PoE.A) };"],
  ["the last line of a transformed cell", "class PoC {\n  constructor(public a: number) {}\n}\n\nneedle(new PoC(1))"],
])("of %s are found in both directions", async (_, code) => {
  const prepared = await cells.transform(code);
  if (!prepared.ok) throw new Error(prepared.diagnostics[0]!.message);
  const inCell = place(code, "needle");
  const inScript = place(prepared.script.script, "needle");
  expect(originalPosition(prepared.script, inScript)).toEqual(inCell);
  expect(scriptPosition(prepared.script, inCell)).toEqual(inScript);
});

it("of an error are the user's line and column", async () => {
  const code = "interface Pt { x?: number }\nfunction poBoom(p: Pt): number {\n  throw new Error('here');\n}\n\npoBoom({ x: 1 });";
  const error = (await cells.run(code).catch((reason: unknown) => reason)) as Error & { script: { shifts: []; map?: string } };
  const frames = [...error.stack!.matchAll(/cell-\d+\.ts:(\d+):(\d+)/g)].map(([, line, column]) => originalPosition(error.script, { line: Number(line), column: Number(column) }));
  expect(frames[0]).toEqual({ line: 3, column: 9 });
  expect(frames[1]).toEqual({ line: 6, column: 1 });
});
