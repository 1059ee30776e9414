import type { Rank, Tensor } from "@tensorflow/tfjs-node";
import { requireTf } from "./load";
import { executeOp } from "./ops";

/**
 * Where in a run a random number is drawn. The numbers depend on these three alone, never on what
 * was drawn before: a step can be repeated, and a compiled step draws the same ones.
 */
export interface RandomSite {
  /** The run's seed, an integer. */
  seed: number;
  /** Names the place: `dropout_1#0`, `order`. */
  site: string;
  /** The step, epoch or whatever counts at this place. An int32 scalar where a graph is recorded, whose steps come later. */
  step: number | Tensor;
}

/** The pair of int32 that TensorFlow's stateless ops take as seed. TensorFlow scrambles it. */
export function statelessSeed({ seed, site, step }: RandomSite & { step: number }): [number, number] {
  return [hash32(`${seed}/${site}`) | 0, step | 0];
}

/** Uniform in [0, 1), by TensorFlow's counter-based generator (Philox). */
export function statelessUniform<R extends Rank = Rank>(shape: readonly number[], site: RandomSite): Tensor<R> {
  return draw("StatelessRandomUniform", shape, site) as Tensor<R>;
}

/** Standard normal. */
export function statelessNormal<R extends Rank = Rank>(shape: readonly number[], site: RandomSite): Tensor<R> {
  return draw("StatelessRandomNormal", shape, site) as Tensor<R>;
}

/**
 * A permutation of 0 … n-1 (Fisher-Yates), in memory of the host.
 *
 * @example
 * permutation(4, { seed: 1, site: "order", step: 0 }); // the same four numbers in every process
 */
export function permutation(n: number, site: RandomSite): Int32Array {
  const order = Int32Array.from({ length: n }, (_, index) => index);
  const draws = statelessBits(n, site);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor((draws[i]! / 2 ** 32) * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** `n` uniform 32-bit integers. */
export function statelessBits(n: number, site: RandomSite): Uint32Array {
  if (n === 0) return new Uint32Array(0);
  const bits = draw("StatelessRandomUniformFullInt", [n], site, "int32");
  const values = bits.dataSync() as Int32Array;
  bits.dispose();
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

function draw(op: string, shape: readonly number[], site: RandomSite, dtype: "float32" | "int32" = "float32"): Tensor {
  const tf = requireTf();
  const shapeTensor = tf.tensor1d([...shape], "int32");
  const seed = seedTensor(site);
  const [result] = executeOp(op, { dtype: { type: dtype }, T: { type: "int32" }, Tseed: { type: "int32" } }, [shapeTensor, seed]);
  shapeTensor.dispose();
  seed.dispose();
  return result!;
}

function seedTensor({ seed, site, step }: RandomSite): Tensor {
  const tf = requireTf();
  if (typeof step === "number") return tf.tensor1d(statelessSeed({ seed, site, step }), "int32");
  return tf.tidy(() => tf.stack([tf.scalar(hash32(`${seed}/${site}`) | 0, "int32"), step]));
}

/**
 * Runs `work` while `Math.random` is a seeded generator. tfjs seeds its initialisers and noise layers
 * from `Math.random`: inside, they give the same numbers in every process. `work` is synchronous.
 */
export function withSeededMathRandom<T>(site: RandomSite, work: () => T): T {
  // While a graph is recorded, Math.random is refused: what it gives would be the same at every step.
  if (typeof site.step !== "number") return work();
  const original = Math.random;
  Math.random = mulberry32(hash32(`${site.seed}/${site.site}/${site.step}`));
  try {
    return work();
  } finally {
    Math.random = original;
  }
}

/** Tommy Ettinger's mulberry32: 32 bits of state, enough to hand out seeds. */
function mulberry32(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** 32 bits of a text: FNV-1a, then murmur3's finaliser so that near texts are far apart. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
