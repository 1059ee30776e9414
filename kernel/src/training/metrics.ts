import type { Tensor, Tensor1D } from "@tensorflow/tfjs-node";
import { requireTf } from "../tensorflow";
import type { Loss } from "./losses";

export type MetricName = "accuracy" | "mse" | "mae";

/** A metric of one's own: a number for each sample, [batch], from targets and outputs. */
export interface Metric {
  name: string;
  better: "higher" | "lower";
  /** Outputs are as the loss takes them: logits where the model ends in a softmax or sigmoid. */
  perSample(targets: Tensor, outputs: Tensor): Tensor1D;
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
    if (metric === "mae") return { name: metric, better: "lower", perSample: (y, p) => meanOf(requireTf().abs(requireTf().sub(p, y))) };
    if (metric === "mse") return { name: metric, better: "lower", perSample: (y, p) => meanOf(requireTf().square(requireTf().sub(p, y))) };
    throw new Error(`metrics: "${String(metric)}" is not known; there are accuracy, mse, mae, or { name, better, perSample }`);
  });
}

function accuracy(targets: Tensor, outputs: Tensor): Tensor1D {
  const tf = requireTf();
  return tf.cast(tf.equal(tf.argMax(targets, -1), tf.argMax(outputs, -1)), "float32") as Tensor1D;
}

/** Of several labels, the share that is right. */
const binaryAccuracy = (threshold: number) => (targets: Tensor, outputs: Tensor) => {
  const tf = requireTf();
  return meanOf(tf.cast(tf.equal(tf.greater(targets, 0.5), tf.greater(outputs, threshold)), "float32"));
};

function meanOf(values: Tensor): Tensor1D {
  const tf = requireTf();
  return (values.rank === 1 ? values : tf.mean(tf.reshape(values, [values.shape[0]!, -1]), 1)) as Tensor1D;
}
