/** Blanking types gives what Node's own type stripper gives, on the TypeScript files of this project and of its packages. */

import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { blankTypes } from "../../kernel/lib/language/script/blank-types.js";
import { Edits } from "../../kernel/lib/language/script/edits.js";
import { parse } from "../../kernel/lib/language/script/parse.js";

const require = createRequire(import.meta.url);
const amaro = require("amaro") as typeof import("amaro");

function blanked(source: string): string | undefined {
  const { program, errors } = parse(source);
  if (errors.length) return undefined;
  const edits = new Edits(source);
  if (blankTypes(program, edits).needsTransform) return undefined;
  return edits.apply().text;
}

/** The tree without places, so that only meaning is compared: semicolons and blanks may differ. */
function shape(javascript: string): string {
  const { program, errors } = parse(javascript, "js");
  if (errors.length) throw new Error(errors[0]!.message);
  return JSON.stringify(program, (key, value: unknown) => {
    if (key === "start" || key === "end" || key === "range" || key === "directive") return undefined;
    if (Array.isArray(value)) return value.filter((item: { type?: string } | null) => item?.type !== "EmptyStatement");
    return typeof value === "bigint" ? String(value) : value;
  });
}

/** Every file of the project, and each fourth of its packages. */
function sources(): string[] {
  const isSource = (path: string) => path.endsWith(".ts") && !path.endsWith(".d.ts");
  return ["kernel/src", "extension/src", "tests", "node_modules"]
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(isSource).map((path) => join(folder, path)))
    .sort()
    .filter((path, index) => !path.startsWith("node_modules") || index % 4 === 0);
}

describe("blanking", () => {
  it("means the same as Node's type stripping", { timeout: 120_000 }, () => {
    let compared = 0;
    for (const path of sources()) {
      const source = readFileSync(path, "utf8");
      const ours = blanked(source);
      let theirs: string;
      try {
        theirs = shape(amaro.transformSync(source, { mode: "strip-only" }).code);
      } catch {
        continue; // an enum, a parameter property: not for stripping; and amaro leaves `<const> {}` as it is
      }
      if (ours === undefined) continue;
      expect(() => shape(ours), path).not.toThrow();
      expect(shape(ours), path).toBe(theirs);
      expect(ours.split("\n").length, path).toBe(source.split("\n").length);
      compared++;
    }
    expect(compared).toBeGreaterThan(300);
  });

  it.each([
    ["let a: number = 1", "let a         = 1"],
    ["const f = async <T>(x: T): Promise<T> => x", "const f = async    (x   )             => x"],
    ["a as B;\n(c)", "a     ;\n(c)"],
    ["a as B\n(c)", "a;    \n(c)"],
    ["class A<T> extends B<T> implements C { private x?: T; }", "class A    extends B                 {         x ;  ; }"],
    ["function f(this: A, b?: B) {}", "function f(         b    ) {}"],
  ])("%j is %j", (source, expected) => {
    expect(blanked(source)).toBe(expected);
  });
});
