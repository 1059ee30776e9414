/**
 * Runs a model layer by layer. tfjs' own `apply` knows one mode for the whole model and draws its
 * noise from Math.random; here every layer has a mode of its own, noise depends on (seed, step, site)
 * alone, and moving averages are handed to the caller instead of being written during the pass.
 */
import type { Tensor } from "@tensorflow/tfjs-node";
import { requireTf, withSeededMathRandom } from "../tensorflow";
import { asContainer, classOf, internals, symbolicInternals } from "./internals";
import type { Container, Layer, LayersModel, LayerVariable } from "./internals";
import { computeDefined, definedLayer, dropout } from "./layers";
import { batchNormalizationFrozen, batchNormalizationTraining, noise } from "./training-layers";
import { layerCalls, layerEntries } from "./structure";
import type { LayerCall } from "./structure";

/** What a training pass needs beyond the inputs; without it a pass is inference. */
export interface TrainingPass {
  seed: number;
  /** Optimizer steps taken before this one; an int32 scalar where the pass is recorded as a graph. */
  step: number | Tensor;
  /** Counts the passes within a step (gradient accumulation, R-Drop). */
  pass: number;
  /** Which layers run in training mode; the others run as in inference. */
  training(layer: Layer): boolean;
  /** The rate of a dropout layer, or of a place of dropout in a layer, given its path and its own rate. */
  dropoutRate(path: string, own: number): number;
  /** A moving average should become `value`; the tensor is the receiver's to dispose. */
  statistics(variable: LayerVariable, value: Tensor): void;
}

export interface ForwardOptions {
  train?: TrainingPass;
  /** Leave out the activation at the model's output: logits instead of probabilities. */
  beforeActivation?: boolean;
  /** Sees the output of every layer, the model's own order; not to be disposed. */
  observe?(path: string, output: Tensor): void;
}

/**
 * @param inputs one tensor for each input of the model, [batch, ...]
 * @returns one tensor for each output
 */
export function forward(model: LayersModel, inputs: readonly Tensor[], options: ForwardOptions = {}): Tensor[] {
  return runContainer(asContainer(model)!, inputs, placesOf(model), options, true);
}

/** A layer's path, and its number in the model: names such as dropout_Dropout7 count up within a process. */
type Places = ReadonlyMap<Layer, { path: string; number: number }>;

const known = new WeakMap<LayersModel, { layers: number; places: Places }>();

function placesOf(model: LayersModel): Places {
  const found = known.get(model);
  if (found && found.layers === model.layers.length) return found.places;
  const places = new Map(layerEntries(model).map(({ layer, path }, number) => [layer, { path, number }]));
  known.set(model, { layers: model.layers.length, places });
  return places;
}

interface Value {
  tensor: Tensor;
  mask: Tensor | null;
}

function runContainer(container: Container, inputs: readonly Tensor[], places: Places, options: ForwardOptions, outermost: boolean): Tensor[] {
  const calls = layerCalls(container);
  const values = new Map<number, Value>();
  container.inputs.forEach((tensor, index) => values.set(symbolicInternals(tensor).id, { tensor: inputs[index]!, mask: null }));
  // In inference nothing else holds on to what lies between the layers.
  const release = options.train || options.observe ? undefined : remainingUses(container, calls);
  const last = new Set(container.outputs.map((tensor) => symbolicInternals(tensor).id));
  for (const call of calls) {
    const given = call.node.inputTensors.map((tensor) => values.get(symbolicInternals(tensor).id)!);
    const atOutput = options.beforeActivation === true && outermost && call.node.outputTensors.some((tensor) => last.has(symbolicInternals(tensor).id));
    const outputs = runLayer(call, given, places, options, atOutput);
    call.node.outputTensors.forEach((tensor, index) => values.set(symbolicInternals(tensor).id, outputs[index]!));
    for (const { tensor } of outputs) options.observe?.(places.get(call.layer)?.path ?? call.layer.name, tensor);
    for (const tensor of call.node.inputTensors) {
      const { id } = symbolicInternals(tensor);
      const left = (release?.get(id) ?? Infinity) - 1;
      release?.set(id, left);
      if (left === 0) values.get(id)!.tensor.dispose();
    }
  }
  return container.outputs.map((tensor) => values.get(symbolicInternals(tensor).id)!.tensor);
}

