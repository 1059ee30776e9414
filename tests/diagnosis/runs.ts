/** Data and models for the tests of this room: healthy ones, and ones with a fault planted. */
import type { LayersModel } from "@tensorflow/tfjs-node";
import { fromScratch } from "../../kernel/lib/models/index.js";
import { requireTf } from "../../kernel/lib/tensorflow/index.js";

export const tf = requireTf();

/** A generator of numbers from 0 to 1, the same in every process (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** About normal, mean 0 and deviation 1. */
export function normal(seed: number): () => number {
  const uniform = random(seed);
  return () => Math.sqrt(-2 * Math.log(uniform() + 1e-12)) * Math.cos(2 * Math.PI * uniform());
}

export interface Rows {
  x: Float32Array;
  y: Float32Array;
}

/** Pictures of 8 x 8 from 0 to 1: ten patterns with noise, as handwritten digits are. */
export function pictures(rows: number, seed: number, noise = 0.25): Rows {
  const pattern = random(7);
  const kinds = Array.from({ length: 10 }, () => Array.from({ length: 64 }, () => Number(pattern() > 0.6)));
  const drawn = normal(seed);
  const y = Float32Array.from({ length: rows }, (_, row) => row % 10);
  const x = Float32Array.from({ length: rows * 64 }, (_, at) => Math.min(1, Math.max(0, kinds[y[Math.floor(at / 64)]!]![at % 64]! + noise * drawn())));
  return { x, y };
}

/** Ten features, of which a few decide; labels with some noise. */
export function table(rows: number, seed: number, noise = 0.3): Rows {
  const drawn = normal(seed);
  const x = Float32Array.from({ length: rows * 10 }, () => drawn());
  const y = Float32Array.from({ length: rows }, (_, row) => Number(x[row * 10]! - x[row * 10 + 1]! + 0.5 * x[row * 10 + 2]! + noise * drawn() > 0));
  return { x, y };
}

/** A number from five features. */
export function curve(rows: number, seed: number): Rows {
  const drawn = normal(seed);
  const x = Float32Array.from({ length: rows * 5 }, () => drawn());
  const y = Float32Array.from({ length: rows }, (_, row) => Math.sin(x[row * 5]!) + 0.5 * x[row * 5 + 1]! + 0.1 * drawn());
  return { x, y };
}

/** Dense layers of these widths, the last with `end`. */
export function dense(inputs: number, widths: readonly number[], { activation = "relu" as "relu" | "sigmoid" | "tanh", end = "softmax" as "softmax" | "sigmoid" | "linear", dropout = 0, seed = 3 } = {}): LayersModel {
  const model = tf.sequential({ name: "net" });
  widths.forEach((units, index) => {
    const last = index === widths.length - 1;
    if (last && dropout > 0) model.add(tf.layers.dropout({ name: "drop", rate: dropout }));
    model.add(tf.layers.dense({ name: last ? "head" : `dense${index + 1}`, units, activation: last ? end : activation, ...(index === 0 && { inputShape: [inputs] }) }));
  });
  return fromScratch(model, { seed });
}

export function convolutional({ normalized = false, seed = 3 } = {}): LayersModel {
  const { layers } = tf;
  const model = tf.sequential({ name: "cnn" });
  model.add(layers.conv2d({ name: "conv1", inputShape: [8, 8, 1], filters: 8, kernelSize: 3, activation: normalized ? undefined : "relu" }));
  if (normalized) {
    model.add(layers.batchNormalization({ name: "norm1", momentum: 0.9 }));
    model.add(layers.reLU({ name: "relu1" }));
  }
  model.add(layers.conv2d({ name: "conv2", filters: 12, kernelSize: 3, activation: "relu" }));
  model.add(layers.maxPooling2d({ name: "pool", poolSize: 2 }));
  model.add(layers.flatten({ name: "flat" }));
  model.add(layers.dense({ name: "head", units: 10, activation: "softmax" }));
  return fromScratch(model, { seed });
}

export function weight(model: LayersModel, layer: string, index: number) {
  return model.getLayer(layer).weights[index] as unknown as { read(): ReturnType<typeof tf.tensor>; write(value: unknown): void };
}

export const take = ({ x, y }: Rows, from: number, to: number): Rows => ({ x: x.slice((from * x.length) / y.length, (to * x.length) / y.length), y: y.slice(from, to) });
