/** The tags by which a notebook says, in a doc comment at a cell's head, what the cell is: those of tslab. */

export interface CellTags {
  /** `@module name`: other cells import it as `./name`. */
  module?: string;
  /** `@browser`: bundled, checked and run for the browser. */
  browser: boolean;
  /** `@jsx` or `@tsx`: the cell holds JSX. */
  jsx: boolean;
}

const NO_TAGS: CellTags = { browser: false, jsx: false };
const HEAD = /^(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/;
const DOC_COMMENT = /\/\/[^\n]*|\/\*\*(?!\/)([\s\S]*?)\*\//g;
const TAG = /(?<=^|[\s*])@(\w+)[ \t]*([^\n@]*)/g;

/** The text with `@jsx` alone as `jsx`: TypeScript and esbuild would take what stands behind it for the name of a factory. */
export function withoutBareTag(text: string): string {
  return text.replace(HEAD, (head) => head.replace(/@([jt]sx)(?=\s*(?:\*|@|$))/gm, " $1"));
}

/**
 * @example readTags("/** @module shapes *" + "/ export const a = 1").module // "shapes"
 */
export function readTags(code: string): CellTags {
  if (!code.includes("@")) return NO_TAGS;
  const tags: CellTags = { browser: false, jsx: false };
  for (const [, comment] of (HEAD.exec(code)?.[0] ?? "").matchAll(DOC_COMMENT)) {
    for (const [, tag, behind = ""] of (comment ?? "").matchAll(TAG)) {
      const text = behind.trim();
      if (tag === "module" && /^\w+$/.test(text)) tags.module = text;
      else if (tag === "browser") tags.browser = true;
      else if (tag === "node") tags.browser = false;
      else if (tag === "jsx" || tag === "tsx") tags.jsx = true;
    }
  }
  return tags;
}
