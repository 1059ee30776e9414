import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The packages that a folder's package.json names. */
export function dependencies(folder: string): string[] {
  const { dependencies = {}, devDependencies = {} } = read(join(folder, "package.json")) as Record<string, Record<string, string> | undefined>;
  return [...Object.keys(dependencies), ...Object.keys(devDependencies)];
}

/** Names of the `@types` packages that may hold the types of those packages that bring none. */
export function missingTypings(folder: string, packages: readonly string[]): string[] {
  const modules = join(folder, "node_modules");
  return packages
    .filter((name) => !name.startsWith("@types/") && existsSync(join(modules, name)) && !hasTypes(join(modules, name)))
    .map((name) => `@types/${name.replace(/^@(.+)\//, "$1__")}`)
    .filter((name) => !existsSync(join(modules, name)));
}

function hasTypes(folder: string): boolean {
  const description = read(join(folder, "package.json"));
  if ("types" in description || "typings" in description) return true;
  if (/"types(?:@[^"]*)?":|\.d\.[cm]?ts"/.test(JSON.stringify(description["exports"] ?? {}))) return true;
  const main = typeof description["main"] === "string" ? description["main"] : "index.js";
  const stem = join(folder, main).replace(/\.[cm]?js$/, "");
  return [`${stem}.d.ts`, `${stem}.d.mts`, `${stem}.d.cts`, join(stem, "index.d.ts"), join(folder, "index.d.ts")].some((path) => existsSync(path));
}

function read(path: string): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  } catch {
    return {};
  }
}
