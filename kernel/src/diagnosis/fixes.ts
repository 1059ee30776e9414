import { freeze, unfreeze } from "../training";
import type { Change, Fix } from "./finding.types";

/** A change with the line to type and the way to take it. */
export function fix(change: Change): Fix {
  if (change.instead !== undefined) return { ...change, code: change.instead };
  return {
    ...change,
    code: codeOf(change),
    async apply(run) {
      if (change.from) await run.rewind(change.from);
      const fork = run.fork(change.options ?? {});
      if (change.freeze) freeze(fork.model, ...change.freeze);
      if (change.unfreeze) unfreeze(fork.model, ...change.unfreeze);
      return fork;
    },
  };
}

/** In order of expected effect, the unfit ones left out. */
export function fixes(...changes: readonly (Change | false | undefined)[]): Fix[] {
  return changes.filter((change): change is Change => Boolean(change)).map(fix);
}

function codeOf({ from, options, freeze: frozen, unfreeze: thawed }: Change): string {
  const lines: string[] = [];
  if (from) lines.push(`await run.rewind(${literal(from)});`);
  lines.push(`const better = run.fork(${options ? literal(options) : ""});`);
  if (frozen) lines.push(`freeze(better.model, ${frozen.map(literal).join(", ")});`);
  if (thawed) lines.push(`unfreeze(better.model, ${thawed.map(literal).join(", ")});`);
  lines.push("await better.train();");
  return lines.join(" ");
}

/** As one would type it: `{ learningRate: 0.001 }`. */
function literal(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential() : String(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value === "object" && value !== null) return `{ ${Object.entries(value).map(([name, each]) => `${/^\w+$/.test(name) ? name : JSON.stringify(name)}: ${literal(each)}`).join(", ")} }`;
  return String(value);
}
