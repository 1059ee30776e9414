import type { Tensor } from "@tensorflow/tfjs-node";
import { requireTf } from "../../tensorflow";
import { meanOverOutputs } from "./losses";
import type { Loss } from "./losses";
import { auc, macroF1, microF1, r2, rmse } from "./summaries";

/**
 * - `accuracy`: the share that is right; of several labels, the share of labels. Of pairs, those that find their own
 * - `top5Accuracy`: the true class is among the 5 likeliest
 * - `subsetAccuracy`: all labels of a sample are right
 * - `f1`: of yes or no, that of yes; of classes and labels the mean over them (macro); `microF1`: of all decisions together
 * - `auc`: area under the ROC curve, of yes or no; of several labels their mean
 * - `mse`, `rmse`, `mae`, `r2`: of numbers
 */
export type MetricName = "accuracy" | `top${number}Accuracy` | "subsetAccuracy" | "f1" | "microF1" | "auc" | "mse" | "rmse" | "mae" | "r2";

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

/** What is measured unless `metrics` says otherwise: accuracy for classes and pairs, the mean absolute error for numbers. */
export function metricsFor(loss: Loss, asked: readonly (MetricName | Metric)[] | undefined): Metric[] {
  const classifies = loss.targets === "classes" || loss.name === "binaryCrossentropy" || loss.accuracy;
  const names = asked ?? (classifies ? ["accuracy" as const] : loss.name === "mse" ? ["mae" as const] : []);
  const metrics = names.map((metric): Metric => {
    if (typeof metric !== "object") return named(metric, loss);
    ownMetrics.add(metric);
    return metric;
  });
  const twice = metrics.find(({ name }, index) => metrics.findIndex((other) => other.name === name) < index);
  if (twice) throw new Error(`metrics: "${twice.name}" is there twice`);
  return metrics;
}

function named(name: MetricName, loss: Loss): Metric {
  const kind = loss.accuracy ? "pairs" : loss.targets === "classes" ? "classes" : loss.name === "binaryCrossentropy" ? "labels" : loss.own ? "own" : "numbers";
  const of = (...kinds: (typeof kind)[]): void => {
    if (!kinds.includes(kind) && kind !== "own") throw new Error(`metrics: "${name}" is measured on ${kinds.join(" or ")}; the loss ${loss.name} has ${kind}`);
  };
  // A loss of one's own gives no logits, as far as one knows.
  const decide = kind === "classes" ? likeliest : above(kind === "labels" ? 0 : 0.5);
  const decideTargets = kind === "classes" ? likeliest : above(0.5);
  const top = /^top(\d+)Accuracy$/.exec(name);
  if (top) {
    of("classes");
    return { name, better: "higher", perSample: topAccuracy(Number(top[1])) };
  }
  switch (name) {
    case "accuracy":
      if (loss.accuracy) return { name, better: "higher", perSample: (y, p) => loss.accuracy!(y, p) };
      return { name, better: "higher", perSample: kind === "classes" ? accuracy : (y, p) => meanOverOutputs(agreement(decideTargets(y), decide(p))) };
    case "subsetAccuracy":
      of("labels");
      return { name, better: "higher", perSample: (y, p) => requireTf().min(agreement(decideTargets(y), decide(p)), -1) };
    case "f1":
      of("classes", "labels");
      return { name, better: "higher", ...macroF1(decide, decideTargets) };
    case "microF1":
      of("classes", "labels");
      return { name, better: "higher", ...microF1(decide, decideTargets) };
    case "auc":
      of("labels");
      return { name, better: "higher", ...auc };
    case "mae":
      return { name, better: "lower", perSample: (y, p) => meanOverOutputs(requireTf().abs(requireTf().sub(p, y))) };
    case "mse":
      return { name, better: "lower", perSample: (y, p) => meanOverOutputs(requireTf().square(requireTf().sub(p, y))) };
    case "rmse":
      of("numbers");
      return { name, better: "lower", ...rmse };
    case "r2":
      of("numbers");
      return { name, better: "higher", ...r2 };
    default:
      throw new Error(`metrics: "${String(name)}" is not known; there are accuracy, top5Accuracy, subsetAccuracy, f1, microF1, auc, mse, rmse, mae, r2, or { name, better, perSample }`);
  }
}

function accuracy(targets: Tensor, outputs: Tensor): Tensor {
  const tf = requireTf();
  return tf.cast(tf.equal(tf.argMax(targets, -1), tf.argMax(outputs, -1)), "float32");
}

/** Fewer than `k` classes are likelier than the true one. */
const topAccuracy = (k: number) => (targets: Tensor, outputs: Tensor): Tensor => {
  const tf = requireTf();
  const own = tf.sum(tf.mul(likeliest(targets), outputs), -1, true);
  return tf.cast(tf.less(tf.sum(tf.cast(tf.greater(outputs, own), "int32"), -1), k), "float32");
};

function likeliest(values: Tensor): Tensor {
  const tf = requireTf();
  return tf.oneHot(tf.cast(tf.argMax(values, -1), "int32"), values.shape.at(-1)!).toFloat();
}

const above = (threshold: number) => (values: Tensor): Tensor => requireTf().cast(requireTf().greater(values, threshold), "float32");

function agreement(targets: Tensor, decisions: Tensor): Tensor {
  return requireTf().cast(requireTf().equal(targets, decisions), "float32");
}
