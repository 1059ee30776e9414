import { log } from "./log";

const LOOK_MS = 1_000;

/**
 * Calls `orphaned` when the process that started the kernel is gone. Looked at from this thread, since main
 * may be in a loop. A kernel started by hand (no `JPY_PARENT_PID`) outlives its shell as it likes.
 */
export function watchParent(orphaned: () => void): void {
  const named = Number(process.env["JPY_PARENT_PID"] ?? 0);
  if (!Number.isInteger(named) || named <= 1) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent && (parent === named || exists(named))) return;
    clearInterval(timer);
    log("the process that started this kernel is gone: the kernel ends");
    orphaned();
  }, LOOK_MS);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
