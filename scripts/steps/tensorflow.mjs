// TensorFlow's library and C headers, out of the wheel on PyPI; the wheel itself is not kept.
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { command } from "../lib/command.mjs";
import { megabytes } from "../lib/console.mjs";
import { at, cached, python } from "../lib/places.mjs";
import { hashOfFiles } from "../lib/stamp.mjs";
import { troubles } from "../lib/trouble.mjs";
import { wheelFor } from "../lib/wheel.mjs";

const unpacker = at("scripts/lib/unpack.py");
export const tensorFlowFolder = () => cached("tensorflow", wheelFor().variant);
/** The step's id: the CPU's and the GPU's library are kept side by side, each with a stamp of its own. */
export const tensorFlowStep = () => `tensorflow-${wheelFor().variant}`;

/** @param {string} folder the bytes in it by now */
function bytesIn(folder) {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).reduce((sum, name) => {
    try {
      return sum + statSync(join(folder, name)).size;
    } catch {
      return sum; // pip moved it meanwhile
    }
  }, 0);
}

/** @type {import("../lib/steps.mjs").Step} */
export const tensorFlow = {
  get id() {
    return tensorFlowStep();
  },
  get name() {
    return `TensorFlow ${wheelFor().variant.replace("-", ", ")}`;
  },
  after: [], // needs pip of .venv, but its result does not depend on which
  inputs: () => [wheelFor().requirement, wheelFor().companions, hashOfFiles([unpacker])],
  outputs: () => wheelFor().libraries.map((name) => join(tensorFlowFolder(), "lib", name)),
  look() {
    const wheel = wheelFor();
    const { bavail, bsize } = statfsSync(at("."));
    const needed = wheel.bytes + wheel.unpacked;
    if (bavail * bsize < needed) throw troubles.diskFull(`${megabytes(bavail * bsize)} free, ${megabytes(needed)} needed for TensorFlow alone`);
  },
  async run({ progress }) {
    const wheel = wheelFor();
    const folder = tensorFlowFolder();
    const part = `${folder}.part`;
    const downloads = cached("wheels");
    for (const path of [part, downloads, cached("tmp")]) rmSync(path, { recursive: true, force: true });
    mkdirSync(cached("tmp"), { recursive: true }); // where pip loads into; then it copies
    const start = bytesIn(cached("tmp"));
    const watch = setInterval(() => progress(`${megabytes(Math.max(0, bytesIn(cached("tmp")) - start))} of ${megabytes(wheel.bytes)}`), 200);
    try {
      const only = ["--only-binary=:all:", "--implementation=cp", "--python-version=3.11", "--abi=cp311", "--abi=none"];
      const platforms = wheel.platforms.map((tag) => `--platform=${tag}`);
      const pip = ["-m", "pip", "download", "--no-deps", "--no-cache-dir", "--progress-bar=off", "--dest", downloads];
      await command("tensorflow-download", python, [...pip, ...only, ...platforms, wheel.requirement, ...wheel.companions]);
    } finally {
      clearInterval(watch);
    }
    const files = readdirSync(downloads).map((name) => join(downloads, name));
    await command("tensorflow-unpack", python, [unpacker, part, ...files], {
      onLine: (line) => {
        const [, done, total] = /^unpacked (\d+) of (\d+)/.exec(line) ?? [];
        if (total) progress(`unpacking ${megabytes(Number(done))} of ${megabytes(Number(total))}`);
      },
    });
    rmSync(folder, { recursive: true, force: true });
    renameSync(part, folder);
    rmSync(downloads, { recursive: true, force: true });
  },
};
