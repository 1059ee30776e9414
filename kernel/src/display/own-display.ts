/**
 * A value that says itself how it is shown, by Deno's convention: a method named
 * `Symbol.for("Jupyter.display")` that returns a MIME bundle or a promise of one
 * (https://docs.deno.com/runtime/reference/cli/jupyter/). nodejs-polars and others have it.
 */

import { normalized } from "./bundle";
import type { MimeBundle } from "./frontend";

const DISPLAY = Symbol.for("Jupyter.display");

export function hasOwnDisplay(value: unknown): value is { [DISPLAY](): unknown } {
  return ((typeof value === "object" && value !== null) || typeof value === "function") && typeof (value as { [DISPLAY]?: unknown })[DISPLAY] === "function";
}

/** The bundle, at once where the method is synchronous. */
export function ownBundle(value: { [DISPLAY](): unknown }): MimeBundle | Promise<MimeBundle> {
  const made = value[DISPLAY]();
  return made instanceof Promise ? made.then(normalized) : normalized(made);
}
