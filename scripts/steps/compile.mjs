// The kernel and the extension, compiled; the extension bundled for JupyterLab.
import { command } from "../lib/command.mjs";
import { at } from "../lib/places.mjs";
import { hashOfFiles } from "../lib/stamp.mjs";

const sources = ["kernel", "extension"].flatMap((name) => ["src", "style", "package.json", "tsconfig.json"].map((part) => at(name, part)));
const compiler = at("node_modules/typescript/bin/tsc");

/** @type {import("../lib/steps.mjs").Step} */
export const compile = {
  id: "compile",
  name: "kernel and extension compiled",
  after: ["npm-packages"],
  inputs: () => hashOfFiles([at("tsconfig.json"), ...sources]),
  outputs: () => [at("kernel/lib/main.js"), at("extension/labextension/package.json")],
  async run({ progress }) {
    progress("types");
    await command("compile", process.execPath, [compiler, "-b", "kernel", "extension"]);
    progress("bundle");
    await command("bundle", "npm", ["run", "build", "--workspace=extension"]);
  },
};
