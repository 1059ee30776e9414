// The models that are timed, their data and first weights: made once from a seed, and read by every contestant from files.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const dense = (name, inner, outer) => [[`${name}/kernel`, [inner, outer]], [`${name}/bias`, [outer]]];
const norm = (name, width) => [[`${name}/gamma`, [width]], [`${name}/beta`, [width]]];

/** The weights of an encoder, by the paths that they have here. */
function encoderWeights({ layers, width, feedForward, vocabulary, positions }, classes) {
  return [
    ["embeddings/word_embeddings", [vocabulary, width]], ["embeddings/position_embeddings", [positions, width]], ["embeddings/type_embeddings", [2, width]], ...norm("embeddings/norm", width),
    ...Array.from({ length: layers }, (_, index) => `encoder/layer/${index}`).flatMap((block) => [
      ...["query", "key", "value", "output"].flatMap((part) => dense(`${block}/attention/${part}`, width, width)), ...norm(`${block}/attention/norm`, width),
      ...dense(`${block}/intermediate`, width, feedForward), ...dense(`${block}/output`, feedForward, width), ...norm(`${block}/norm`, width),
    ]),
    ...dense("head", width, classes),
  ];
}

const HEAD = { kind: "head", input: [384], classes: 10, batch: 32, samples: 32768, dropout: 0.3, optimizer: { name: "adamw", learningRate: 1e-3, weightDecay: 0.01 }, weights: [...dense("hidden", 384, 128), ...dense("head", 128, 10)] };
const CNN = {
  kind: "cnn", input: [28, 28, 1], classes: 10, batch: 32, samples: 4096, dropout: 0, optimizer: { name: "adam", learningRate: 1e-3, weightDecay: 0 },
  weights: [["conv1/kernel", [3, 3, 1, 32]], ["conv1/bias", [32]], ["conv2/kernel", [3, 3, 32, 64]], ["conv2/bias", [64]], ...dense("hidden", 9216, 128), ...dense("head", 128, 10)],
};

/** An encoder as a workload; `changes` of its size. */
export function encoderOf(changes = {}) {
  const { batch = 16, tokens = 64, ...sizes } = changes;
  const size = { layers: 6, width: 384, heads: 12, feedForward: 4 * (sizes.width ?? 384), vocabulary: 30522, positions: 512, ...sizes };
  return { kind: "encoder", input: [tokens], encoder: size, classes: 12, batch, samples: 1200, dropout: 0.1, optimizer: { name: "adamw", learningRate: 5e-5, weightDecay: 0.01 }, weights: encoderWeights(size, 12) };
}

/** Layers up to here are frozen: patterns as `freeze` takes them. */
const LOWER = ["embeddings", "encoder/layer/0", "encoder/layer/1", "encoder/layer/2", "encoder/layer/3"];
const BACKBONE = [...LOWER, "encoder/layer/4", "encoder/layer/5"];

/**
 * What is measured. `measure`: milliseconds of a `step`; of an `epoch`, from the third on; of `epochs` from a fresh
 * start; of the `first` step of a process; of a step `watched`; or the `memory` of a process, in MiB.
 * `limit`: an absolute goal.
 */
export const workloads = {
  head: { title: "head 384-128-10, dropout 0.3, batch 32, AdamW, a step", measure: "step", goal: 0.4, ...HEAD },
  cnn: { title: "small CNN on 28x28x1 (conv 32, conv 64, pool, dense 128), batch 32, Adam, a step", measure: "step", goal: 0.7, ...CNN },
  encoder: { title: "encoder (6 layers, 384, 12 heads, 1536, dropout 0.1; 16 x 64 tokens), AdamW, all weights, a step", measure: "step", goal: 0.85, ...encoderOf() },
  "encoder-top": { title: "encoder, embeddings and lower 4 layers frozen, an epoch of 1,200 texts from the third on", measure: "epoch", goal: 0.5, frozen: LOWER, ...encoderOf() },
  "encoder-head": { title: "encoder, all frozen but a new head, 10 epochs of 1,200 texts with the caching pass", measure: "epochs", epochs: 10, goal: 0.13, frozen: BACKBONE, ...encoderOf() },
  "cnn-head": { title: "CNN, convolutions frozen, 10 epochs of 4,096 images with the caching pass", measure: "epochs", epochs: 10, goal: 0.3, frozen: ["conv1", "conv2"], ...CNN },
  "cnn-first": { title: "CNN: tracing and checking a step, first run included", measure: "first", limit: 700, ...CNN },
  "encoder-first": { title: "encoder: tracing and checking a step, first run included", measure: "first", limit: 5000, ...encoderOf() },
  "cnn-watched": { title: "CNN: a step with instruments on, against off", measure: "watched", goal: 1.1, ...CNN },
  "encoder-watched": { title: "encoder: a step with instruments on, against off", measure: "watched", goal: 1.1, ...encoderOf() },
  memory: { title: "encoder: peak memory of the run, MiB", measure: "memory", goal: 1.3, ...encoderOf() },
};

function generator(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const product = (shape) => shape.reduce((a, b) => a * b, 1);

/** Writes what the contestants read: x.bin (float32 or int32), mask.bin, y.bin (int32), weights-N.bin (float32), workload.json. */
export function writeInputs(folder, workload) {
  const random = generator(1);
  mkdirSync(folder, { recursive: true });
  const write = (file, values) => writeFileSync(join(folder, file), values);
  const { samples, classes } = workload;
  const row = product(workload.input);
  const y = Int32Array.from({ length: samples }, () => Math.floor(random() * classes));
  write("y.bin", y);
  if (workload.kind === "encoder") {
    const lengths = Int32Array.from({ length: samples }, () => Math.ceil(row * (0.5 + random() / 2)));
    const inside = (index) => index % row < lengths[Math.floor(index / row)];
    // Each class has words of its own, so that there is something to learn.
    const word = (index) => 1 + ((Math.floor(random() * 400) * classes + y[Math.floor(index / row)]) % (workload.encoder.vocabulary - 1));
    write("x.bin", Int32Array.from({ length: samples * row }, (_, index) => (inside(index) ? word(index) : 0)));
    write("mask.bin", Int32Array.from({ length: samples * row }, (_, index) => Number(inside(index))));
  } else {
    // Uniform values, shifted by the class so that there is something to learn.
    write("x.bin", Float32Array.from({ length: samples * row }, (_, index) => (random() - 0.5) * 2 + (y[Math.floor(index / row)] - 4.5) * 0.02));
  }
  workload.weights.forEach(([name, shape], index) => {
    const limit = workload.kind === "encoder" ? 0.035 : Math.sqrt(6 / (product(shape.slice(0, -1)) + shape.at(-1)));
    const value = name.endsWith("gamma") ? () => 1 : /(bias|beta)$/.test(name) ? () => 0 : () => (random() * 2 - 1) * limit;
    write(`weights-${index}.bin`, Float32Array.from({ length: product(shape) }, value));
  });
  write("workload.json", JSON.stringify(workload));
}
