import { readFileSync, readdirSync } from "node:fs";

/**
 * Interrupts the process that main waits for in `execSync` or `spawnSync`, with all that it has started, as Ctrl-C would: V8
 * can cut off nothing in there. It is the latest that main's thread has started; those of this thread (the TypeScript server,
 * npm) are no children of main's. Linux tells whose they are; elsewhere nothing is found.
 */
export function interruptLatestChild(): void {
  const latest = childrenOf(`/proc/self/task/${process.pid}`).at(-1);
  for (const pid of latest === undefined ? [] : [latest, ...descendants(latest)]) {
    try {
      process.kill(pid, "SIGINT");
    } catch {
      // it has just ended
    }
  }
}

function descendants(pid: number): number[] {
  const threads = entries(`/proc/${pid}/task`).flatMap((thread) => childrenOf(`/proc/${pid}/task/${thread}`));
  return threads.flatMap((child) => [child, ...descendants(child)]);
}

/** In the order in which they were started. */
function childrenOf(thread: string): number[] {
  try {
    return readFileSync(`${thread}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
