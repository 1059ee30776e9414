import type { DataFrame } from "danfojs-node";
import type { LayersModel } from "@tensorflow/tfjs-node";
import { requireDfd } from "../tensorflow";
import { classesOf, measureModel } from "../training";
import type { MeasureOptions, Samples } from "../training";

/**
 * Loss and metrics of a model on samples that it has not been trained on, in inference mode.
 *
 * @param samples `x`: [samples, ...] in the model's input shape; `y`: as for `finetune`
 * @returns `{ loss, accuracy }` for classes; other metrics as asked
 * @throws on shapes that do not fit and classes out of range
 * @example
 * const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, activation: "softmax", inputShape: [2] })] });
 * const { accuracy } = await evaluate(model, { x: [[0, 1], [1, 0]], y: [0, 1] });
 */
export async function evaluate(model: LayersModel, samples: Samples, options: MeasureOptions = {}): Promise<Record<string, number>> {
  return measureModel(model, samples, options);
}

/**
 * How often each class was taken for each: a row a true class, a column a predicted one.
 *
 * @param names of the classes, in their order; their numbers unless given
 * @example
 * const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, activation: "softmax", inputShape: [2] })] });
 * await confusionMatrix(model, { x: [[0, 1], [1, 0]], y: [0, 1] }, ["cat", "dog"]);
 */
export async function confusionMatrix(model: LayersModel, samples: Samples, names?: readonly string[]): Promise<DataFrame> {
  const { predicted, actual, classes } = await classesOf(model, samples);
  if (names && names.length !== classes) throw new Error(`confusionMatrix: the model tells ${classes} classes apart, and there are ${names.length} names`);
  const counts = confusionCounts(actual, predicted, classes);
  const labels = names ? [...names] : Array.from({ length: classes }, (_, index) => String(index));
  return new (requireDfd().DataFrame)(counts, { columns: labels, index: labels });
}

/** `counts[actual][predicted]`. */
export function confusionCounts(actual: ArrayLike<number>, predicted: ArrayLike<number>, classes: number): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let row = 0; row < actual.length; row++) counts[actual[row]!]![predicted[row]!]! += 1;
  return counts;
}
