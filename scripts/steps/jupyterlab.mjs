// A virtual environment with JupyterLab, in the checkout.
import { rmSync } from "node:fs";
import { command } from "../lib/command.mjs";
import { at, python, root, venv } from "../lib/places.mjs";
import { findPython } from "../lib/python.mjs";
import { hashOfFiles, writeWhole } from "../lib/stamp.mjs";

const requirements = at("scripts/requirements.txt");

/** What pip says, shortened to what it does. @param {(text: string) => void} progress */
export const pipProgress = (progress) => (/** @type {string} */ line) => {
  const [, verb, what] = /^\s*(Collecting|Downloading|Installing collected packages)[: ]+(\S+)/.exec(line) ?? [];
  if (verb) progress(verb === "Installing collected packages" ? "unpacking" : (what ?? "").split("/").at(-1)?.split(/[=<>!~;]|-\d/)[0] ?? "");
};

/** @type {import("../lib/steps.mjs").Step} */
export const jupyterLab = {
  id: "jupyterlab",
  name: "JupyterLab 4.6 in .venv",
  after: [],
  inputs: () => [root, process.platform, process.arch, hashOfFiles([requirements, at("scripts/constraints.txt")])],
  outputs: () => [python, at(".venv/bin/jupyter-lab")],
  look: () => void findPython(),
  async run({ progress }) {
    // Always from nothing: it is not known how far pip came when it was killed, and an environment that was moved is broken.
    rmSync(venv, { recursive: true, force: true });
    progress("making the environment");
    await command("venv", findPython().program, ["-m", "venv", venv]);
    // JupyterLab starts a yarn.js of its own, CommonJS, which Node would read as a module below our package.json.
    writeWhole(at(".venv/package.json"), '{ "type": "commonjs" }\n');
    await command("jupyterlab", python, ["-m", "pip", "install", "-r", requirements], { onLine: pipProgress(progress) });
  },
};
