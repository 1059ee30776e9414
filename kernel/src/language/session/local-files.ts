/** The notebook's own modules, as files and as cells: when they change, and what is wrong in them. */

import { readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Diagnostic } from "../cell.js";
import type { LspDiagnostic, TypeScriptServer } from "../server/server.js";
import type { Workspace } from "../server/workspace.js";
import { positionAt } from "../script/parse.js";
import { fileFault, isFault } from "./faults.js";

/** What the type API says of a file; offsets are UTF-16 units. */
interface ApiDiagnostic {
  pos: number;
  end: number;
  code: number;
  category: number;
  text: string;
}

/** So many files behind a cell's imports are checked with it, the nearest first. */
const CHECKED = 64;

export class LocalFiles {
  /** Those that the session imports, directly or not, with the time of their last change. */
  private times = new Map<string, number>();

  constructor(private readonly workspace: Workspace, private readonly server: TypeScriptServer) {}

  /** Files that have changed since the last question. */
  changed(): string[] {
    const changed = [...this.times].filter(([path, time]) => modifiedAt(path) !== time).map(([path]) => path);
    for (const path of changed) this.times.set(path, modifiedAt(path));
    return changed;
  }

  /** Files that a text names and that the server may not know: one may have been written just now. */
  unknown(text: string): string[] {
    return namesLocalModule(text) ? this.workspace.localModules(text).filter((path) => !this.times.has(path)) : [];
  }

  /** Remembers what the server has read. */
  async follow(): Promise<void> {
    const files = await this.server.withTypes((request) => request<string[]>("getSourceFileNames", {}));
    for (const path of files) if (this.workspace.isLocal(path) && !this.times.has(path)) this.times.set(path, modifiedAt(path));
  }

  /** What is wrong in the files that a cell imports, directly or not. */
  async faultsBehind(text: string): Promise<Diagnostic[]> {
    const paths = this.behind(text);
    if (!paths.length) return [];
    // By the type API: asked of the language server, a file would belong to the project of a tsconfig.json beside it.
    const found = await this.server.withTypes((request) => Promise.all(paths.map(async (file) => {
      const ask = (kind: string) => request<ApiDiagnostic[] | null>(kind, { file }).catch(() => null);
      return { file, found: [...await ask("getSyntacticDiagnostics") ?? [], ...await ask("getSemanticDiagnostics") ?? []] };
    })));
    return found.flatMap(({ file, found: inFile }) => {
      const source = { name: this.workspace.nameOf(file), text: readIfThere(file) };
      return inFile.map((each) => toLsp(each, source.text)).filter((each) => isFault(each, this.workspace)).map((each) => fileFault(each, source));
    });
  }

  /** What is wrong in a module that is a cell. */
  async faultsIn(path: string): Promise<Diagnostic[]> {
    const found = await this.server.diagnosticsOf(path);
    return found.filter((each) => isFault(each, this.workspace)).map((each) => fileFault(each));
  }

  /** A module that is a cell. */
  defined(path: string): void {
    this.times.set(path, modifiedAt(path));
  }

  private behind(text: string): string[] {
    const found = new Set<string>();
    const texts: { text: string; folder?: string }[] = [{ text }];
    for (let next = texts.shift(); next && found.size < CHECKED; next = texts.shift()) {
      for (const path of this.workspace.localModules(next.text, next.folder)) {
        if (found.has(path) || !/(?<!\.d)\.[cm]?tsx?$/.test(path)) continue;
        found.add(path);
        texts.push({ text: readIfThere(path), folder: this.workspace.isCellModule(path) ? undefined : dirname(path) });
      }
    }
    return [...found];
  }
}

function toLsp({ pos, end, code, category, text: message }: ApiDiagnostic, text: string): LspDiagnostic {
  const at = (offset: number) => {
    const { line, column } = positionAt(text, offset);
    return { line: line - 1, character: column - 1 };
  };
  return { range: { start: at(pos), end: at(end) }, severity: category === 1 ? 1 : 2, code, message };
}

export const namesLocalModule = (text: string): boolean => /["'`]\.{0,2}\//.test(text);

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function modifiedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
