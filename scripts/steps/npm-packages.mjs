// npm packages from the lock file. Their install scripts stay off: nothing of ours needs one, and tfjs-node's would download TensorFlow.
import { readFileSync, rmSync } from "node:fs";
import { command } from "../lib/command.mjs";
import { at, root } from "../lib/places.mjs";
import { hashOfFiles } from "../lib/stamp.mjs";
import { troubles } from "../lib/trouble.mjs";

const lock = at("package-lock.json");
const installed = at("node_modules/.package-lock.json"); // npm writes it last

/** @param {string} path @returns {Record<string, LockedPackage>} */
const packagesOf = (path) => JSON.parse(readFileSync(path, "utf8")).packages;

/** @typedef {{ version?: string, optional?: boolean, devOptional?: boolean, peer?: boolean, link?: boolean, os?: string[], cpu?: string[], libc?: string[] }} LockedPackage */

/** The C library of this Node, in npm's words; elsewhere than on Linux packages do not ask. */
const libc = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport()).header.glibcVersionRuntime ? "glibc" : "musl";

/**
 * Whether a package is the part of another one for this platform: optional in the lock file, and needed all the same.
 * @param {LockedPackage} entry
 */
export function isForHere({ os, cpu, libc: libcs }) {
  if (!os && !cpu) return false;
  return (os?.includes(process.platform) ?? true) && (cpu?.includes(process.arch) ?? true) && (libcs?.includes(libc) ?? true);
}

/**
 * Whether installed packages are those of the lock file: what is missing may be missing. Both as a lock file names them.
 * @param {Record<string, LockedPackage>} wanted @param {Record<string, LockedPackage>} present
 */
export const holds = (wanted, present) =>
  Object.entries(wanted).every(([path, entry]) => {
    if (!path.includes("node_modules/") || entry.link) return true;
    if (present[path]) return present[path].version === entry.version;
    return (entry.optional || entry.devOptional || entry.peer) && !isForHere(entry);
  });

/** Whether node_modules holds what the lock file names, also where someone ran npm by hand. */
function agrees() {
  const wanted = packagesOf(lock);
  let present;
  try {
    present = packagesOf(installed);
  } catch {
    return false; // cut short
  }
  return holds(wanted, present);
}

/** @type {import("../lib/steps.mjs").Step} */
export const npmPackages = {
  id: "npm-packages",
  name: "npm packages",
  after: [],
  inputs: () => [root, process.platform, process.arch, hashOfFiles([lock])],
  outputs: () => [installed],
  whole: agrees,
  look() {
    const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
    if (major < 20 || (major === 20 && minor < 19)) throw troubles.nodeTooOld(process.versions.node);
  },
  async run({ progress }) {
    const total = Object.keys(packagesOf(lock)).length;
    let fetched = 0;
    let lost = 0; // Without a network npm tries each package three times, four minutes long: thirty tell enough.
    rmSync(installed, { force: true }); // so that an npm killed halfway leaves nothing that looks whole
    await command("npm-packages", "npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=http", "--progress=false"], {
      onLine: (line) => {
        if (/attempt \d failed/.test(line)) return ++lost === 30 && fetched === 0;
        if (/http (fetch|cache) /.test(line)) progress(`${Math.min(++fetched, total)} of ${total} packages`);
      },
    });
  },
};
