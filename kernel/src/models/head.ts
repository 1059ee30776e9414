import type { LayersModel, SymbolicTensor } from "@tensorflow/tfjs-node";
import { requireTf, statelessUniform } from "../tensorflow";
import { activationOf, asContainer, classOf, internals, symbolicInternals } from "./internals";
import type { Layer } from "./internals";
import { definedLayer } from "./layers";
import { closestNames } from "../closest-names";
import { layerEntries } from "./structure";

export type HeadActivation = "softmax" | "sigmoid" | "linear";

export interface HeadOptions {
  /** How many classes: a softmax over so many units. */
  classes?: number;
  /** How many outputs, where they are no classes (regression, several labels). */
  units?: number;
  /** `softmax` with `classes`, else `linear`. */
  activation?: HeadActivation;
  /** Dropout between the backbone and the head while training; none unless given. */
  dropout?: number;
  /** The layer whose output feeds the head; unless given, the one that fed the old head. */
  after?: string;
  /** How an output with axes between batch and features becomes a vector. */
  pool?: "average" | "flatten";
  /** Decides the new weights (Glorot uniform). 0 unless given. */
  seed?: number;
  /** The head's layer name; `head` unless given or taken. */
  name?: string;
}

/**
 * A new model on the same backbone: the old head is left out and a new dense layer put in its place.
 * The backbone's layers are shared with `model`, weights and all; `model` itself still works.
 *
 * @throws when what ends the model does not look like a head; then name the layer with `after`
 * @example
 * const digits = tf.sequential({ layers: [
 *   tf.layers.dense({ name: "features", units: 8, activation: "relu", inputShape: [4] }),
 *   tf.layers.dense({ name: "ten", units: 10, activation: "softmax" }),
 * ] });
 * const three = replaceHead(digits, { classes: 3, seed: 1 });
 * three.layers.map((layer) => layer.name).slice(-2); // ["features", "head"]
 */
export function replaceHead(model: LayersModel, options: HeadOptions): LayersModel {
  const { units, activation } = checked(options);
  const tf = requireTf();
  const from = options.after === undefined ? headInput(model) : outputOf(model, options.after);
  const keep = backboneNames(from);
  const unused = (name: string): string => (keep.has(name) ? unused(`${name}_2`) : name);
  let features = toVector(from, options.pool ?? "average", unused);
  if (options.dropout) features = tf.layers.dropout({ rate: options.dropout, name: unused("head_dropout") }).apply(features) as SymbolicTensor;
  const head = tf.layers.dense({ units, activation, name: unused(options.name ?? "head"), kernelInitializer: "zeros" });
  const output = head.apply(features) as SymbolicTensor;
  initialize(head, units, options.seed ?? 0);
  return tf.model({ inputs: model.inputs, outputs: output, name: model.name });
}

function checked(options: HeadOptions): { units: number; activation: HeadActivation } {
  const { classes, units } = options;
  if ((classes === undefined) === (units === undefined)) throw new Error("replaceHead wants either classes or units, as in replaceHead(model, { classes: 3 })");
  const count = classes ?? units ?? 0;
  if (!Number.isInteger(count) || count < 1) throw new RangeError(`${classes === undefined ? "units" : "classes"} must be a whole number from 1 on; it is ${count}`);
  if (classes === 1) throw new RangeError('classes: 1 tells nothing apart; for yes or no use { units: 1, activation: "sigmoid" } or { classes: 2 }');
  const { dropout } = options;
  if (dropout !== undefined && !(dropout >= 0 && dropout < 1)) throw new RangeError(`dropout must lie in [0, 1); it is ${dropout}`);
  return { units: count, activation: options.activation ?? (classes === undefined ? "linear" : "softmax") };
}

