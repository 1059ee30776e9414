/** How JSX becomes calls: by the nearest tsconfig.json, else by React's factory, as in tslab. */

import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** What esbuild takes of a tsconfig.json's `compilerOptions`. */
export interface JsxOptions {
  jsx: string;
  jsxFactory?: string;
  jsxFragmentFactory?: string;
  jsxImportSource?: string;
}

const SETTING = /"(jsx|jsxFactory|jsxFragmentFactory|jsxImportSource)"\s*:\s*"([^"]*)"/g;
const EXTENDS = /"extends"\s*:\s*"(\.[^"]*)"/;
const COMMENT = /("(?:\\.|[^"\\])*")|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;

export function jsxOptions(folder: string): JsxOptions {
  const options: JsxOptions = { jsx: "react", ...settingsOf(nearestConfig(folder)) };
  // What leaves JSX to another tool means that tool's default.
  return options.jsx.startsWith("preserve") || options.jsx === "react-native" ? { ...options, jsx: "react-jsx" } : options;
}

/** Names that JSX needs in scope without saying them. */
export function jsxNames(folder: string): string[] {
  const { jsxFactory = "React.createElement", jsxFragmentFactory = "React.Fragment" } = jsxOptions(folder);
  return [jsxFactory, jsxFragmentFactory].map((factory) => factory.split(".")[0] ?? factory);
}

function settingsOf(path: string | undefined, depth = 0): Partial<JsxOptions> {
  if (path === undefined || depth > 8 || !existsSync(path)) return {};
  const text = readFileSync(path, "utf8").replace(COMMENT, "$1");
  const base = EXTENDS.exec(text)?.[1];
  const inherited = base === undefined ? {} : settingsOf(resolve(dirname(path), base.endsWith(".json") ? base : `${base}.json`), depth + 1);
  return { ...inherited, ...Object.fromEntries([...text.matchAll(SETTING)].map(([, name, value]) => [name, value])) };
}

/** The nearest from the folder upwards, as far as the package that the folder belongs to. */
function nearestConfig(folder: string): string | undefined {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const path = join(at, "tsconfig.json");
    if (existsSync(path)) return path;
    if (existsSync(join(at, "package.json")) || dirname(at) === at) return undefined;
  }
}
