// Which TensorFlow wheel holds the library for this machine. Only the wheel's library and C headers are used, no Python:
// so one Python tag is named, whatever Python is installed.
import { troubles } from "./trouble.mjs";

/**
 * @typedef {object} Wheel
 * @property {string} variant the folder's name under .cache/tensorflow
 * @property {string} requirement for pip
 * @property {readonly string[]} platforms the platform tags of the wheels
 * @property {number} bytes its size, for the progress line
 * @property {readonly string[]} companions NVIDIA's wheels, unpacked beside it
 * @property {readonly string[]} libraries what the addon links, in lib/
 */

const linuxLibraries = ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"];
const macLibraries = ["libtensorflow_cc.2.dylib", "libtensorflow_framework.2.dylib"];

/** @type {Record<string, Omit<Wheel, "variant" | "companions"> & { companions?: readonly string[] }>} */
const wheels = {
  "linux-x64": { requirement: "tensorflow-cpu==2.21.0", platforms: ["manylinux_2_27_x86_64"], bytes: 273_829_956, libraries: linuxLibraries },
  "linux-arm64": { requirement: "tensorflow==2.21.0", platforms: ["manylinux_2_27_aarch64"], bytes: 281_828_020, libraries: linuxLibraries },
  "darwin-arm64": { requirement: "tensorflow==2.21.0", platforms: ["macosx_12_0_arm64"], bytes: 223_405_849, libraries: macLibraries },
  // The last release with wheels for Intel Macs.
  "darwin-x64": { requirement: "tensorflow-cpu==2.16.2", platforms: ["macosx_10_15_x86_64"], bytes: 259_588_105, libraries: macLibraries },
};

/**
 * @param {string} [platform] @param {string} [arch]
 * @param {string} [choice] THAWBOOK_TENSORFLOW: empty or `cpu`, or `cuda` for NVIDIA GPUs
 * @returns {Wheel}
 */
export function wheelFor(platform = process.platform, arch = process.arch, choice = process.env.THAWBOOK_TENSORFLOW || "cpu") {
  const machine = `${platform}-${arch}`;
  const wheel = wheels[choice === "cpu" ? machine : `${machine}-${choice}`];
  if (!wheel) throw troubles.unknownPlatform(choice === "cpu" ? machine : `${machine} with THAWBOOK_TENSORFLOW=${choice}`);
  return { companions: [], ...wheel, variant: `${wheel.requirement.split("==")[1]}-${choice}` };
}
