// The models that are timed, their data and first weights: made once from a seed, and read by every peer from files.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Kernels in tfjs' order: dense [in, out], convolution [height, width, in, out]. */
export const workloads = {
  head: {
    title: "head 384-128-10, dropout 0.3, batch 32, AdamW",
    input: [384],
    classes: 10,
    batch: 32,
    samples: 2048,
    dropout: 0.3,
    optimizer: { name: "adamw", learningRate: 1e-3, weightDecay: 0.01 },
    weights: [[384, 128], [128], [128, 10], [10]],
    steps: 1024,
    goal: 0.4,
  },
  cnn: {
    title: "small CNN on 28x28x1 (conv 32, conv 64, pool, dense 128), batch 32, Adam",
    input: [28, 28, 1],
    classes: 10,
    batch: 32,
    samples: 512,
    dropout: 0,
    optimizer: { name: "adam", learningRate: 1e-3, weightDecay: 0 },
    weights: [[3, 3, 1, 32], [32], [3, 3, 32, 64], [64], [9216, 128], [128], [128, 10], [10]],
    steps: 32,
    goal: 0.7,
  },
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

/** Writes what the peers read: x.bin and weights-N.bin (float32), y.bin (int32), workload.json. */
export function writeInputs(folder, name, changes = {}) {
  const workload = { ...workloads[name], name, ...changes };
  const random = generator(1);
  mkdirSync(folder, { recursive: true });
  const floats = (file, size, value) => writeFileSync(join(folder, file), Float32Array.from({ length: size }, value));
  const y = Int32Array.from({ length: workload.samples }, () => Math.floor(random() * workload.classes));
  const row = product(workload.input);
  // Uniform values, shifted by the class so that there is something to learn.
  floats("x.bin", workload.samples * row, (_, index) => (random() - 0.5) * 2 + (y[Math.floor(index / row)] - 4.5) * 0.02);
  writeFileSync(join(folder, "y.bin"), y);
  workload.weights.forEach((shape, index) => {
    const fanIn = product(shape.slice(0, -1));
    const limit = Math.sqrt(6 / (fanIn + shape.at(-1)));
    floats(`weights-${index}.bin`, product(shape), () => (shape.length === 1 ? 0 : (random() * 2 - 1) * limit));
  });
  writeFileSync(join(folder, "workload.json"), JSON.stringify(workload));
  return workload;
}
