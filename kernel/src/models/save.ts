import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { LayersModel } from "@tensorflow/tfjs-node";
import { requireTf } from "../tensorflow";

/**
 * Saves a model as a folder with `model.json` and `weights.bin`, which `loadPretrained`, tfjs in the
 * browser and tfjs-node read. An existing model there is replaced.
 *
 * @returns the folder's absolute path
 * @example
 * const folder = await save(tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [3] })] }), "/tmp/thawbook-example");
 */
export async function save(model: LayersModel, path: string): Promise<string> {
  const tf = requireTf();
  const folder = resolve(path);
  mkdirSync(folder, { recursive: true });
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      const data = artifacts.weightData;
      const parts = Array.isArray(data) ? data : data ? [data] : [];
      const json = {
        format: "layers-model",
        generatedBy: artifacts.generatedBy,
        modelTopology: artifacts.modelTopology,
        weightsManifest: [{ paths: ["weights.bin"], weights: artifacts.weightSpecs }],
      };
      // Weights first: a model.json never names weights that are not there yet.
      replaceFile(join(folder, "weights.bin"), Buffer.concat(parts.map((part) => Buffer.from(part))));
      replaceFile(join(folder, "model.json"), JSON.stringify(json));
      return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
    }),
  );
  return folder;
}

function replaceFile(path: string, content: string | Buffer): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, content);
  renameSync(temporary, path);
}
