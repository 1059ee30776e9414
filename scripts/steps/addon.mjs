// tfjs-node's addon, compiled from the source in its npm package against TensorFlow's own library.
// N-API headers come from npm, so that nothing is fetched from nodejs.org; one build serves every Node from 20 on.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { command } from "../lib/command.mjs";
import { addonPackage, at, cached } from "../lib/places.mjs";
import { hashOf } from "../lib/stamp.mjs";
import { troubles } from "../lib/trouble.mjs";
import { wheelFor } from "../lib/wheel.mjs";
import { tensorFlowFolder } from "./tensorflow.mjs";

const napi = 8; // the highest that tfjs-node asks for
const binding = join(addonPackage, `lib/napi-v${napi}/tfjs_binding.node`);
const sources = ["tfjs_backend.cc", "tfjs_binding.cc"].map((name) => join(addonPackage, "binding", name));
const headers = at("node_modules/node-api-headers/include");
const tfjsNode = "4.22.0";
const flags = ["-std=c++17", "-O2", "-fPIC", "-shared", `-DNAPI_VERSION=${napi}`];

/** How the addon finds `deps/lib` beside it at run time, wherever the checkout lies. */
const linking = () =>
  process.platform === "darwin"
    ? ["-undefined", "dynamic_lookup", "-Wl,-rpath,@loader_path/../../deps/lib"]
    : ["-Wl,-rpath,$ORIGIN/../../deps/lib"];

function compiler() {
  const candidates = process.env.CXX ? [process.env.CXX] : ["c++", "g++", "clang++"];
  const found = candidates.find((name) => spawnSync(name, ["--version"]).status === 0);
  if (!found) throw troubles.noCompiler(candidates.join(", "));
  return found;
}

/** Kept outside node_modules: where npm has replaced that, nothing is compiled again. */
const kept = () => cached("addon", `tfjs-node-${tfjsNode}-${hashOf([wheelFor(), flags, linking(), process.platform, process.arch])}.node`);

/** @type {import("../lib/steps.mjs").Step} */
export const addon = {
  id: "addon",
  name: "tfjs-node's addon",
  after: ["npm-packages", "tensorflow"],
  inputs: () => [tfjsNode, flags, linking()],
  outputs: () => [binding, join(addonPackage, "deps/lib")],
  look: () => void (existsSync(kept()) || compiler()),
  async run({ progress }) {
    const deps = join(addonPackage, "deps");
    rmSync(deps, { recursive: true, force: true });
    symlinkSync(relative(dirname(deps), tensorFlowFolder()), deps);
    if (!existsSync(kept())) {
      progress("compiling");
      mkdirSync(dirname(kept()), { recursive: true });
      const libraries = wheelFor().libraries.map((name) => join(deps, "lib", name));
      const part = `${kept()}.part`;
      await command("addon", compiler(), [...flags, `-I${headers}`, `-I${join(deps, "include")}`, ...sources, "-o", part, ...libraries, ...linking()]);
      renameSync(part, kept());
    }
    mkdirSync(dirname(binding), { recursive: true });
    copyFileSync(kept(), `${binding}.part`);
    renameSync(`${binding}.part`, binding);
    progress("trying it");
    await command("addon-trial", process.execPath, [at("scripts/lib/try-addon.cjs")]);
  },
};

