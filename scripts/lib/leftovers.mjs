// Programs that set-up has started, written down while they run: a set-up that was killed leaves npm or pip at work in the
// folders that the next one is about to fill.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cached } from "./places.mjs";

// Beside the lock of the set-up that runs: what another one has started is not ours to end.
let folder = cached("stamps/commands");

/** @param {string} stamps the folder of the set-up's stamps */
export const rememberIn = (stamps) => void (folder = join(stamps, "commands"));

/** When a process began, in the words of ps: a later process of the same number began at another time. @param {number} pid */
const beganAt = (pid) => spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).stdout?.trim() ?? "";

/**
 * Writes down a child that leads a process group of its own.
 * @param {number} pid
 * @returns {() => void} to be called when it has ended
 */
export function remember(pid) {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, String(pid));
  writeFileSync(file, beganAt(pid));
  return () => rmSync(file, { force: true });
}

/** Ends what earlier set-ups, or this one, have left at work. @returns the process numbers */
export function endLeftovers() {
  mkdirSync(folder, { recursive: true });
  return readdirSync(folder).map(Number).filter((pid) => {
    const file = join(folder, String(pid));
    const began = readFileSync(file, "utf8");
    const same = began !== "" && began === beganAt(pid);
    if (same) endGroup(pid);
    rmSync(file, { force: true });
    return same;
  });
}

/** A program with all that it has started. @param {number} pid */
export function endGroup(pid) {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