/** The symbolic tensor that feeds the old head. */
function headInput(model: LayersModel): SymbolicTensor {
  if (model.outputs.length !== 1) throw new Error(`${model.name} has ${model.outputs.length} outputs; name the layer that feeds the new head with { after: … }`);
  let tensor = model.outputs[0]!;
  let probabilities = false;
  for (;;) {
    const { sourceLayer: layer, nodeIndex } = symbolicInternals(tensor);
    const node = internals(layer).inboundNodes[nodeIndex]!;
    const activation = activationOf(layer);
    if (asContainer(layer)) {
      throw new Error(`The head of ${model.name} lies inside the nested model ${layer.name}; take it off there, replaceHead(model.getLayer("${layer.name}"), …), or keep all of it with { after: "${layer.name}" }`);
    }
    // A layer of an encoder is no head: the new one comes on top.
    if (definedLayer(layer)) return tensor;
    if (layer.weights.length > 0) {
      const dense = ["Dense", "Conv1D", "Conv2D"].includes(classOf(layer));
      if (dense && (probabilities || activation !== "relu") && node.inputTensors.length === 1) {
        const classifies = probabilities || activation === "softmax" || activation === "sigmoid" || activation === "linear";
        if (classifies && (classOf(layer) === "Dense" || probabilities)) return node.inputTensors[0]!;
      }
      throw notAHead(model, layer, activation);
    }
    if (activation === "softmax" || activation === "sigmoid") probabilities = true;
    if (node.inputTensors.length !== 1) throw notAHead(model, layer, activation);
    tensor = node.inputTensors[0]!;
  }
}

function notAHead(model: LayersModel, layer: Layer, activation: string | undefined): Error {
  const what = `${layer.name} (${classOf(layer)}${activation ? `, ${activation}` : ""})`;
  return new Error(`${model.name} ends in ${what}, which does not look like a head. Name the layer that feeds the new one, as in { after: "${layer.name}" }`);
}

function outputOf(model: LayersModel, name: string): SymbolicTensor {
  const layer = model.layers.find((each) => each.name === name);
  if (!layer) {
    const own = layerEntries(model).filter(({ depth }) => depth === 0);
    throw new Error(`after: "${name}" is no layer of ${model.name}; the closest names are ${closestNames(name, own.map((entry) => entry.name)).join(", ")}`);
  }
  const output = layer.output;
  if (Array.isArray(output)) throw new Error(`${name} has several outputs; the head needs one`);
  return output;
}

/** The names of the layers from the inputs to here. */
function backboneNames(from: SymbolicTensor): Set<string> {
  const names = new Set<string>();
  const visit = (tensor: SymbolicTensor): void => {
    const { sourceLayer, inputs } = symbolicInternals(tensor);
    if (names.has(sourceLayer.name)) return;
    names.add(sourceLayer.name);
    inputs?.forEach(visit);
  };
  visit(from);
  return names;
}

function toVector(from: SymbolicTensor, pool: "average" | "flatten", unused: (name: string) => string): SymbolicTensor {
  const tf = requireTf();
  const rank = from.shape.length;
  if (rank === 2) return from;
  const name = unused("head_pool");
  if (pool === "flatten") return tf.layers.flatten({ name }).apply(from) as SymbolicTensor;
  if (rank === 3) return tf.layers.globalAveragePooling1d({ name }).apply(from) as SymbolicTensor;
  if (rank === 4) return tf.layers.globalAveragePooling2d({ name }).apply(from) as SymbolicTensor;
  throw new Error(`The head would be fed with ${JSON.stringify(from.shape)}; give pool: "flatten", or a layer with two to four axes as after`);
}

/** Glorot and Bengio 2010, as Keras does by default: uniform within sqrt(6 / (in + out)). */
function initialize(head: Layer, units: number, seed: number): void {
  const tf = requireTf();
  const kernel = head.weights[0]!;
  const features = kernel.shape[0]!;
  const limit = Math.sqrt(6 / (features + units));
  tf.tidy(() => void kernel.write(tf.mul(tf.sub(tf.mul(statelessUniform([features, units], { seed, site: "head/kernel", step: 0 }), 2), 1), limit)));
}
