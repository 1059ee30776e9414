import type { Tensor, Tensor1D } from "@tensorflow/tfjs-node";
import { activationOf, layerCalls, asContainer, classOf } from "../../models";
import type { LayersModel } from "../../models";
import { contrastive, triplet } from "./contrastive";
import type { PairLoss } from "./contrastive";
import { requireTf, softmaxCrossEntropy } from "../../tensorflow";

export type LossName = "crossentropy" | "binaryCrossentropy" | "mse" | "mae" | "huber" | "contrastive" | "triplet";

/**
 * A loss of one's own: from targets and the model's outputs, [batch, ...] both, either a number for
 * each sample, [batch], or their mean, a scalar.
 *
 * Targets come in the output's shape. Class numbers, [samples], come as one-hot rows where the model has a unit for
 * each class; `y` in rows of another shape, [samples, ...], comes as it is: [[0], [1], …] as [batch, 1]. Either is noted.
 */
export type LossFunction = (targets: Tensor, outputs: Tensor) => Tensor;

export interface Loss {
  name: string;
  /** The model runs without its last activation: logits, from which cross-entropy is exact. */
  fromLogits: boolean;
  /** What a target is: a class of `classes`, or numbers in the output's shape. */
  targets: "classes" | "values";
  /** [batch, ...] twice -> [batch]; or [batch, time], where each time step has a loss and may have a weight. */
  perSample(targets: Tensor, outputs: Tensor): Tensor;
  /**
   * A sample is several inputs of the model, at least so many: `x`, `y`, and `negatives`. Their outputs come as
   * [batch, inputs, ...]. `withinBatch`: the loss of a pair depends on the other pairs of the batch.
   */
  pairs?: { least: 2 | 3; withinBatch: boolean };
  /** Of pairs, whether a sample is told apart rightly: [batch]. */
  accuracy?(targets: Tensor, outputs: Tensor): Tensor;
  /** A function of the user's own. */
  own?: true;
}

export type OutputActivation = "softmax" | "sigmoid" | "linear" | "other";

/** The activation at the model's end, seen through a nested model and through layers that only reshape. */
export function outputActivation(model: LayersModel): OutputActivation {
  let calls = [...layerCalls(asContainer(model)!)];
  let reshaped = false;
  for (;;) {
    const layer = calls.pop()?.layer;
    if (!layer) return "linear";
    const nested = asContainer(layer);
    if (nested) {
      calls = [...layerCalls(nested)];
      continue;
    }
    if (["Flatten", "Reshape"].includes(classOf(layer))) {
      reshaped = true;
      continue;
    }
    const activation = activationOf(layer) ?? "linear";
    if (activation === "linear") return "linear";
    // A softmax below a reshape cannot be left out to get at the logits.
    return (activation === "softmax" || activation === "sigmoid") && !reshaped ? activation : "other";
  }
}

export interface LossChoice {
  loss?: LossName | LossFunction | PairLoss | undefined;
  labelSmoothing?: number;
}

/**
 * The loss for a model: what was asked for, else what its end and the targets say: cross-entropy for
 * a softmax, or for logits with classes as targets; binary cross-entropy for a sigmoid; the mean
 * squared error for numbers.
 *
 * @param targetsAreClasses whether the targets are whole numbers or rows with a single one
 */
