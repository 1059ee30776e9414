import { spawnSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Descriptors {
  /** Read ends of what is written to file descriptors 1 and 2 from now on. */
  native: { stdout: number; stderr: number } | undefined;
  /** What stderr was before; undefined where it cannot be kept. */
  log: number | undefined;
}

/**
 * Turns file descriptors 1 and 2 of this process into pipes, so that what native code and child processes
 * write can be shown in the cell. Node has no `dup2`, but a descriptor that is opened takes the lowest free
 * number: close 1, open a named pipe, and it is 1. That holds while no other thread opens files: call this
 * before any is started. The pipes have no name any more when this returns.
 */
export function redirectDescriptors(): Descriptors {
  const log = reopen(2);
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(tmpdir(), "thawbook-"));
    const [out, err] = [join(folder, "1"), join(folder, "2")];
    const made = spawnSync("mkfifo", ["-m", "600", out, err], { stdio: "ignore" });
    if (made.status !== 0) throw made.error ?? new Error(`mkfifo ended with ${made.status ?? made.signal}`);
    // a reader must be there, or opening for writing would wait for one
    const native = { stdout: openSync(out, constants.O_RDONLY | constants.O_NONBLOCK), stderr: openSync(err, constants.O_RDONLY | constants.O_NONBLOCK) };
    replace(1, out);
    replace(2, err);
    return { native, log };
  } catch (error) {
    // who started the kernel can read it; without that descriptor nobody can
    if (log !== undefined) writeSync(log, `thawbook: what native code and child processes write is not shown in cells: ${(error as Error).message}\n`);
    return { native: undefined, log };
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

function replace(descriptor: 1 | 2, pipe: string): void {
  closeSync(descriptor);
  const got = openSync(pipe, constants.O_WRONLY);
  if (got !== descriptor) throw new Error(`file descriptor ${descriptor} became ${got}`);
}

function reopen(descriptor: number): number | undefined {
  try {
    return openSync(`/dev/fd/${descriptor}`, constants.O_WRONLY | constants.O_APPEND);
  } catch {
    return undefined;
  }
}
