/** Brackets that a text leaves open, and whether it ends within a string, a template or a comment. */

export interface Brackets {
  /** Offsets of the open brackets, the innermost last. */
  open: number[];
  /** A bracket is closed by one of another kind, or was never opened. */
  mismatched: boolean;
  inside?: "string" | "template" | "comment";
}

const CLOSES: Record<string, string> = { ")": "(", "]": "[", "}": "{" };
/** What a regular expression may follow; elsewhere a slash divides. */
const BEFORE_REGEXP = /(?:^|[=(,:;!&|?{}[+\-*%<>~^]|\b(?:return|typeof|case|in|of|delete|void|throw|new|await|yield))\s*$/;

export function openBrackets(code: string): Brackets {
  const open: number[] = [];
  /** Depths at which a `}` goes back into a template. */
  const templates: number[] = [];
  let mismatched = false;
  let i = 0;

  const template = (): boolean => {
    for (; i < code.length; i++) {
      if (code[i] === "\\") i++;
      else if (code[i] === "`") return true;
      else if (code[i] === "$" && code[i + 1] === "{") {
        open.push(++i);
        templates.push(open.length);
        return true;
      }
    }
    return false;
  };

  for (; i < code.length; i++) {
    const char = code[i]!;
    if (char === "/" && code[i + 1] === "/") {
      i = code.indexOf("\n", i);
      if (i < 0) break;
    } else if (char === "/" && code[i + 1] === "*") {
      i = code.indexOf("*/", i + 2);
      if (i < 0) return { open, mismatched, inside: "comment" };
      i++;
    } else if (char === '"' || char === "'") {
      const end = stringEnd(code, i);
      if (end < 0) return { open, mismatched, inside: "string" };
      i = end;
    } else if (char === "`") {
      i++;
      if (!template()) return { open, mismatched, inside: "template" };
    } else if (char === "/" && BEFORE_REGEXP.test(code.slice(Math.max(0, i - 20), i))) {
      i = regexpEnd(code, i);
    } else if (char === "(" || char === "[" || char === "{") open.push(i);
    else if (char in CLOSES) {
      const opening = open.pop();
      if (opening === undefined || code[opening] !== CLOSES[char]) mismatched = true;
      else if (char === "}" && templates.at(-1) === open.length + 1) {
        templates.pop();
        i++;
        if (!template()) return { open, mismatched, inside: "template" };
      }
    }
  }
  return { open, mismatched };
}

/** The offset of the closing quote, or -1 where the line ends first. */
function stringEnd(code: string, start: number): number {
  for (let i = start + 1; i < code.length; i++) {
    if (code[i] === "\\") i++;
    else if (code[i] === code[start]) return i;
    else if (code[i] === "\n") return -1;
  }
  return -1;
}

function regexpEnd(code: string, start: number): number {
  let inClass = false;
  for (let i = start + 1; i < code.length && code[i] !== "\n"; i++) {
    if (code[i] === "\\") i++;
    else if (code[i] === "[") inClass = true;
    else if (code[i] === "]") inClass = false;
    else if (code[i] === "/" && !inClass) return i;
  }
  return start;
}
