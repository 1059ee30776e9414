import type { Tensor } from "@tensorflow/tfjs-node";
import { requireTf } from "../tensorflow";
import { meanOverOutputs } from "./losses";
import type { Loss } from "./losses";

export type MetricName = "accuracy" | "mse" | "mae";

/** A metric of one's own: a number for each sample, [batch] (or for each time step, [batch, time]), from targets and outputs. */
export interface Metric {
  name: string;
  better: "higher" | "lower";
  /** Outputs are as the loss takes them: logits where the model ends in a softmax or sigmoid. */
  perSample(targets: Tensor, outputs: Tensor): Tensor;
  /**
   * What is made of all samples, where that is not their mean: `values` has `width` numbers a sample, as
   * `perSample` gave them, [batch, width]; `weights` is what each sample counts.
   */
  summary?(values: Float64Array, width: number, weights: Float64Array): number;
}

const ownMetrics = new WeakSet<Metric>();

/** Whether it is a function of the user's own. */
export function isOwnMetric(metric: Metric): boolean {
  return ownMetrics.has(metric);
}

/** What is measured unless `metrics` says otherwise: accuracy for classes, the mean absolute error for numbers. */
export function metricsFor(loss: Loss, asked: readonly (MetricName | Metric)[] | undefined): Metric[] {
  const classifies = loss.targets === "classes" || loss.name === "binaryCrossentropy";
  const names = asked ?? (classifies ? ["accuracy" as const] : loss.name === "mse" ? ["mae" as const] : []);
  return names.map((metric) => {
    if (typeof metric === "object") {
      ownMetrics.add(metric);
      return metric;
    }
    if (metric === "accuracy") return { name: metric, better: "higher", perSample: loss.targets === "classes" ? accuracy : binaryAccuracy(loss.name === "binaryCrossentropy" ? 0 : 0.5) };
    if (metric === "mae") return { name: metric, better: "lower", perSample: (y, p) => meanOverOutputs(requireTf().abs(requireTf().sub(p, y))) };
    if (metric === "mse") return { name: metric, better: "lower", perSample: (y, p) => meanOverOutputs(requireTf().square(requireTf().sub(p, y))) };
    throw new Error(`metrics: "${String(metric)}" is not known; there are accuracy, mse, mae, or { name, better, perSample }`);
  });
}

function accuracy(targets: Tensor, outputs: Tensor): Tensor {
  const tf = requireTf();
  return tf.cast(tf.equal(tf.argMax(targets, -1), tf.argMax(outputs, -1)), "float32");
}

/** Of several labels, the share that is right. */
const binaryAccuracy = (threshold: number) => (targets: Tensor, outputs: Tensor) => {
  const tf = requireTf();
  return meanOverOutputs(tf.cast(tf.equal(tf.greater(targets, 0.5), tf.greater(outputs, threshold)), "float32"));
};

