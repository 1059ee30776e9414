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
import { callPlace, inputName, valueName } from "./cut";
import type { Cut } from "./cut";
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
  /** A moving average should become what `move` makes of it: the receiver says from where, and disposes the result. */
  statistics(variable: LayerVariable, move: (average: Tensor) => Tensor): void;
}

export interface ForwardOptions {
  train?: TrainingPass;
  /** Leave out the activation at the model's output: logits instead of probabilities. */
  beforeActivation?: boolean;
  /** Sees the output of every layer, the model's own order; not to be disposed. */
  observe?(path: string, output: Tensor): void;
  /** Computes the tail of a cut model alone, from what the prefix gave: values by name, not to be disposed while it computes. */
  tail?: { cut: Cut; values: ReadonlyMap<string, Tensor> } | undefined;
}

/**
 * @param inputs one tensor for each input of the model, [batch, ...]
 * @returns one tensor for each output
 */
export function forward(model: LayersModel, inputs: readonly Tensor[], options: ForwardOptions = {}): Tensor[] {
  const given = model.inputs.map((_, index): Value => ({ tensor: inputs[index], mask: null, name: inputName(index) }));
  return runContainer(asContainer(model)!, given, { ...options, places: placesOf(model) }, { outermost: true, place: "" }).map(({ tensor }) => tensor!);
}

/**
 * What the prefix of a cut model gives to its tail, in inference mode.
 *
 * @returns tensors in the order of `cut.frontier`; those that are inputs of the model are the inputs themselves
 * @throws where a value goes with a mask, which the tail would not see
 */
export function forwardPrefix(model: LayersModel, inputs: readonly Tensor[], cut: Cut): Tensor[] {
  const found = new Map<string, Value>();
  const given = inputs.map((tensor, index): Value => ({ tensor, mask: null, name: inputName(index) }));
  for (const value of given) found.set(value.name, value);
  runContainer(asContainer(model)!, given, { places: placesOf(model), prefix: { cut, found } }, { outermost: true, place: "" });
  return cut.frontier.map((name) => {
    const { tensor, mask } = found.get(name)!;
    if (mask) throw new Error("a layer's output goes with a mask");
    return tensor!;
  });
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
  /** Missing where it is computed in the other part of a cut model. */
  tensor: Tensor | undefined;
  mask: Tensor | null;
  name: string;
}

interface Pass extends ForwardOptions {
  places: Places;
  /** Computes the prefix of a cut model alone, and notes down its values by name. */
  prefix?: { cut: Cut; found: Map<string, Value> };
}

interface At {
  outermost: boolean;
  /** Of the calls in this container. */
  place: string;
}

function runContainer(container: Container, inputs: readonly Value[], pass: Pass, { outermost, place }: At): Value[] {
  const { places, tail, prefix } = pass;
  const calls = layerCalls(container);
  const values = new Map<number, Value>();
  container.inputs.forEach((tensor, index) => values.set(symbolicInternals(tensor).id, inputs[index]!));
  // In inference nothing else holds on to what lies between the layers.
  const release = pass.train || pass.observe || tail || prefix ? undefined : remainingUses(container, calls);
  const last = new Set(container.outputs.map((tensor) => symbolicInternals(tensor).id));
  calls.forEach((call, index) => {
    const here = callPlace(place, index);
    const given = call.node.inputTensors.map((tensor) => {
      const value = values.get(symbolicInternals(tensor).id)!;
      return tail ? { ...value, tensor: value.tensor ?? tail.values.get(value.name) } : value;
    });
    const atOutput = pass.beforeActivation === true && outermost && call.node.outputTensors.some((tensor) => last.has(symbolicInternals(tensor).id));
    const elsewhere = !asContainer(call.layer) && ((tail && !tail.cut.tail.has(here)) || prefix?.cut.tail.has(here));
    const outputs = elsewhere ? call.node.outputTensors.map((_, output): Value => ({ tensor: undefined, mask: null, name: valueName(here, output) })) : runLayer(call, given, pass, { outermost: atOutput, place: here });
    call.node.outputTensors.forEach((tensor, output) => values.set(symbolicInternals(tensor).id, outputs[output]!));
    for (const value of outputs) {
      if (!value.tensor) continue;
      prefix?.found.set(value.name, value);
      pass.observe?.(places.get(call.layer)?.path ?? call.layer.name, value.tensor);
    }
    for (const tensor of call.node.inputTensors) {
      const { id } = symbolicInternals(tensor);
      const left = (release?.get(id) ?? Infinity) - 1;
      release?.set(id, left);
      if (left === 0) values.get(id)!.tensor!.dispose();
    }
  });
  return container.outputs.map((tensor) => values.get(symbolicInternals(tensor).id)!);
}

/** @param at whether it is the model's output, and the call's own place */
function runLayer({ layer, use }: LayerCall, given: readonly Value[], pass: Pass, { outermost: atOutput, place }: At): Value[] {
  const { path, number } = pass.places.get(layer) ?? { path: layer.name, number: -1 };
  const nested = asContainer(layer);
  // Each value in a nested model has the mask that it has there; what comes out has the one that the whole gives.
  const inner = nested && runContainer(nested, given.map((value) => ({ ...value, mask: null })), pass, { outermost: atOutput, place: `${place}/` });
  const masks = given.map(({ mask }) => mask);
  const masking = masks.some((each) => each !== null) || classOf(layer) === "Masking" || classOf(layer) === "Embedding";
  if (inner && (!masking || given.some(({ tensor }) => !tensor))) return inner.map((value) => ({ ...value, mask: null }));
  const tensors = given.map(({ tensor }) => tensor!);
  const mask = (): Tensor | null => (masking ? outputMask(layer, tensors, masks) : null);
  if (inner) return inner.map((value) => ({ ...value, mask: mask() }));
  const outputs = atOutput ? [withoutActivation(layer, tensors)] : callLayer(layer, tensors, masks, `${number}#${use}`, path, pass.train);
  const own = mask();
  return outputs.map((tensor, output) => ({ tensor, mask: own, name: valueName(place, output) }));
}

function callLayer(layer: Layer, inputs: Tensor[], masks: readonly (Tensor | null)[], site: string, path: string, train: TrainingPass | undefined): Tensor[] {
  const training = train?.training(layer) ?? false;
  if (train && classOf(layer) === "BatchNormalization") {
    return [training ? batchNormalizationTraining(layer, inputs[0]!, train.statistics) : batchNormalizationFrozen(layer, inputs[0]!)];
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
