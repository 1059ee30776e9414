/** What a name is: its signature and its doc comment. */

import type { Inspection } from "./cell.js";
import type { Checker } from "./session/checker.js";
import { lspPosition, type EditDocument } from "./session/document.js";
import { withoutSessionName } from "./session/session.js";
import { openBrackets } from "./script/brackets.js";

interface LspHover {
  contents: { kind: string; value: string } | string;
}

const WORD = /[\p{ID_Continue}$]/u;

/** @param detail 1 adds the declaration of a name of the notebook, and what the first level leaves out of long documentation */
export async function inspect(checker: Checker, code: string, offset: number, detail: 0 | 1): Promise<Inspection | undefined> {
  const document = await checker.edit(code, "words");
  for (const at of places(code, offset)) {
    const markdown = await hover(checker, document, code, at);
    if (!markdown) continue;
    const name = wordAt(code, at);
    const declaration = detail === 1 && name !== undefined ? checker.session.declaration(name)?.replace(/^export (?:declare )?/gm, "") : undefined;
    const text = detail === 0 ? shortened(markdown) : declaration ? `${markdown}\n\n\`\`\`typescript\n${declaration}\n\`\`\`` : markdown;
    return { markdown: text, plain: plainText(text) };
  }
  return undefined;
}

/** The cursor's own place, the word that ends there, and the function whose arguments are being written. */
function places(code: string, offset: number): number[] {
  const found: number[] = [];
  if (WORD.test(code[offset] ?? "")) found.push(offset);
  if (offset > 0 && WORD.test(code[offset - 1]!)) found.push(offset - 1);
  if (!found.length && offset > 0 && code[offset - 1] === ".") found.push(offset - 2);
  const call = openBrackets(code.slice(0, offset)).open.findLast((at) => code[at] === "(");
  if (call !== undefined) {
    const callee = code.slice(0, call).trimEnd().length - 1;
    if (callee >= 0) found.push(callee);
  }
  return found.filter((at) => at >= 0);
}

async function hover(checker: Checker, { uri }: EditDocument, code: string, offset: number): Promise<string | undefined> {
  const answer = await checker.server.request<LspHover | null>("textDocument/hover", { textDocument: { uri }, position: lspPosition(code, offset) });
  const value = typeof answer?.contents === "string" ? answer.contents : answer?.contents.value;
  // What the checker says of a name that it does not know.
  if (!value || /^```typescript\nany\n```\s*$/.test(value)) return undefined;
  return withoutSessionName(value).replace(/^(```typescript\n)\(alias\) /, "$1").replace(/\nimport [^\n]+(?=\n```)/, "").trim();
}

function wordAt(code: string, offset: number): string | undefined {
  let start = offset;
  let end = offset;
  while (start > 0 && WORD.test(code[start - 1]!)) start--;
  while (end < code.length && WORD.test(code[end]!)) end++;
  return end > start ? code.slice(start, end) : undefined;
}

/** The signature, the first paragraphs and the tags; examples and long explanations are for the second level. */
function shortened(markdown: string): string {
  const [signature, ...rest] = markdown.split(/(?<=\n```)\n/);
  const paragraphs = rest.join("\n").trim().split(/\n{2,}/);
  const kept = paragraphs.filter((paragraph, index) => index === 0 || paragraph.startsWith("*@")).join("\n\n");
  return kept ? `${signature}\n${kept}` : signature!;
}

function plainText(markdown: string): string {
  return markdown
    .replace(/^```\w*\n|^```$/gm, "")
    .replace(/\[([^\]]+)\]\([^)]+\)/g, "$1")
    .replace(/\*(@\w+)\*/g, "$1")
    .replace(/\*\*([^*]+)\*\*/g, "$1")
    .replace(/`([^`\n]+)`/g, "$1")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}
