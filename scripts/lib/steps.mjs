// Runs the steps that are not up to date, in order.
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cached } from "./places.mjs";
import { explain, seconds, stepLine, upToDate } from "./console.mjs";
import { endLeftovers, rememberIn } from "./leftovers.mjs";
import { hashOf, stampsIn } from "./stamp.mjs";
import { asTrouble } from "./trouble.mjs";

/**
 * @typedef {object} Step
 * @property {string} id the stamp's name
 * @property {string} name what the user reads
 * @property {readonly string[]} after the ids of the steps whose results it uses
 * @property {() => unknown} inputs what its result depends on; JSON
 * @property {() => readonly string[]} outputs paths without which the result is not there
 * @property {() => void} [look] throws a Trouble where it cannot succeed; called before any step starts, so that a
 *   missing compiler is told at once and not after the downloads
 * @property {() => boolean} [whole] true where the result is right whoever made it, whatever the stamp says
 * @property {(work: { progress: (text: string) => void }) => Promise<void>} run
 */

/**
 * @param {readonly Step[]} steps
 * @param {string} [folder] where the stamps lie
 * @returns the steps to run, with their keys
 */
export function plan(steps, folder = cached("stamps")) {
  const stamps = stampsIn(folder);
  /** @type {Map<string, string>} */
  const keys = new Map();
  return steps.map((step) => {
    const key = hashOf([step.inputs(), ...step.after.map((id) => keys.get(id))]);
    keys.set(step.id, key);
    const there = step.outputs().every((path) => existsSync(path));
    const fresh = there && (stamps.read(step.id)?.key === key || step.whole?.() === true);
    return { step, key, fresh };
  });
}

/**
 * Makes what is missing.
 * @param {readonly Step[]} steps
 * @param {{ quiet?: boolean, folder?: string }} [options] quiet: says nothing where nothing is to do
 * @returns {Promise<boolean>} false where a step failed; why has been printed
 */
export async function setUp(steps, { quiet = false, folder = cached("stamps") } = {}) {
  const started = performance.now();
  const release = await lock(folder);
  try {
    const planned = planOrExplain(steps, folder);
    if (!planned) return false;
    if (planned.every(({ fresh }) => fresh)) {
      if (!quiet) console.log(`Everything is set up (${seconds(performance.now() - started)}).`);
      return true;
    }
    for (const { step, fresh } of planned) if (!fresh && !attempt(step, () => step.look?.())) return false;
    const stamps = stampsIn(folder);
    for (const [index, { step, key, fresh }] of planned.entries()) {
      const place = `${index + 1}/${planned.length}`;
      if (fresh) {
        upToDate(place, step.name);
        continue;
      }
      const line = stepLine(place, step.name);
      stamps.remove(step.id);
      try {
        await step.run({ progress: line.progress });
      } catch (error) {
        line.failed();
        explain(step.name, asTrouble(error));
        return false;
      }
      stamps.write(step.id, key, line.done() / 1000);
    }
    console.log(`Set up in ${seconds(performance.now() - started)}.`);
    return true;
  } finally {
    release();
  }
}

/** @param {readonly Step[]} steps @param {string} folder */
function planOrExplain(steps, folder) {
  try {
    return plan(steps, folder);
  } catch (error) {
    explain("set-up", asTrouble(error));
    return undefined;
  }
}

/** @type {readonly NodeJS.Signals[]} */
const endings = ["SIGINT", "SIGTERM", "SIGHUP"];

/** @param {Step} step @param {() => void} action */
function attempt(step, action) {
  try {
    action();
    return true;
  } catch (error) {
    explain(step.name, asTrouble(error));
    return false;
  }
}

/**
 * One set-up at a time: a second one waits for the first. A lock whose process is gone does not count.
 * @param {string} folder
 */
async function lock(folder) {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "running");
  const own = `${file}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  for (let told = false; !linked(own, file); ) {
    const holder = holderOf(file);
    if (holder === undefined) continue;
    if (!alive(holder)) rmSync(file, { force: true });
    else {
      if (!told) console.log(`Waiting for the set-up that process ${holder} runs (where that is none: delete ${file})…`);
      told = true;
      await sleep(200);
    }
  }
  rmSync(own);
  rememberIn(folder);
  for (const pid of endLeftovers()) console.log(`Ended process ${pid}, which a set-up that was killed had left at work.`);
  const release = () => rmSync(file, { force: true });
  const interrupted = (/** @type {NodeJS.Signals} */ signal) => {
    endLeftovers();
    release();
    console.log("\nInterrupted. What is finished is kept; the same command goes on from there.");
    process.exit(signal === "SIGINT" ? 130 : 143);
  };
  for (const signal of endings) process.once(signal, interrupted);
  return () => {
    for (const signal of endings) process.removeListener(signal, interrupted);
    release();
  };
}

/** A hard link is made whole or not at all, so nobody reads a lock without its process. @param {string} own @param {string} file */
function linked(own, file) {
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "EEXIST") return false;
    throw error;
  }
}

/** @param {string} file @returns {number | undefined} */
function holderOf(file) {
  try {
    return Number(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/** @param {number} pid */
function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}
