// Which TensorFlow wheel holds the library for this machine. Only the wheel's library and C headers are used, no Python:
// so one Python tag is named, whatever Python is installed.
import { troubles } from "./trouble.mjs";

/**
 * @typedef {object} Wheel
 * @property {string} variant the folder's name under .cache/tensorflow
 * @property {string} requirement for pip
 * @property {readonly string[]} platforms the platform tags of the wheels
 * @property {number} bytes to download, for the progress line
 * @property {number} unpacked bytes that are kept
 * @property {readonly string[]} companions NVIDIA's wheels, unpacked beside it
 * @property {readonly string[]} libraries what the addon links, in lib/
 */

const linuxLibraries = ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"];
const macLibraries = ["libtensorflow_cc.2.dylib", "libtensorflow_framework.2.dylib"];

/** @type {Record<string, Omit<Wheel, "variant" | "companions"> & { companions?: readonly string[] }>} */
const wheels = {
  "linux-x64": { requirement: "tensorflow-cpu==2.21.0", platforms: ["manylinux_2_27_x86_64"], bytes: 273_829_956, unpacked: 860e6, libraries: linuxLibraries },
  "linux-arm64": { requirement: "tensorflow==2.21.0", platforms: ["manylinux_2_27_aarch64"], bytes: 281_828_020, unpacked: 890e6, libraries: linuxLibraries },
  "darwin-arm64": { requirement: "tensorflow==2.21.0", platforms: ["macosx_12_0_arm64"], bytes: 223_405_849, unpacked: 750e6, libraries: macLibraries },
  // The last release with wheels for Intel Macs.
  "darwin-x64": { requirement: "tensorflow-cpu==2.16.2", platforms: ["macosx_10_15_x86_64"], bytes: 259_588_105, unpacked: 745e6, libraries: macLibraries },
  "linux-x64-cuda": {
    requirement: "tensorflow==2.21.0",
    platforms: ["manylinux_2_27_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64", "manylinux_2_12_x86_64"],
    bytes: 3_230_000_000,
    unpacked: 5.6e9,
    libraries: linuxLibraries,
    // What `tensorflow[and-cuda]` asks for, but for the compiler that only XLA starts. The library's run path leads to nvidia/ beside lib/.
    companions: [
      "nvidia-cublas-cu12==12.9.3.13",
      "nvidia-cuda-cupti-cu12==12.8.90",
      "nvidia-cuda-nvrtc-cu12==12.9.86",
      "nvidia-cuda-runtime-cu12==12.9.79",
      "nvidia-cudnn-cu12==9.28.0.42",
      "nvidia-cufft-cu12==11.4.1.4",
      "nvidia-curand-cu12==10.3.10.19",
      "nvidia-cusolver-cu12==11.7.5.82",
      "nvidia-cusparse-cu12==12.5.10.65",
      "nvidia-nccl-cu12==2.32.3",
      "nvidia-nvjitlink-cu12==12.9.86",
    ],
  },
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
