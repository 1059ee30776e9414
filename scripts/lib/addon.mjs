// Compiles a Node addon against TensorFlow's library. N-API headers come from npm, so that nothing is fetched from nodejs.org,
// and one build serves every Node from 20 on.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { command } from "./command.mjs";
import { addonPackage, at, cached } from "./places.mjs";
import { hashOf, hashOfFiles } from "./stamp.mjs";
import { troubles } from "./trouble.mjs";
import { wheelFor } from "./wheel.mjs";

/** tfjs-node's link to the TensorFlow in the cache: include/ and lib/. */
export const deps = join(addonPackage, "deps");
const flags = ["-std=c++17", "-O2", "-fPIC"];

/**
 * @typedef {object} Addon
 * @property {string} id its name in the cache
 * @property {() => string[]} sources
 * @property {string[]} flags of its own
 * @property {string} place where Node loads it from
 */

/** It finds the library by its own place, wherever the checkout lies. @param {Addon} addon */
function linking({ place }) {
  const library = relative(dirname(place), join(deps, "lib"));
  return process.platform === "darwin" ? ["-undefined", "dynamic_lookup", `-Wl,-rpath,@loader_path/${library}`] : [`-Wl,-rpath,$ORIGIN/${library}`];
}

/** What an addon is made from, beside its sources. @param {Addon} addon */
export const settings = (addon) => [wheelFor().variant, flags, addon.flags, linking(addon), process.platform, process.arch];

/** Kept outside node_modules and lib: where they are replaced, nothing is compiled again. @param {Addon} addon */
const kept = (addon) => cached("addon", `${addon.id}-${hashOf([settings(addon), hashOfFiles(addon.sources())])}.node`);

function compiler() {
  const candidates = process.env.CXX ? [process.env.CXX] : ["c++", "g++", "clang++"];
  const found = candidates.find((name) => spawnSync(name, ["--version"]).status === 0);
  if (!found) throw troubles.noCompiler(candidates.join(", "));
  return found;
}

/** Throws where it would have to be compiled and cannot be. @param {Addon} addon */
export function lookForCompiler(addon) {
  if (!existsSync(kept(addon))) compiler();
}

/** @param {Addon} addon @param {(text: string) => void} progress */
export async function compileAddon(addon, progress) {
  const made = kept(addon);
  if (!existsSync(made)) {
    progress("compiling");
    mkdirSync(dirname(made), { recursive: true });
    const includes = [at("node_modules/node-api-headers/include"), join(deps, "include")].map((folder) => `-I${folder}`);
    const libraries = wheelFor().libraries.map((name) => join(deps, "lib", name));
    const units = addon.sources().filter((path) => path.endsWith(".cc"));
    const objects = units.map((unit) => cached("tmp", `${addon.id}-${basename(unit)}.o`));
    const cxx = compiler();
    const each = units.map((unit, index) => command(`${addon.id}-${basename(unit)}`, cxx, ["-c", ...flags, ...addon.flags, ...includes, unit, "-o", objects[index] ?? ""]));
    await Promise.all(each);
    await command(addon.id, cxx, ["-shared", ...objects, "-o", `${made}.part`, ...libraries, ...linking(addon)]);
    for (const object of objects) rmSync(object);
    renameSync(`${made}.part`, made);
  }
  mkdirSync(dirname(addon.place), { recursive: true });
  copyFileSync(made, `${addon.place}.part`);
  renameSync(`${addon.place}.part`, addon.place);
}
