import type { Run } from "./run";

const watchers = new Set<(run: Run) => void>();

/** Calls `listener` with each run that is to be watched (`watch: true`) as it takes its first step, with or without a chart. @returns ends the calls */
export function onWatchedRun(listener: (run: Run) => void): () => void {
  watchers.add(listener);
  return () => watchers.delete(listener);
}

export function announceWatched(run: Run): void {
  watchers.forEach((listener) => listener(run));
}