function runLayer({ layer, use }: LayerCall, given: readonly Value[], places: Places, options: ForwardOptions, atOutput: boolean): Value[] {
  const tensors = given.map(({ tensor }) => tensor);
  const masks = given.map(({ mask }) => mask);
  const { path, number } = places.get(layer) ?? { path: layer.name, number: -1 };
  const nested = asContainer(layer);
  let outputs: Tensor[];
  if (nested) outputs = runContainer(nested, tensors, places, options, atOutput);
  else if (atOutput) outputs = [withoutActivation(layer, tensors)];
  else outputs = callLayer(layer, tensors, masks, `${number}#${use}`, path, options.train);
  const mask = masks.some((each) => each !== null) || classOf(layer) === "Masking" || classOf(layer) === "Embedding" ? outputMask(layer, tensors, masks) : null;
  return outputs.map((tensor) => ({ tensor, mask }));
}

function callLayer(layer: Layer, inputs: Tensor[], masks: readonly (Tensor | null)[], site: string, path: string, train: TrainingPass | undefined): Tensor[] {
  const training = train?.training(layer) ?? false;
  if (train && classOf(layer) === "BatchNormalization") {
    return [training ? batchNormalizationTraining(layer, inputs[0]!, (variable, value) => train.statistics(variable, value)) : batchNormalizationFrozen(layer, inputs[0]!)];
  }
  if (train && training) {
    const at = { seed: train.seed, site: train.pass === 0 ? site : `${site}/${train.pass}`, step: train.step };
    if (definedLayer(layer)) {
      return [computeDefined(layer, inputs, (place, x, own) => dropout(x, train.dropoutRate(`${path}/${place}`, own), { ...at, site: `${at.site}/${place}` }))];
    }
    const noisy = noise(layer, inputs[0]!, at, (own) => train.dropoutRate(path, own));
    if (noisy) return [noisy];
    // A layer with randomness of its own (a recurrent cell's dropout, a user's layer) takes it from Math.random.
    return withSeededMathRandom(at, () => applyLayer(layer, inputs, masks, true));
  }
  return applyLayer(layer, inputs, masks, training);
}

function applyLayer(layer: Layer, inputs: Tensor[], masks: readonly (Tensor | null)[], training: boolean): Tensor[] {
  const kwargs: Record<string, unknown> = { training };
  if (masks[0]) kwargs["mask"] = masks[0];
  const output = internals(layer).apply(inputs, kwargs);
  return Array.isArray(output) ? output : [output];
}

function outputMask(layer: Layer, inputs: Tensor[], masks: (Tensor | null)[]): Tensor | null {
  const { supportsMasking } = internals(layer);
  if (!supportsMasking) return null;
  const mask = internals(layer).computeMask(inputs, masks);
  return Array.isArray(mask) ? (mask[0] ?? null) : mask;
}

/** The layer's output before its activation; an activation layer gives its input. */
function withoutActivation(layer: Layer, inputs: Tensor[]): Tensor {
  const tf = requireTf();
  if (classOf(layer) === "Activation" || classOf(layer) === "Softmax") return tf.clone(inputs[0]!);
  const holder = layer as unknown as { activation?: unknown };
  if (holder.activation === undefined) return applyLayer(layer, inputs, [], false)[0]!;
  const own = holder.activation;
  holder.activation = (tf.layers.activation({ activation: "linear" }) as unknown as { activation: unknown }).activation;
  try {
    return applyLayer(layer, inputs, [], false)[0]!;
  } finally {
    holder.activation = own;
  }
}

/** How often each value between the layers is still read; inputs and outputs are never released. */
function remainingUses(container: Container, calls: readonly LayerCall[]): Map<number, number> {
  const uses = new Map<number, number>();
  for (const { node } of calls) for (const tensor of node.inputTensors) uses.set(symbolicInternals(tensor).id, (uses.get(symbolicInternals(tensor).id) ?? 0) + 1);
  for (const tensor of [...container.inputs, ...container.outputs]) uses.set(symbolicInternals(tensor).id, Infinity);
  return uses;
}
