/** Runs the examples of the docstrings, with the names of a notebook in scope; `// value` behind a line is checked. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { transformSync } from "amaro";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const require = createRequire(import.meta.url);
const library = require("thawbook") as Record<string, unknown>;
const AsyncFunction = (async () => undefined).constructor as new (...args: string[]) => (...values: unknown[]) => Promise<void>;

/** What examples of the rooms name beyond the library. */
const ROOMS = ["tensorflow", "models", "training", "evaluation", "diagnosis", "frame"];
const rooms = ROOMS.map((room) => require(`../../kernel/lib/${room}/index.js`) as Record<string, unknown>);
const scope: Record<string, unknown> = Object.assign({}, ...rooms.map((room) => ({ ...room })), ...Object.keys(library).map((name) => ({ [name]: library[name] })));

const sources = ROOMS.flatMap((room) => readdirSync(`kernel/src/${room}`, { recursive: true, encoding: "utf8" }).map((name) => `kernel/src/${room}/${name}`)).filter((path) => path.endsWith(".ts"));

const examples = sources.flatMap((path) => {
  const source = readFileSync(path, "utf8");
  return [...source.matchAll(/\/\*\*(?:(?!\*\/)[^])*?@example\n((?:(?!\*\/)[^])*)\*\/\s*export (?:async )?(?:function|const) (\w+)/g)].map(([, body, name]) => ({
    name: name!,
    code: body!.replace(/^ *\* ?/gm, "").split(/^@/m)[0]!.trim(),
  }));
}).filter(({ name }) => name in scope);

/** `expression; // value` becomes a comparison; a comment that is no value stays one. */
function checked(code: string): string {
  return code.replace(/^(?!const |let |await save)(.+?); \/\/ ([[{"\d-].*)$/gm, (_line, expression: string, value: string) => (isValue(value) ? `same(${expression}, ${value});` : `${expression};`));
}

function isValue(text: string): boolean {
  try {
    new Function(`return (${text})`)();
    return true;
  } catch {
    return false;
  }
}

const root = process.cwd();
const folder = mkdtempSync(join(tmpdir(), "examples-"));
afterAll(() => {
  process.chdir(root);
  rmSync(folder, { recursive: true, force: true });
});

describe("the example of", () => {
  // Some write files, and read them again.
  beforeAll(() => process.chdir(folder));

  it.each(examples.map(({ name, code }) => [name, code]))("%s", async (_name, code) => {
    const body = transformSync(checked(code!), { mode: "strip-only" }).code;
    const names = Object.keys(scope).filter((name) => !new RegExp(`\\b(?:const|let) (?:${name}\\b|\\[[^\\]]*\\b${name}\\b|\\{[^}]*\\b${name}\\b)`).test(body));
    const run = new AsyncFunction("same", ...names, body);
    await run((actual: unknown, expected: unknown) => expect(actual).toEqual(expected), ...names.map((name) => scope[name]));
  });

  it("every function that a notebook starts with is there", () => {
    const without = Object.keys(library).filter((name) => typeof library[name] === "function" && !examples.some((example) => example.name === name));
    // The door of another room, and one-liners whose use stands with `freeze`.
    expect(without.filter((name) => !["display", "unfreeze", "below", "last", "biases", "norms", "copyModel"].includes(name))).toEqual([]);
  });
});
