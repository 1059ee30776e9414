import { PROTOCOL } from "../wire";
import type { Language } from "../language";
import { toPoints, toUnits } from "./code-points";

const { version }: { version: string } = require("../../package.json");

export interface KernelFeatures {
  debugger: boolean;
}

export function kernelInfo(features: KernelFeatures): Record<string, unknown> {
  return {
    status: "ok",
    protocol_version: PROTOCOL,
    implementation: "thawbook",
    implementation_version: version,
    language_info: {
      name: "typescript", version: "7.0", mimetype: "text/typescript", file_extension: ".ts",
      pygments_lexer: "typescript", codemirror_mode: { name: "javascript", typescript: true, mode: "typescript" }, nbconvert_exporter: "script",
    },
    banner: `Thawbook ${version}: TypeScript 7 on Node ${process.versions.node}, for fine-tuning`,
    help_links: [
      { text: "TypeScript", url: "https://www.typescriptlang.org/docs/" },
      { text: "TensorFlow.js", url: "https://js.tensorflow.org/api/latest/" },
      { text: "Danfo.js", url: "https://danfo.jsdata.org/api-reference" },
    ],
    debugger: features.debugger,
    supported_features: ["kernel subshells", ...(features.debugger ? ["debugger"] : [])],
  };
}

const codeOf = (content: Record<string, unknown>): string => (typeof content["code"] === "string" ? content["code"] : "");

const cursorOf = (content: Record<string, unknown>, code: string): number =>
  typeof content["cursor_pos"] === "number" ? toUnits(code, content["cursor_pos"]) : code.length;

export async function complete(language: Language, content: Record<string, unknown>): Promise<Record<string, unknown>> {
  const code = codeOf(content);
  const found = await language.complete(code, cursorOf(content, code));
  const start = toPoints(code, found.start);
  const end = toPoints(code, found.end);
  return {
    status: "ok",
    matches: found.items.map(({ text }) => text),
    cursor_start: start,
    cursor_end: end,
    metadata: {
      _jupyter_types_experimental: found.items.map(({ text, kind, detail }) => ({ text, type: kind ?? "", signature: detail ?? "", start, end })),
      // Names that need an import: `name` replaces the range, `insertText` is a line at the head of the cell.
      thawbook_auto_imports: found.autoImports,
    },
  };
}

export async function inspect(language: Language, content: Record<string, unknown>): Promise<Record<string, unknown>> {
  const code = codeOf(content);
  const found = await language.inspect(code, cursorOf(content, code), content["detail_level"] === 1 ? 1 : 0);
  return { status: "ok", found: found !== undefined, data: found ? { "text/plain": found.plain, "text/markdown": found.markdown } : {}, metadata: {} };
}

export function isComplete(language: Language, content: Record<string, unknown>): Record<string, unknown> {
  return { ...language.isComplete(codeOf(content)) };
}
