/** A notebook as the kernel runs it: cells checked by the TypeScript server, transformed, and evaluated in this thread. */

import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createLanguage, type Diagnostic, type Language } from "../../kernel/lib/language/index.js";
import { createLocalModules } from "../../kernel/lib/language/modules/index.js";
import { createEvaluator } from "./evaluator.js";

export interface Notebook {
  folder: string;
  language: Language;
  notices: string[];
  /** The value of the last expression; throws a type error with its code and place, or what the cell throws. */
  run(code: string): Promise<unknown>;
  /** The faults of a cell, as `TS2322 1:5 message`; the cell does not run. */
  faults(code: string): Promise<string[]>;
  write(name: string, text: string): void;
  close(): Promise<void>;
}

export const NOTEBOOK_NAMES = ["tf", "dfd", "display", "finetune", "loadPretrained"];

export function openNotebook(files: Record<string, string> = {}): Notebook {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "a notebook-")));
  const write = (name: string, text: string) => {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };
  for (const [name, text] of Object.entries(files)) write(name, text);
  const notices: string[] = [];
  const language = createLanguage({ folder, notebookNames: NOTEBOOK_NAMES, notices: (text) => notices.push(text) });
  const modules = createLocalModules({ importOther: async (specifier) => (await import(specifier)) as Record<string, unknown> });
  const evaluator = createEvaluator(folder, (specifier) => {
    const path = modules.resolve(specifier, folder);
    return path === undefined ? undefined : modules.import(path);
  }, (name, source) => modules.define(join(folder, name), source));
  let number = 0;
  const prepare = (code: string) => language.prepare({ id: String(++number), number, code, url: `file:///notebook/cell-${number}.ts` });
  return {
    folder,
    language,
    notices,
    write,
    async run(code) {
      const prepared = await prepare(code);
      if (!prepared.ok) throw new Error(prepared.diagnostics.map(written).join("\n"));
      const outcome = await evaluator.evaluate(prepared.cell.script, prepared.cell.url);
      language.commit(prepared.cell);
      if ("error" in outcome) throw outcome.error;
      return outcome.value;
    },
    async faults(code) {
      const prepared = await prepare(code);
      return (prepared.ok ? prepared.cell.diagnostics : prepared.diagnostics).map(written);
    },
    async close() {
      evaluator.dispose();
      await language.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function written({ code, start, message, file }: Diagnostic): string {
  return `${code ?? "syntax"} ${file ? `${file.name}:` : ""}${start.line}:${start.column} ${message}`;
}
