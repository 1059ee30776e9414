/** Metrics that are not a mean over samples: what each sample gives, and what is made of all of them. */
import type { Tensor } from "@tensorflow/tfjs-node";
import { requireTf } from "../../tensorflow";
import type { Metric } from "./metrics";

type Summary = Pick<Metric, "perSample"> & Required<Pick<Metric, "summary">>;
/** From outputs to 0 or 1 for each label, [batch, labels]. */
type Decide = (outputs: Tensor) => Tensor;

/** True positives, false positives and false negatives of each label, side by side. */
function confusion(decide: Decide, decideTargets: Decide): Pick<Metric, "perSample"> {
  return {
    perSample(targets, outputs) {
      const tf = requireTf();
      const [y, p] = [decideTargets(targets), decide(outputs)];
      if (p.rank !== 2) throw new Error(`f1 is measured on [samples, labels]; the outputs are [${p.shape.join(", ")}]`);
      return tf.concat([tf.mul(y, p), tf.mul(tf.sub(1, y), p), tf.mul(y, tf.sub(1, p))], 1);
    },
  };
}

/** 2 tp / (2 tp + fp + fn); 0 where there is nothing to find and nothing was found, as scikit-learn has it. */
const f1Of = (tp: number, fp: number, fn: number): number => (tp + fp + fn === 0 ? 0 : (2 * tp) / (2 * tp + fp + fn));

/** The mean of the labels' F1. */
export function macroF1(decide: Decide, decideTargets: Decide): Summary {
  return {
    ...confusion(decide, decideTargets),
    summary(values, width, weights) {
      const sums = columnSums(values, width, weights);
      const labels = width / 3;
      let sum = 0;
      for (let label = 0; label < labels; label++) sum += f1Of(sums[label]!, sums[labels + label]!, sums[2 * labels + label]!);
      return sum / labels;
    },
  };
}

/** The F1 of all labels' decisions together. */
export function microF1(decide: Decide, decideTargets: Decide): Summary {
  return {
    ...confusion(decide, decideTargets),
    summary(values, width, weights) {
      const sums = columnSums(values, width, weights);
      const third = (part: number) => sums.slice((part * width) / 3, ((part + 1) * width) / 3).reduce((sum, value) => sum + value, 0);
      return f1Of(third(0), third(1), third(2));
    },
  };
}

/** The share of the variance that is explained; the mean over outputs, as scikit-learn has it. */
export const r2: Summary = {
  perSample(targets, outputs) {
    const tf = requireTf();
    const flat = (tensor: Tensor) => tf.reshape(tensor, [tensor.shape[0]!, -1]);
    const [y, p] = [flat(targets), flat(outputs)];
    return tf.concat([y, tf.square(tf.sub(y, p))], 1);
  },
  summary(values, width, weights) {
    const outputs = width / 2;
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const sums = columnSums(values, width, weights);
    let explained = 0;
    for (let output = 0; output < outputs; output++) {
      const mean = sums[output]! / total;
      let variance = 0;
      for (let row = 0; row < weights.length; row++) variance += weights[row]! * (values[row * width + output]! - mean) ** 2;
      explained += 1 - sums[outputs + output]! / variance;
    }
    return explained / outputs;
  },
};

export const rmse: Summary = {
  perSample(targets, outputs) {
    const tf = requireTf();
    return tf.mean(tf.reshape(tf.square(tf.sub(outputs, targets)), [outputs.shape[0]!, -1]), 1);
  },
  summary(values, width, weights) {
    return Math.sqrt(columnSums(values, width, weights)[0]! / weights.reduce((sum, weight) => sum + weight, 0));
  },
};

/** The area under the ROC curve: how likely a yes is ranked above a no, ties a half; the mean over labels that have both. */
export const auc: Summary = {
  perSample(targets, outputs) {
    const tf = requireTf();
    const flat = (tensor: Tensor) => tf.reshape(tensor, [tensor.shape[0]!, -1]);
    return tf.concat([flat(targets), flat(outputs)], 1);
  },
  summary(values, width, weights) {
    const labels = width / 2;
    const areas = Array.from({ length: labels }, (_, label) => {
      const rows = Array.from(weights, (weight, row) => ({ yes: values[row * width + label]! > 0.5, score: values[row * width + labels + label]!, weight }));
      return areaOf(rows.sort((a, b) => a.score - b.score));
    }).filter((area) => !Number.isNaN(area));
    return areas.reduce((sum, area) => sum + area, 0) / areas.length;
  },
};

/** @param rows by rising score */
function areaOf(rows: readonly { yes: boolean; score: number; weight: number }[]): number {
  let below = 0;
  let area = 0;
  let yeses = 0;
  for (let start = 0; start < rows.length; ) {
    let end = start;
    let [yes, no] = [0, 0];
    for (; end < rows.length && rows[end]!.score === rows[start]!.score; end++) {
      if (rows[end]!.yes) yes += rows[end]!.weight;
      else no += rows[end]!.weight;
    }
    area += yes * (below + no / 2);
    below += no;
    yeses += yes;
    start = end;
  }
  return area / (yeses * below);
}

function columnSums(values: Float64Array, width: number, weights: Float64Array): number[] {
  const sums = new Array<number>(width).fill(0);
  for (let row = 0; row < weights.length; row++) for (let column = 0; column < width; column++) sums[column]! += weights[row]! * values[row * width + column]!;
  return sums;
}
