/** Small models and data with known properties, for the tests of training. */
import type { LayersModel } from "@tensorflow/tfjs-node";
import { fromScratch, weightEntries } from "../../kernel/lib/models/index.js";
import { hashTensor, requireTf } from "../../kernel/lib/tensorflow/index.js";

export const tf = requireTf();

/** Convolution, normalization, dropout, head: everything that a seed or a freeze can touch. */
export function smallCnn(seed = 5): LayersModel {
  const layers = tf.layers;
  const model = tf.sequential({
    name: "small",
    layers: [
      layers.conv2d({ name: "conv1", inputShape: [6, 6, 1], filters: 3, kernelSize: 3, activation: "relu" }),
      layers.batchNormalization({ name: "norm", momentum: 0.9 }),
      layers.flatten({ name: "flat" }),
      layers.dropout({ name: "drop", rate: 0.4 }),
      layers.dense({ name: "features", units: 6, activation: "relu" }),
      layers.dense({ name: "head", units: 3, activation: "softmax" }),
    ],
  });
  return fromScratch(model, { seed });
}

/** Three kinds of stripes with noise: learnable, and the same in every process. */
export function stripes(rows: number): { x: Float32Array; y: Int32Array } {
  const y = Int32Array.from({ length: rows }, (_, row) => row % 3);
  const x = new Float32Array(rows * 36);
  for (let row = 0; row < rows; row++) {
    for (let pixel = 0; pixel < 36; pixel++) {
      const line = [Math.floor(pixel / 6), pixel % 6, (Math.floor(pixel / 6) + pixel) % 6][y[row]!]!;
      x[row * 36 + pixel] = (line % 2) + 0.6 * Math.sin(row * 12.9898 + pixel * 78.233);
    }
  }
  return { x, y };
}

export function hashes(model: LayersModel): Record<string, string> {
  return Object.fromEntries(weightEntries(model).map(({ path, variable }) => [path, hashTensor(variable.read())]));
}

export function valuesOf(model: LayersModel, path: string): number[] {
  const entry = weightEntries(model).find((each) => each.path === path);
  if (!entry) throw new Error(`no weight ${path}`);
  return Array.from(entry.variable.read().dataSync());
}

/** The largest difference between two lists, as a share of the larger value where that is above 1. */
export function farthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!) / Math.max(1, Math.abs(b[i]!)));
  return most;
}
