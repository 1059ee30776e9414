import { ChildProcess, spawnSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StreamName, Task } from "../threads";
import { followedTask } from "./attribution";

/** Held before any cell can replace it. */
const { apply } = Reflect;

type Spawn = (this: ChildProcess, options: { stdio?: unknown }) => unknown;

interface Pipe {
  read: number;
  write: number;
}

/**
 * Children that inherit this process's output (`stdio: "inherit"`) get pipes of their own instead, which the
 * gateway reads: so what they print belongs to the cell that started them, also once it has ended.
 *
 * @param tell hands a pipe's read end to the gateway
 */
export function followChildren(tell: (task: Task, name: StreamName, descriptor: number) => void): void {
  const prototype = ChildProcess.prototype as unknown as { spawn: Spawn };
  const original = prototype.spawn;
  prototype.spawn = function (options) {
    const task = followedTask();
    const stdio = task === 0 ? undefined : listed(options.stdio);
    if (!stdio?.some((each, index) => inherited(each, index) !== undefined)) return apply(original, this, [options]);
    const pipes = new Map<StreamName, Pipe>();
    const replaced = stdio.map((each, index) => {
      const name = inherited(each, index);
      if (name === undefined) return each;
      const pipe = pipes.get(name) ?? createPipe();
      // no pipe: the output goes to the cell that runs when it comes
      if (pipe === undefined) return each;
      pipes.set(name, pipe);
      return pipe.write;
    });
    try {
      return apply(original, this, [{ ...options, stdio: replaced }]);
    } finally {
      for (const [name, { read, write }] of pipes) {
        closeSync(write);
        tell(task, name, read);
      }
    }
  };
}

const listed = (stdio: unknown): unknown[] | undefined => (stdio === "inherit" ? [0, 1, 2] : Array.isArray(stdio) ? stdio : undefined);

/** Which of this process's outputs the child's descriptor `index` is. */
function inherited(stdio: unknown, index: number): StreamName | undefined {
  const asked = stdio === "inherit" ? index : typeof stdio === "object" && stdio !== null && "fd" in stdio ? stdio.fd : stdio;
  return asked === 1 ? "stdout" : asked === 2 ? "stderr" : undefined;
}

/** Node makes pipes for its own use only: this one has a name until both ends are open. */
function createPipe(): Pipe | undefined {
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(tmpdir(), "thawbook-"));
    const path = join(folder, "pipe");
    if (spawnSync("mkfifo", ["-m", "600", path], { stdio: "ignore" }).status !== 0) return undefined;
    const read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return { read, write: openSync(path, constants.O_WRONLY) };
  } catch {
    return undefined;
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}
