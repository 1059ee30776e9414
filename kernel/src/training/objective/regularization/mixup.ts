import { permutation, withSeededMathRandom } from "../../../tensorflow";
import { positive } from "../../plan/checks";
import type { Column } from "../../data/columns";
import type { Regularizer } from "./regularizer";

/**
 * Trains on mixtures of two samples, inputs and targets alike (Zhang et al. 2018): each batch is mixed with
 * itself in another order, by a share drawn from Beta(alpha, alpha) for the batch. Where samples or classes have
 * weights, each of the two losses has its own: share * w_a * loss_a + (1 - share) * w_b * loss_b. Exact, up to a
 * constant of mse, for crossentropy, binaryCrossentropy and mse, whose gradients are linear in the targets.
 *
 * @param alpha 0.1 to 0.4 for images: the smaller, the closer to one of the two
 */
export function mixup(alpha = 0.2): Regularizer {
  positive("mixup: alpha", alpha);
  return {
    kind: "mixup",
    check(model, loss) {
      const whole = model.inputs.find(({ dtype }) => dtype === "int32");
      if (whole) throw new Error(`mixup mixes numbers; the input ${whole.name} of ${model.name} takes whole numbers, as of words`);
      if (loss.own) throw new Error("mixup wants one of the named losses; it does not know what targets a function of your own takes");
      if (loss.pairs) throw new Error(`mixup mixes targets; ${loss.name} has none`);
    },
    stage: ({ seed }) => (batch, { step, pass }) => {
      const order = permutation(batch.rows, { seed, site: `mixup/${pass}`, step });
      const share = withSeededMathRandom({ seed, site: `mixup share/${pass}`, step }, () => beta(alpha, Math.random));
      const mixed = (column: Column): Column => ({ ...column, values: mix(column, order, share) });
      const weights = batch.weights && mixed(batch.weights);
      const targets = batch.weights && weights ? { ...batch.targets, values: mixWeighted(batch.targets, batch.weights, weights, order, share) } : mixed(batch.targets);
      return { rows: batch.rows, inputs: batch.inputs.map(mixed), targets, weights };
    },
  };
}

function mix({ values, rowSize }: Column, order: Int32Array, share: number): Float32Array {
  const made = new Float32Array(values.length);
  order.forEach((other, row) => {
    for (let i = 0; i < rowSize; i++) made[row * rowSize + i] = share * values[row * rowSize + i]! + (1 - share) * values[other * rowSize + i]!;
  });
  return made;
}

/**
 * Targets mixed by share * w_a to (1 - share) * w_b. With the mixed weight before it, their loss is the sum of the two
 * weighted ones, and their sum stays that of a target, which a cross-entropy takes for granted.
 */
function mixWeighted({ values, rowSize }: Column, weights: Column, mixed: Column, order: Int32Array, share: number): Float32Array {
  const made = new Float32Array(values.length);
  const each = rowSize / weights.rowSize;
  order.forEach((other, row) => {
    for (let i = 0; i < rowSize; i++) {
      const step = Math.floor(i / each);
      const [own, sum] = [weights.values[row * weights.rowSize + step]!, mixed.values[row * weights.rowSize + step]!];
      const part = sum > 0 ? (share * own) / sum : share;
      made[row * rowSize + i] = part * values[row * rowSize + i]! + (1 - part) * values[other * rowSize + i]!;
    }
  });
  return made;
}

/** Beta(a, a), as a share of two gamma variates. */
export function beta(a: number, random: () => number): number {
  const [x, y] = [gamma(a, random), gamma(a, random)];
  return x + y > 0 ? x / (x + y) : random() < 0.5 ? 0 : 1;
}

/** Marsaglia and Tsang 2000; below 1 by their boost. */
function gamma(shape: number, random: () => number): number {
  if (shape < 1) return gamma(shape + 1, random) * random() ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}
