/** Any value as text. */

import { inspect } from "node:util";
import { teachInspect } from "./libraries";

/** `util.inspect` as a notebook wants it: a little deeper than the console, never megabytes. */
export function plainText(value: unknown): string {
  try {
    if (typeof value === "object" && value !== null) teachInspect();
    return inspect(value, { depth: 4, maxArrayLength: 100, maxStringLength: 10_000, breakLength: 100, compact: 3 });
  } catch (error) {
    // A getter or a proxy of the person's own may throw while it is looked at.
    return `[${typeof value} that cannot be shown: ${error instanceof Error ? error.message : String(error)}]`;
  }
}
