import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { LayersModel } from "@tensorflow/tfjs-node";
import { requireTf } from "../tensorflow";
import { asContainer } from "./internals";
import { registerLayers } from "./layers";
import { closestNames } from "../closest-names";

/**
 * Loads a pretrained model: a folder with a tfjs `model.json`, that file itself, or what `save` wrote.
 * A model that is already loaded is given back as it is.
 *
 * @param source a path, relative to the notebook's folder; or a tfjs LayersModel
 * @returns a tfjs LayersModel, ready to be frozen, given a new head and trained
 * @throws when nothing is there (with the closest names), when the format is another one, and when
 *   the weights do not fit (with the tensor that is cut off or missing)
 * @example
 * await save(tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [3] })] }), "/tmp/thawbook-example");
 * const model = await loadPretrained("/tmp/thawbook-example");
 * model.outputs[0].shape; // [null, 2]
 */
export async function loadPretrained(source: string | LayersModel): Promise<LayersModel> {
  if (typeof source !== "string") {
    if (asContainer(source)) return source;
    throw new TypeError("loadPretrained wants a path or a tfjs LayersModel");
  }
  const file = findModelJson(resolve(source), source);
  const json = readModelJson(file);
  const weights = readWeights(json.weightsManifest, file);
  const tf = requireTf();
  registerLayers();
  try {
    return await tf.loadLayersModel(tf.io.fromMemory({ modelTopology: json.modelTopology, ...weights }));
  } catch (cause) {
    throw new Error(`${file} cannot be built into a model: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

interface WeightSpec {
  name: string;
  shape: number[];
  dtype: "float32" | "int32" | "bool" | "string" | "complex64";
  quantization?: { dtype: "uint8" | "uint16" | "float16" };
}

interface ModelJson {
  modelTopology: object;
  weightsManifest: { paths: string[]; weights: WeightSpec[] }[];
}

const SUPPORTED = "loadPretrained reads tfjs models (a folder with model.json); convert it, or load it with its own library";

/** What people keep models in, by the end of a file's name. */
const FORMATS: readonly [pattern: RegExp, name: string][] = [
  [/\.safetensors$/, "safetensors (Hugging Face)"],
  [/\.keras$/, "a Keras 3 file"],
  [/\.(h5|hdf5)$/, "a Keras HDF5 file"],
  [/^saved_model\.pb$|\.pb$/, "a TensorFlow SavedModel or frozen graph"],
  [/\.(pt|pth|bin)$/, "PyTorch weights"],
  [/\.onnx$/, "ONNX"],
  [/\.gguf$/, "GGUF"],
];

function formatOf(name: string): string | undefined {
  return FORMATS.find(([pattern]) => pattern.test(name))?.[1];
}

function findModelJson(path: string, asGiven: string): string {
  if (!existsSync(path)) throw new Error(missing(path, asGiven));
  if (statSync(path).isFile()) {
    if (path.endsWith(".json")) return path;
    throw new Error(`"${asGiven}" is ${formatOf(basename(path)) ?? "of a format that is not known"}. ${SUPPORTED}.`);
  }
  const names = readdirSync(path);
  if (names.includes("model.json")) return join(path, "model.json");
  const found = names.map(formatOf).find((format) => format !== undefined);
  if (found) throw new Error(`"${asGiven}" holds ${found}. ${SUPPORTED}.`);
  throw new Error(`"${asGiven}" holds no model.json; it holds ${names.length === 0 ? "nothing" : names.slice(0, 5).join(", ")}.`);
}

function missing(path: string, asGiven: string): string {
  let parent = dirname(path);
  let wanted = basename(path);
  while (!existsSync(parent)) [wanted, parent] = [basename(parent), dirname(parent)];
  const close = closestNames(wanted, readdirSync(parent).filter((name) => !name.startsWith(".")));
  return `There is no "${asGiven}" (looked for ${path}). ${close.length > 0 ? `Closest in ${parent}: ${close.join(", ")}.` : `${parent} is empty.`}`;
}

function readModelJson(file: string): ModelJson {
  let json: Partial<ModelJson> & { format?: string };
  try {
    json = JSON.parse(readFileSync(file, "utf8")) as typeof json;
  } catch (cause) {
    throw new Error(`${file} is no valid JSON: ${(cause as Error).message}`, { cause });
  }
  const topology = json?.modelTopology;
  if (typeof topology !== "object" || topology === null) throw new Error(`${file} has no "modelTopology": it is no tfjs model.`);
  if (json.format === "graph-model" || "node" in topology) {
    throw new Error(`${file} is a tfjs graph model: frozen for inference, its layers are gone and it cannot be fine-tuned. Convert the original as a layers model.`);
  }
  if (!Array.isArray(json.weightsManifest)) throw new Error(`${file} has no "weightsManifest": it holds the topology only.`);
  return json as ModelJson;
}

const BYTES: Readonly<Record<string, number>> = { float32: 4, int32: 4, bool: 1, complex64: 8, uint8: 1, uint16: 2, float16: 2 };

function readWeights(manifest: ModelJson["weightsManifest"], file: string): { weightSpecs: WeightSpec[]; weightData: ArrayBuffer } {
  const weightSpecs = manifest.flatMap((group) => group.weights);
  const parts: Buffer[] = [];
  for (const group of manifest) {
    const shards = group.paths.map((name) => {
      const path = join(dirname(file), name);
      if (!existsSync(path)) throw new Error(`${file} names the weight file ${name}, which is not beside it.`);
      return readFileSync(path);
    });
    const data = Buffer.concat(shards);
    checkLength(group.weights, data.length, group.paths.join(", "));
    parts.push(data);
  }
  const all = Buffer.concat(parts);
  return { weightSpecs, weightData: all.buffer.slice(all.byteOffset, all.byteOffset + all.byteLength) as ArrayBuffer };
}

/** Names the first tensor that the file does not hold wholly. Text tensors carry their own lengths. */
function checkLength(specs: readonly WeightSpec[], available: number, files: string): void {
  let end = 0;
  for (const { name, shape, dtype, quantization } of specs) {
    const width = BYTES[quantization?.dtype ?? dtype];
    if (width === undefined) return;
    const start = end;
    end += width * shape.reduce((product, n) => product * n, 1);
    if (end > available) {
      throw new Error(`${files} ends inside the tensor "${name}" [${shape.join(", ")}]: it has ${available} bytes, and this tensor takes ${start} to ${end}. The file is cut off; copy it again.`);
    }
  }
  if (end !== available) throw new Error(`${files} has ${available} bytes, but its tensors take ${end}: model.json belongs to other weights.`);
}
