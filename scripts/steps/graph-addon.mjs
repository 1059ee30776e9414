// The kernel's own addon for compiled steps (kernel/native): graphs and sessions of the same TensorFlow.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { compileAddon, lookForCompiler, settings } from "../lib/addon.mjs";
import { at } from "../lib/places.mjs";
import { hashOfFiles } from "../lib/stamp.mjs";

const folder = at("kernel/native");

/** @type {import("../lib/addon.mjs").Addon} */
const addon = {
  id: "graph-addon",
  sources: () => readdirSync(folder).sort().map((name) => join(folder, name)),
  flags: ["-DNAPI_VERSION=8"],
  place: at("kernel/lib/native/graph.node"),
};

/** @type {import("../lib/steps.mjs").Step} */
export const graphAddon = {
  id: "graph-addon",
  name: "the addon for compiled steps",
  after: ["tfjs-addon"],
  inputs: () => [settings(addon), hashOfFiles([folder])],
  outputs: () => [addon.place],
  look: () => lookForCompiler(addon),
  run: ({ progress }) => compileAddon(addon, progress),
};
