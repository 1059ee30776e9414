/** What cannot be blanked (enum, namespace, decorator, parameter property, `using`): a real transform, with a source map. */

import type { Diagnostic } from "../cell.js";
import type { JsxOptions } from "./jsx.js";

export interface Lowered {
  code: string;
  /** JSON, from `code` to the cell's text. */
  map: string;
}

/** Standard decorators and class fields, whatever the notebook folder's tsconfig says; no import is dropped as unused. */
const TSCONFIG = { compilerOptions: { target: "ES2023", verbatimModuleSyntax: true, experimentalDecorators: false, useDefineForClassFields: true } };

/** @param jsx given where the code holds JSX */
export async function lower(code: string, url: string, jsx?: JsxOptions): Promise<Lowered | { diagnostics: Diagnostic[] }> {
  const esbuild = require("esbuild") as typeof import("esbuild");
  try {
    const { code: output, map } = await esbuild.transform(code, {
      loader: jsx ? "tsx" : "ts",
      format: "esm",
      // The oldest Node that the kernel runs on: without `using`, decorators and `accessor`.
      target: "node20.19",
      sourcemap: "external",
      sourcefile: url,
      sourcesContent: false,
      tsconfigRaw: jsx ? { compilerOptions: { ...TSCONFIG.compilerOptions, ...jsx } } : TSCONFIG,
      logLevel: "silent",
      keepNames: false,
    });
    return { code: output, map };
  } catch (error) {
    return { diagnostics: esbuildDiagnostics(error) };
  }
}

/** @throws what esbuild did not report */
export function esbuildDiagnostics(error: unknown): Diagnostic[] {
  const { errors } = error as { errors?: import("esbuild").Message[] };
  if (!errors) throw error;
  return errors.map(({ text, location }) => {
    const line = location?.line ?? 1;
    const column = (location?.column ?? 0) + 1;
    return { severity: "error", message: text, start: { line, column }, end: { line, column: column + (location?.length ?? 0) } };
  });
}
