// tfjs-node's addon, compiled from the source in its npm package against the library of the wheel.
import { existsSync, readdirSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { compileAddon, deps, lookForCompiler, settings } from "../lib/addon.mjs";
import { command } from "../lib/command.mjs";
import { addonPackage, at } from "../lib/places.mjs";
import { tensorFlowFolder, tensorFlowStep } from "./tensorflow.mjs";

const napi = 8; // the highest that tfjs-node asks for
const binding = join(addonPackage, "binding");

/** @type {import("../lib/addon.mjs").Addon} */
const addon = {
  id: "tfjs-addon",
  sources: () => (existsSync(binding) ? readdirSync(binding).sort().map((name) => join(binding, name)) : []),
  flags: [`-DNAPI_VERSION=${napi}`],
  place: join(addonPackage, `lib/napi-v${napi}/tfjs_binding.node`),
};

/** Puts TensorFlow where tfjs-node's own install script would have. */
function linkTensorFlow() {
  if (existsSync(deps) && realpathSync(deps) === realpathSync(tensorFlowFolder())) return;
  rmSync(deps, { recursive: true, force: true });
  symlinkSync(relative(dirname(deps), tensorFlowFolder()), deps);
}

/** @type {import("../lib/steps.mjs").Step} */
export const tfjsAddon = {
  id: "tfjs-addon",
  name: "tfjs-node's addon",
  get after() {
    return ["npm-packages", tensorFlowStep()];
  },
  inputs: () => settings(addon), // its sources come with the npm packages
  outputs: () => [addon.place, join(deps, "lib")],
  look: () => lookForCompiler(addon),
  async run({ progress }) {
    linkTensorFlow();
    await compileAddon(addon, progress);
    progress("trying it");
    await command("tfjs-addon-trial", process.execPath, [at("scripts/lib/try-addon.cjs")]);
  },
};
