/** Cells that are no scripts of the session: modules that other cells import, and code for the browser. */

import { dirname, extname, join } from "node:path";
import type { Plugin } from "esbuild";
import type { CellSource, CheckPolicy, Diagnostic, Preparation, PreparedCell } from "./cell.js";
import { HOST_NAME } from "./script-abi.js";
import { jsxOptions } from "./script/jsx.js";
import { esbuildDiagnostics } from "./script/lower.js";
import { parse, syntaxDiagnostics } from "./script/parse.js";
import type { Checker } from "./session/checker.js";
import type { CellTags } from "./tags.js";

export class TaggedCells {
  /** What the modules hold, by the paths that they would have as files. */
  private readonly modules = new Map<string, string>();

  /** @param check tells a server that is gone, and finds nothing then */
  constructor(
    private readonly folder: string,
    private readonly checker: Checker,
    private readonly check: (ask: () => Promise<Diagnostic[]>) => Promise<Diagnostic[]>,
  ) {}

  /** The text of a module that is a cell. */
  source(path: string): string | undefined {
    return this.modules.get(path);
  }

  /** @param text the cell without its magics */
  async prepare(cell: CellSource, text: string, tags: CellTags, policy: CheckPolicy): Promise<Preparation> {
    const { errors } = parse(text, tags.jsx ? "tsx" : "ts");
    if (errors.length) return { ok: false, kind: "syntax", diagnostics: syntaxDiagnostics(text, errors) };
    return tags.module === undefined ? this.forBrowser(cell, text, tags, policy) : this.module(cell, text, { ...tags, module: tags.module });
  }

  /**
   * A module is there whatever is wrong in it: it may import one of a cell below. What is wrong is said here, and stops the
   * cells that import it.
   */
  private async module(cell: CellSource, text: string, { module, jsx, browser }: CellTags & { module: string }): Promise<Preparation> {
    const file = module + (jsx ? ".tsx" : ".ts");
    for (const extension of [".ts", ".tsx"]) this.modules.delete(join(this.folder, module + extension));
    this.modules.set(join(this.folder, file), text);
    const diagnostics = await this.check(() => this.checker.define(module, text, { jsx, browser }));
    const script = browser ? "" : `${HOST_NAME}.define(${JSON.stringify(file)},${JSON.stringify(text)});`;
    return { ok: true, cell: { ...prepared(cell, script), diagnostics } };
  }

  private async forBrowser(cell: CellSource, text: string, { jsx }: CellTags, policy: CheckPolicy): Promise<Preparation> {
    const diagnostics = await this.check(() => this.checker.checkForBrowser(text, jsx));
    if (diagnostics.length && policy === "strict") return { ok: false, kind: "type", diagnostics };
    try {
      return { ok: true, cell: { ...prepared(cell, ""), diagnostics, shows: { as: "javascript", text: await this.bundle(text, jsx) } } };
    } catch (error) {
      return { ok: false, kind: "syntax", diagnostics: esbuildDiagnostics(error) };
    }
  }

  /** One classic script: what shows JavaScript evaluates it as such. */
  private async bundle(text: string, jsx: boolean): Promise<string> {
    const { build } = require("esbuild") as typeof import("esbuild");
    const { outputFiles } = await build({
      stdin: { contents: text, loader: jsx ? "tsx" : "ts", resolveDir: this.folder, sourcefile: "cell" },
      bundle: true, write: false, format: "iife", platform: "browser", target: "es2022", logLevel: "silent", absWorkingDir: this.folder,
      nodePaths: (require.resolve.paths("esbuild") ?? []).filter((path) => path.endsWith("node_modules")),
      tsconfigRaw: { compilerOptions: jsxOptions(this.folder) as never },
      define: { "process.env.NODE_ENV": '"production"' },
      plugins: [this.plugin()],
    });
    return outputFiles[0]?.text ?? "";
  }

  /** Modules that are cells come before files, as for cells that run in Node. */
  private plugin(): Plugin {
    return {
      name: "cells",
      setup: ({ onResolve, onLoad }) => {
        onResolve({ filter: /^\.{1,2}\// }, ({ path, resolveDir }) => {
          const meant = join(resolveDir, path);
          const found = [meant, `${meant}.ts`, `${meant}.tsx`, meant.replace(/\.jsx?$/, ".ts"), meant.replace(/\.jsx?$/, ".tsx")].find((each) => this.modules.has(each));
          return found === undefined ? undefined : { path: found, namespace: "cell" };
        });
        onLoad({ filter: /.*/, namespace: "cell" }, ({ path }) => ({
          contents: this.modules.get(path) ?? "", loader: extname(path) === ".tsx" ? "tsx" : "ts", resolveDir: dirname(path),
        }));
      },
    };
  }
}

function prepared(cell: CellSource, script: string): PreparedCell {
  return { ...cell, script, shifts: [], declares: [], diagnostics: [], isApart: true };
}
