/**
 * tslab's display functions, routed to ours. tslab sends through one variable of its own module
 * `dist/jupyter`, which its kernel sets and which is null anywhere else ("Not ready").
 */

import { createRequire } from "node:module";
import type { Frontend, MimeBundle } from "./frontend";

interface TslabDisplayData {
  data: MimeBundle;
  metadata: Record<string, unknown>;
  transient: { display_id?: string };
}

interface TslabSink {
  lastWriteDisplayData: ((data: TslabDisplayData, update?: boolean) => void) | null;
}

/**
 * Makes `display` and `newDisplay` of a loaded tslab write to `frontend`.
 *
 * @param main absolute path of tslab's main module, as `require.resolve("tslab")` gives it: the sink is found
 *   beside it, in the same copy of the package.
 */
export function routeTslab(main: string, frontend: Frontend): void {
  const sink = createRequire(main)("./jupyter.js") as TslabSink;
  sink.lastWriteDisplayData = ({ data, metadata, transient }, update) => {
    const displayId = transient.display_id;
    const text = typeof data["text/html"] === "string" || data["text/plain"] !== undefined ? {} : { "text/plain": `[${Object.keys(data).join(", ")}]` };
    frontend.display({ data: { ...data, ...text }, metadata }, { ...(displayId !== undefined && { displayId }), ...(update && { update }) });
  };
}
