// A stamp says that a step's result is whole and what it was made from. It is removed before the step begins and written,
// atomically, when it has ended: whatever is killed in between is made again.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/**
 * @typedef {object} Stamp
 * @property {string} key what the result was made from
 * @property {number} seconds how long it took
 * @property {string} made when, ISO 8601
 */

/** @param {unknown} value anything that JSON can write */
export const hashOf = (value) => createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);

/**
 * One hash for the contents and names of files; a folder stands for all files in it.
 * @param {string[]} paths
 */
export function hashOfFiles(paths) {
  const hash = createHash("sha256");
  for (const path of paths)
    for (const file of filesIn(path)) hash.update(`${relative(path, file)}\0`).update(readFileSync(file)).update("\0");
  return hash.digest("hex").slice(0, 16);
}

/** @param {string} path @returns {string[]} */
function filesIn(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesIn(join(path, name)));
}

/** @param {string} path @param {string} text */
export function writeWhole(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  const part = `${path}.${process.pid}.part`;
  writeFileSync(part, text);
  renameSync(part, path);
}

/** @param {string} folder where stamps lie */
export function stampsIn(folder) {
  /** @param {string} id */
  const file = (id) => join(folder, `${id}.json`);
  return {
    /** @param {string} id @returns {Stamp | undefined} */
    read(id) {
      try {
        return JSON.parse(readFileSync(file(id), "utf8"));
      } catch {
        return undefined;
      }
    },
    /** @param {string} id */
    remove: (id) => rmSync(file(id), { force: true }),
    /** @param {string} id @param {string} key @param {number} seconds */
    write: (id, key, seconds) => writeWhole(file(id), `${JSON.stringify({ key, seconds, made: new Date().toISOString() })}\n`),
  };
}
