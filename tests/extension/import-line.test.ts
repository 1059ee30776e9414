import { describe, expect, test } from "vitest";
import { withImport, type AutoImport } from "../../extension/lib/import-line.js";

const readFile: AutoImport = { name: "readFile", from: "node:fs/promises", kind: "function", insertText: 'import { readFile } from "node:fs/promises";' };
const express: AutoImport = { name: "express", from: "express", kind: "function", insertText: 'import express from "express";' };

/** The cell after the choice, `|` where one types before and after. */
function chosen(code: string, wanted: AutoImport): string {
  const end = code.indexOf("|");
  const text = code.replace("|", "");
  const start = end - /\w*$/.exec(text.slice(0, end))![0].length;
  const patch = withImport(text, { start, end }, wanted);
  const cursor = patch.start + patch.value.length;
  const after = text.slice(0, patch.start) + patch.value + text.slice(patch.end);
  return `${after.slice(0, cursor)}|${after.slice(cursor)}`;
}

describe("an import is written", () => {
  test.each([
    ["above the cell", "await readF|", 'import { readFile } from "node:fs/promises";\nawait readFile|'],
    ["below magics", "%install left-pad\nreadF|;\n", '%install left-pad\nimport { readFile } from "node:fs/promises";\nreadFile|;\n'],
    ["below the imports that are there", '// files\nimport { join } from "node:path";\n\nreadF|', '// files\nimport { join } from "node:path";\nimport { readFile } from "node:fs/promises";\n\nreadFile|'],
    ["above a statement and its comment", "// reads it\nreadF|", 'import { readFile } from "node:fs/promises";\n// reads it\nreadFile|'],
    ["into an import of the module", "import { writeFile } from 'node:fs/promises';\nreadF|", "import { writeFile, readFile } from 'node:fs/promises';\nreadFile|"],
    ["into an import over several lines", 'import {\n  open,\n  writeFile,\n} from "node:fs/promises";\nreadF|', 'import {\n  open,\n  writeFile, readFile\n} from "node:fs/promises";\nreadFile|'],
    ["into empty braces", 'import {} from "node:fs/promises";\nreadF|', 'import { readFile } from "node:fs/promises";\nreadFile|'],
    ["beside a default import", 'import fs, { open } from "node:fs/promises";\nreadF|', 'import fs, { open, readFile } from "node:fs/promises";\nreadFile|'],
    ["and not into an import of types", 'import type { Stats } from "node:fs/promises";\nreadF|', 'import type { Stats } from "node:fs/promises";\nimport { readFile } from "node:fs/promises";\nreadFile|'],
    ["and not into one of another module", 'import { promises } from "node:fs";\nreadF|', 'import { promises } from "node:fs";\nimport { readFile } from "node:fs/promises";\nreadFile|'],
  ])("%s", (_, code, expected) => expect(chosen(code, readFile)).toBe(expected));

  test("as a default on a line of its own", () => {
    expect(chosen('import { Router } from "express";\nexpr|', express)).toBe('import { Router } from "express";\nimport express from "express";\nexpress|');
  });

  test("and what follows the name stays", () => {
    expect(chosen("😀;\nreadF|(path)", readFile)).toBe('import { readFile } from "node:fs/promises";\n😀;\nreadFile|(path)');
  });
});
