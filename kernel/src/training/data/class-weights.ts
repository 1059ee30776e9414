/** What the samples of a class count in training, so that a rare class is not drowned. */
import type { Column } from "./columns";
import type { Dataset } from "./data";

/** A weight for each class by its number, or `"balanced"`: every class counts the same in all. */
export type ClassWeights = "balanced" | Readonly<Record<number, number>> | readonly number[];

/**
 * What multiplies each sample's weight by that of its class, for the training data and what is mixed into them.
 * `"balanced"` is scikit-learn's: samples / (classes * samples of the class), counted in the training data.
 *
 * @throws where there are no classes, and on a class that is not there
 */
export function classWeighing(training: Dataset, choice: ClassWeights): (data: Dataset) => Dataset {
  const { classes, count } = classesOf(training);
  const factors = choice === "balanced" ? balanced(classes, count) : given(choice, count);
  return (data) => {
    const own = classesOf(data).classes;
    const weights = Float32Array.from({ length: data.rows }, (_, row) => factors[own[row]!]! * (data.weights?.values[row] ?? 1));
    return { ...data, weights: { values: weights, rowSize: 1, shape: [], dtype: "float32" } satisfies Column };
  };
}

/** @throws where nothing would be learned */
export function withClassWeights(training: Dataset, weigh: (data: Dataset) => Dataset): Dataset {
  const weighed = weigh(training);
  if (weighed.weights!.values.every((weight) => weight === 0)) throw new RangeError("classWeights: all samples would count 0; nothing would be learned");
  return weighed;
}

function classesOf({ classes, targets, rows, weights }: Dataset): { classes: Int32Array; count: number } {
  if (weights && weights.rowSize !== 1) throw new Error("classWeights and weights of time steps do not go together; multiply them into weights yourself");
  if (classes) return { classes, count: targets.rowSize };
  // Yes or no, behind a sigmoid.
  if (targets.rowSize === 1 && targets.values.every((value) => value === 0 || value === 1)) return { classes: Int32Array.from(targets.values), count: 2 };
  throw new Error(`classWeights wants one class a sample; the targets are ${rows} rows of ${targets.rowSize} numbers. Give weights for the samples instead`);
}

function balanced(classes: Int32Array, count: number): number[] {
  const samples = new Array<number>(count).fill(0);
  for (const value of classes) samples[value]! += 1;
  const present = samples.filter((n) => n > 0).length;
  return samples.map((n) => (n === 0 ? 0 : classes.length / (present * n)));
}

function given(choice: Exclude<ClassWeights, "balanced">, count: number): number[] {
  if (typeof choice !== "object" || choice === null) throw new TypeError(`classWeights must be "balanced" or a weight for each class; it is ${JSON.stringify(choice)}`);
  const factors = new Array<number>(count).fill(1);
  for (const [key, factor] of Object.entries(choice) as [string, number][]) {
    if (!(Number(key) in factors)) throw new RangeError(`classWeights: there is no class ${key}; there are 0 to ${count - 1}`);
    if (!(factor >= 0 && factor < Infinity)) throw new RangeError(`classWeights: a weight is a number from 0 on; for class ${key} it is ${factor}`);
    factors[Number(key)] = factor;
  }
  return factors;
}
