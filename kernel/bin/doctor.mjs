// thawbook doctor: looks at what a notebook needs and says, for what is missing, what to do.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { dataFolders, userData } from "./jupyter-data.mjs";
import { extensionFolder, extensionSource, kernelMain, kernelspecFolder, packageFolder, readKernelspec } from "./kernelspec.mjs";

/** @typedef {{ what: string, found?: string | undefined, cure: string }} Finding `found` is what is there; nothing: it is wrong */

const setup = "in the checkout: npm run setup";

/** The last line that a program prints. @param {string} program @param {string[]} args */
function said(program, args) {
  const { status, stdout } = spawnSync(program, args, { encoding: "utf8", cwd: packageFolder });
  return status === 0 ? stdout.trim().split("\n").at(-1) : undefined;
}

function node() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  return major > 20 || (major === 20 && minor >= 19) ? process.versions.node : undefined;
}

// In a process of its own: a library that does not fit may end it.
const tryTensorFlow = `
const util = require("node:util");
util.isArray ??= Array.isArray;
util.isNullOrUndefined ??= (value) => value === null || value === undefined;
const tf = require("@tensorflow/tfjs-node");
if (tf.sum(tf.ones([2, 2])).dataSync()[0] !== 4) process.exit(1);
console.log("tfjs-node " + tf.version["tfjs-node"] + ", backend " + tf.getBackend());`;

/** The kernelspec that a Jupyter takes: the first in its data directories. @param {string[]} folders */
function kernelspecFinding(folders) {
  const folder = folders.map(kernelspecFolder).find((path) => readKernelspec(path));
  const [program = "", main = ""] = (folder && readKernelspec(folder)?.argv) || [];
  const cure = folder ? `${folder} names files that are gone; npx thawbook install` : "npx thawbook install";
  return { found: folder && existsSync(program) && existsSync(main) ? folder : undefined, cure };
}

/** @param {string | undefined} folder a built extension @returns {{ version?: string, build?: string }} */
function described(folder) {
  if (!folder) return {};
  const { version, jupyterlab } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return { version, build: `${version} ${jupyterlab?._build?.load}` };
}

/** @param {string[]} folders */
function extensionFinding(folders) {
  const folder = folders.map(extensionFolder).find((path) => existsSync(join(path, "package.json")));
  // The entry's name has a hash of all that is loaded from it.
  const { version, build } = described(folder);
  const built = described(extensionSource());
  const stale = version && built.version && build !== built.build;
  const which = version === built.version ? `another build of ${version}` : `${version}, not ${built.version}`;
  const cure = stale ? `${folder} is ${which}; npx thawbook install` : "npx thawbook install";
  return { found: stale ? undefined : folder, cure };
}

/** @returns the exit code */
export function doctor() {
  const folders = [...new Set([...dataFolders(), userData()])];
  const lab = said("jupyter", ["lab", "--version"]);
  /** @type {Finding[]} */
  const findings = [
    { what: "Node 20.19 or newer", found: node(), cure: `this is ${process.versions.node}; https://nodejs.org` },
    { what: "the kernel, compiled", found: existsSync(kernelMain) ? kernelMain : undefined, cure: setup },
    { what: "the extension, built", found: extensionSource(), cure: setup },
    { what: "TensorFlow", found: said(process.execPath, ["-e", tryTensorFlow]), cure: setup },
    { what: "JupyterLab 4 on the PATH", found: lab?.startsWith("4.") ? lab : undefined, cure: `${lab ?? "none"}; pip install "jupyterlab>=4.2", or use npm start, which brings its own` },
    { what: "the kernelspec, in your Jupyter", ...kernelspecFinding(folders) },
    { what: "the extension, in your Jupyter", ...extensionFinding(folders) },
  ];
  for (const { what, found, cure } of findings) console.log(`${found ? "✓" : "✗"} ${what.padEnd(34)} ${found ?? cure}`);
  return findings.every(({ found }) => found) ? 0 : 1;
}
