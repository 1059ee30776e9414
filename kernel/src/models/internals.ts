import { definedLayer } from "./layers";
import type { LayersModel, LayerVariable, Shape, SymbolicTensor, Tensor, layers } from "@tensorflow/tfjs-node";

/** A layer of tfjs. A model is one too, but tfjs' types do not say so. */
export type Layer = layers.Layer;

export type { LayersModel, LayerVariable, SymbolicTensor };

/**
 * What the layers of tfjs-layers 4.22 have beside their public types. Everything that reaches into
 * tfjs goes through this file.
 */
export interface LayerInternals {
  readonly id: number;
  name: string;
  /** Weights that are trained unless frozen, and the rest (moving averages). */
  _trainableWeights: LayerVariable[];
  _nonTrainableWeights: LayerVariable[];
  inboundNodes: GraphNode[];
  trainable: boolean;
  supportsMasking: boolean;
  outputShape: Shape | Shape[];
  getClassName(): string;
  getConfig(): Record<string, unknown>;
  apply(inputs: Tensor | Tensor[], kwargs: Record<string, unknown>): Tensor | Tensor[];
  computeMask(inputs: Tensor[], masks: (Tensor | null)[]): Tensor | (Tensor | null)[] | null;
  /** Penalties of the layer's own regularizers, as functions that give scalars. */
  losses?: (() => Tensor)[];
}

export interface GraphNode {
  outboundLayer: Layer;
  inputTensors: SymbolicTensor[];
  outputTensors: SymbolicTensor[];
}

export interface SymbolicInternals {
  id: number;
  sourceLayer: Layer;
  nodeIndex: number;
  inputs: SymbolicTensor[];
}

/** A model, seen as the layer that it is when nested in another. */
export interface Container {
  name: string;
  layers: Layer[];
  inputs: SymbolicTensor[];
  outputs: SymbolicTensor[];
  trainable_: boolean;
}

export function internals(layer: Layer | LayersModel): LayerInternals {
  return layer as unknown as LayerInternals;
}

export function symbolicInternals(tensor: SymbolicTensor): SymbolicInternals {
  return tensor as unknown as SymbolicInternals;
}

export function asContainer(layer: Layer | LayersModel): Container | undefined {
  const candidate = layer as unknown as Partial<Container>;
  return Array.isArray(candidate.layers) && Array.isArray(candidate.inputs) && Array.isArray(candidate.outputs) ? (layer as unknown as Container) : undefined;
}

/** The Keras class name: `Conv2D`. */
export function classOf(layer: Layer | LayersModel): string {
  return internals(layer).getClassName();
}

/** The activation's name (`relu`), or undefined where the layer has none. */
export function activationOf(layer: Layer): string | undefined {
  // Inside it has one, at its end none.
  if (definedLayer(layer)) return undefined;
  const config = internals(layer).getConfig();
  if (classOf(layer) === "Softmax") return "softmax";
  const activation = config["activation"];
  return typeof activation === "string" ? activation : undefined;
}

/** Layers held inside another (wrappers, cells), which the model's own list does not show. */
export function innerLayers(layer: Layer): Layer[] {
  const holder = layer as unknown as { layer?: unknown; forwardLayer?: unknown; backwardLayer?: unknown; cell?: unknown; cells?: unknown };
  const held = [holder.layer, holder.forwardLayer, holder.backwardLayer, holder.cell, ...(Array.isArray(holder.cells) ? holder.cells : [])];
  const direct = held.filter((value): value is Layer => typeof value === "object" && value !== null && "_trainableWeights" in value);
  return direct.flatMap((inner) => [inner, ...innerLayers(inner)]);
}
