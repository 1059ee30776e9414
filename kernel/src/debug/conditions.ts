import type { DebugProtocol } from "@vscode/debugprotocol";
import { Script } from "node:vm";

const HITS = /^\s*(>=|>|<=|<|={1,3}|%)?\s*(\d+)\s*$/;

/** Counts in the debuggee, where other breakpoints have counted before. */
let counters = 0;

/** Where the debuggee counts, by breakpoint. */
const COUNTS = 'globalThis[Symbol.for("thawbook.breakpoint hits")]';

/**
 * What V8 evaluates where a breakpoint is reached: it stops where that is true. Hits are counted where the condition holds;
 * a log point prints its message and never stops.
 *
 * @throws Error where a part cannot be read: V8 itself would silently never stop
 */
export function conditionOf({ condition, hitCondition, logMessage }: DebugProtocol.SourceBreakpoint, withoutTypes: (code: string) => string): string | undefined {
  const parts: string[] = [];
  if (condition?.trim()) parts.push(readable(withoutTypes(condition), "condition", condition));
  if (hitCondition?.trim()) parts.push(hits(hitCondition));
  if (logMessage) parts.push(`(console.log(${readable(message(logMessage), "message", logMessage)}), false)`);
  return parts.length === 0 ? undefined : parts.map((part) => `(${part})`).join(" && ");
}

/** `> 3`, `<= 2`, `% 5` (each fifth time), `3` or `== 3` (the third time), as in VS Code. */
function hits(asked: string): string {
  const [, sign = "=", text] = HITS.exec(asked) ?? [];
  if (text === undefined) throw new Error(`a hit condition is a number, which >, >=, <, <= or % may stand before, not ${JSON.stringify(asked)}`);
  const id = ++counters;
  const count = `((${COUNTS} ??= {})[${id}] = (${COUNTS}[${id}] ?? 0) + 1)`;
  if (sign === "%") return `${count} % ${text} === 0`;
  return `${count} ${sign.startsWith("=") ? "===" : sign} ${text}`;
}

/** `x is {x}` as a template; braces hold expressions. */
function message(logMessage: string): string {
  return `\`${logMessage.replace(/[`\\]/g, "\\$&").replace(/\$?\{/g, "${")}\``;
}

function readable(code: string, what: string, asked: string): string {
  try {
    new Script(`async () => (${code}\n)`);
    return code;
  } catch (error) {
    throw new Error(`the ${what} ${JSON.stringify(asked)} cannot be read: ${(error as Error).message}`);
  }
}
