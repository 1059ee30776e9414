// The kernelspec and the extension, where the JupyterLab of .venv looks for them.
import { extensionFolder, kernelspec, kernelspecFolder, writeExtension, writeKernelspec } from "../../kernel/bin/kernelspec.mjs";
import { at } from "../lib/places.mjs";
import { hashOfFiles, writeWhole } from "../lib/stamp.mjs";

const data = at(".venv/share/jupyter");
// No question at the first start, and no look for news on the network.
const quiet = { "@jupyterlab/apputils-extension:notification": { fetchNews: "false", checkForUpdates: false } };
const overrides = at(".venv/share/jupyter/lab/settings/overrides.json");

/** @type {import("../lib/steps.mjs").Step} */
export const jupyterParts = {
  id: "jupyter-parts",
  name: "kernel and extension in JupyterLab",
  after: ["jupyterlab", "compile"],
  // The extension is an input by the step that compiles it: a key must be known before any step runs.
  inputs: () => [kernelspec(), quiet, hashOfFiles([at("kernel/assets"), at("kernel/bin/kernelspec.mjs")])],
  outputs: () => [kernelspecFolder(data), extensionFolder(data), overrides],
  async run() {
    writeKernelspec(data);
    writeExtension(data);
    writeWhole(overrides, `${JSON.stringify(quiet, undefined, 2)}\n`);
  },
};
