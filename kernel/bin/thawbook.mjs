#!/usr/bin/env node
// thawbook: puts the kernel and the extension into a Jupyter of the user's own, takes them out, and says what is wrong.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { doctor } from "./doctor.mjs";
import { chosenData } from "./jupyter-data.mjs";
import { builtExtension, remove, writeExtension, writeKernelspec } from "./kernelspec.mjs";

const usage = `thawbook install [--user | --prefix DIR]     the kernel and the extension into your own Jupyter
thawbook uninstall [--user | --prefix DIR]   out of it again
thawbook doctor                              what is there, and what is wrong
thawbook papermill IN OUT [-p NAME VALUE …]  papermill, with parameters in TypeScript

Without an option: the data directory that \`jupyter --paths\` names first (your virtual environment's, where one is active).
--user        your home's data directory, for every Jupyter of yours
--prefix DIR  DIR/share/jupyter, such as a virtual environment or /usr/local`;

/** Runs papermill in the Python that is first on the PATH. @param {string[]} options */
function papermill(options) {
  const { status, error } = spawnSync("python3", [fileURLToPath(new URL("papermill-typescript.py", import.meta.url)), ...options], { stdio: "inherit" });
  if (error) throw new Error(`python3 cannot be started: ${error.message}`);
  return status ?? 1;
}

/** @param {string[]} words */
async function main([verb, ...options]) {
  switch (verb) {
    case "install": {
      const data = chosenData(options);
      builtExtension(); // all or nothing
      console.log(`kernel     ${writeKernelspec(data)}`);
      console.log(`extension  ${writeExtension(data)}`);
      console.log("Restart JupyterLab, then choose the kernel “TypeScript (Thawbook)”. It runs from this folder: keep it.");
      return 0;
    }
    case "uninstall": {
      const data = chosenData(options);
      const gone = remove(data);
      console.log(gone.length > 0 ? gone.map((folder) => `removed  ${folder}`).join("\n") : `nothing of Thawbook in ${data}`);
      return 0;
    }
    case "doctor":
      return doctor();
    case "papermill":
      return papermill(options);
    default:
      console.log(usage);
      return verb === undefined || /^(-h|--help|help)$/.test(verb) ? 0 : 2;
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`thawbook: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
