/** How a value is shown: MIME bundles, pictures, and the live chart of a run. */

import { display, settle, stands, useConnection } from "./display";
import type { Frontend, Shown } from "./frontend";
import { LiveRuns } from "./live";
import { bundleOf } from "./show";
export { bundleOf };
import { routeTslab } from "./tslab";

export { display, routeTslab, settle };
export type { Display, DisplayHandle, ImageSize } from "./display";
export type { Comm, Frontend, MimeBundle, Shown } from "./frontend";

/**
 * A cell's last value, ready to be sent as its result. Undefined where there is nothing to send: for
 * undefined, for a run whose live chart stands in this cell already, and for what `display` returned.
 *
 * Loads no library to show a value that is not of it. Never rejects: a display method that fails is told
 * in the text.
 */
export async function show(value: unknown): Promise<Shown | undefined> {
  await settle();
  return stands(value) ? undefined : bundleOf(value);
}

/**
 * Connects the room with a front end: `display` writes to it, and each run that starts draws itself there. In
 * a plain script nobody calls this, and runs are silent.
 */
export function connect(frontend: Frontend): void {
  const live = new LiveRuns(frontend);
  useConnection({ frontend, live });
  const { onRunStarted } = require("../training") as typeof import("../training");
  onRunStarted((run) => live.started(run));
}