export function lossFor(model: LayersModel, choice: LossChoice, targetsAreClasses: boolean): Loss {
  const activation = outputActivation(model);
  const units = model.outputs[0]!.shape.at(-1) ?? 1;
  const { loss, labelSmoothing = 0 } = choice;
  if (typeof loss === "function") return ownLoss(loss);
  if (typeof loss === "object") return loss;
  const inferred: LossName =
    activation === "softmax" ? "crossentropy" : activation === "sigmoid" ? "binaryCrossentropy" : targetsAreClasses && units > 1 ? "crossentropy" : "mse";
  const name = loss ?? inferred;
  if (labelSmoothing !== 0 && name !== "crossentropy") throw new Error(`labelSmoothing belongs to crossentropy; the loss here is ${name}`);
  if (activation === "other" && name.toLowerCase().includes("crossentropy")) {
    throw new Error(`${name} wants a model that ends in softmax, sigmoid or no activation; ${model.name} does not. Give it a head with replaceHead, or a loss function of your own`);
  }
  switch (name) {
    case "crossentropy":
      if (units < 2) throw new Error(`crossentropy wants a unit for each class; ${model.name} ends in ${units}. For yes or no use a sigmoid and "binaryCrossentropy"`);
      if (activation === "sigmoid") throw new Error(`crossentropy wants a softmax or no activation; ${model.name} ends in a sigmoid, for which "binaryCrossentropy" is meant`);
      return { name, fromLogits: activation === "softmax", targets: "classes", perSample: crossentropy(labelSmoothing, units) };
    case "binaryCrossentropy":
      if (activation === "softmax") throw new Error(`binaryCrossentropy wants a sigmoid or no activation; ${model.name} ends in a softmax, for which "crossentropy" is meant`);
      return { name, fromLogits: activation === "sigmoid", targets: "values", perSample: binaryCrossentropy };
    case "mse":
      return { name, fromLogits: false, targets: "values", perSample: perElement((error) => requireTf().square(error)) };
    case "mae":
      return { name, fromLogits: false, targets: "values", perSample: perElement((error) => requireTf().abs(error)) };
    case "huber":
      return { name, fromLogits: false, targets: "values", perSample: perElement(huber) };
    case "contrastive":
      return contrastive();
    case "triplet":
      return triplet();
    default:
      throw new Error(`loss: "${String(name)}" is not known; there are crossentropy, binaryCrossentropy, mse, mae, huber, contrastive, triplet, or a function`);
  }
}

/** Label smoothing as in Szegedy et al. 2016: the true class keeps 1 - s + s / classes. */
const crossentropy = (smoothing: number, classes: number) => (targets: Tensor, logits: Tensor): Tensor => {
  const tf = requireTf();
  const aimed = smoothing === 0 ? targets : tf.add(tf.mul(targets, 1 - smoothing), smoothing / classes);
  if (logits.rank === 2) return softmaxCrossEntropy(aimed, logits);
  // A class for each time step.
  return tf.reshape(softmaxCrossEntropy(tf.reshape(aimed, [-1, classes]), tf.reshape(logits, [-1, classes])), logits.shape.slice(0, -1));
};

/** From logits, stable: max(z, 0) - z t + log(1 + exp(-|z|)); the mean over the outputs. */
function binaryCrossentropy(targets: Tensor, logits: Tensor): Tensor {
  const tf = requireTf();
  const each = tf.add(tf.sub(tf.relu(logits), tf.mul(logits, targets)), tf.log1p(tf.exp(tf.neg(tf.abs(logits)))));
  return meanOverOutputs(each);
}

/** Quadratic within 1, linear beyond (Huber 1964). */
function huber(error: Tensor): Tensor {
  const tf = requireTf();
  const size = tf.abs(error);
  const quadratic = tf.minimum(size, 1);
  return tf.add(tf.mul(tf.square(quadratic), 0.5), tf.sub(size, quadratic));
}

const perElement = (cost: (error: Tensor) => Tensor) => (targets: Tensor, outputs: Tensor) => meanOverOutputs(cost(requireTf().sub(outputs, targets)));


function ownLoss(loss: LossFunction): Loss {
  return {
    name: loss.name || "loss",
    own: true,
    fromLogits: false,
    targets: "values",
    perSample(targets, outputs) {
      const tf = requireTf();
      const value = loss(targets, outputs);
      const batch = outputs.shape[0]!;
      if (!(value instanceof tf.Tensor)) throw new TypeError(`The loss function gives ${Object.prototype.toString.call(value).slice(8, -1).toLowerCase()}; it must return a tensor: one number for each of the ${batch} samples, or a scalar`);
      if (value.rank === 0) return tf.mul(tf.ones([batch]), value) as Tensor1D;
      if (value.rank === 1 && value.shape[0] === batch) return value as Tensor1D;
      throw new Error(`The loss function gives [${value.shape.join(", ")}]; it must give one number for each of the ${batch} samples, or a scalar`);
    },
  };
}

/** The mean over what belongs to a sample, [batch]; over what belongs to a time step where there are several axes, [batch, time]. */
export function meanOverOutputs(values: Tensor): Tensor {
  const tf = requireTf();
  if (values.rank === 1) return values;
  return values.rank === 2 ? tf.mean(values, 1) : tf.mean(tf.reshape(values, [values.shape[0]!, values.shape[1]!, -1]), 2);
}
