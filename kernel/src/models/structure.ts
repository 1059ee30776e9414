import { asContainer, classOf, innerLayers, internals, symbolicInternals } from "./internals";
import { definedLayer } from "./layers";
import type { Container, GraphNode, Layer, LayersModel, LayerVariable, SymbolicTensor } from "./internals";

/** A layer in its place: the model's own, or one of a nested model. */
export interface LayerEntry {
  /** Unique in the model: `encoder/conv1` for conv1 in the nested model encoder. */
  path: string;
  name: string;
  /** `Conv2D`. */
  kind: string;
  layer: Layer;
  depth: number;
  /** True for a nested model, whose layers follow it in the list. */
  nested: boolean;
  /** The nested models that it lies in, outermost first. */
  parents: Layer[];
  /** The outermost model. */
  model: LayersModel;
}

export type WeightKind = "kernel" | "bias" | "norm" | "embedding" | "statistics";

/** A weight in its place. `path` names it in every process: the layer's path and the weight's own name. */
export interface WeightEntry {
  /** `conv1/kernel`. */
  path: string;
  /** `statistics`: moving averages, which no gradient reaches. `norm`: scale and shift of a normalization. */
  kind: WeightKind;
  shape: readonly number[];
  size: number;
  variable: LayerVariable;
  owner: LayerEntry;
}

/** One call of one layer, in an order in which inputs come first. */
export interface LayerCall {
  layer: Layer;
  node: GraphNode;
  /** Which call of this layer in the model: 0 unless the layer is shared. */
  use: number;
}

/** The model's layers in the order in which they compute; a nested model is followed by its own. */
export function layerEntries(model: LayersModel): LayerEntry[] {
  const entries: LayerEntry[] = [];
  const seen = new Set<Layer>();
  const visit = (container: Container, prefix: string, parents: Layer[]): void => {
    const order = new Map(layerCalls(container).map((call, index) => [call.layer, index]));
    // Inputs take no part in the calls, and stay in front.
    const layers = [...container.layers].sort((a, b) => (order.get(a) ?? -1) - (order.get(b) ?? -1));
    for (const layer of layers) {
      if (seen.has(layer)) continue;
      seen.add(layer);
      const nested = asContainer(layer);
      entries.push({ path: prefix + layer.name, name: layer.name, kind: classOf(layer), layer, depth: parents.length, nested: nested !== undefined, parents, model });
      if (nested) visit(nested, `${prefix}${layer.name}/`, [...parents, layer]);
    }
  };
  visit(asContainer(model)!, "", []);
  return entries;
}

/** Every weight of the model once, in the order of its layers. */
export function weightEntries(model: LayersModel, entries: readonly LayerEntry[] = layerEntries(model)): WeightEntry[] {
  return entries.flatMap((owner) => (owner.nested ? [] : layerWeights(owner)));
}

function layerWeights(owner: LayerEntry): WeightEntry[] {
  const holders = [owner.layer, ...innerLayers(owner.layer)];
  const found = holders.flatMap((holder) => {
    const { _trainableWeights, _nonTrainableWeights } = internals(holder);
    return [..._trainableWeights.map((variable) => ({ variable, learns: true, holder })), ..._nonTrainableWeights.map((variable) => ({ variable, learns: false, holder }))];
  });
  const declared = definedLayer(owner.layer)?.named;
  const names = declared ? [...declared.keys()] : distinctNames(found.map(({ variable }) => variable.originalName));
  return found.map(({ variable, learns, holder }, index) => ({
    path: `${owner.path}/${names[index]}`,
    kind: learns ? kindOf(holder, names[index]!) : "statistics",
    shape: variable.shape as number[],
    size: (variable.shape as number[]).reduce((product, n) => product * n, 1),
    variable,
    owner,
  }));
}

/** The last part of each name (`kernel`), with as much before it as it takes to tell them apart. */
function distinctNames(originals: readonly string[]): string[] {
  const parts = originals.map((name) => name.split("/"));
  const short = (index: number, length: number) => parts[index]!.slice(-length).join("/");
  return parts.map((own, index) => {
    for (let length = 1; length <= own.length; length++) {
      const name = short(index, length);
      if (parts.every((_, other) => other === index || short(other, length) !== name)) return name;
    }
    return `${own.join("/")}_${index}`;
  });
}

function kindOf(layer: Layer, name: string): WeightKind {
  const kind = classOf(layer);
  if (kind.includes("Normalization") || /(^|\/)(gamma|beta)$/.test(name)) return "norm";
  if (/bias$/.test(name)) return "bias";
  return kind === "Embedding" || /_embeddings$/.test(name) ? "embedding" : "kernel";
}

/** Whether the weight is trained: neither it, nor its layer, nor a model around it is frozen. */
export function trains(entry: WeightEntry): boolean {
  if (entry.kind === "statistics" || !entry.variable.trainable) return false;
  const { layer, parents, model } = entry.owner;
  return [layer, ...parents, model].every((each) => internals(each).trainable);
}

const calls = new WeakMap<Container, LayerCall[]>();

/** The calls that lead from a container's inputs to its outputs. */
export function layerCalls(container: Container): LayerCall[] {
  const known = calls.get(container);
  // A Sequential grows: its last output tells.
  if (known && known.at(-1)?.node.outputTensors.includes(container.outputs.at(-1)!)) return known;
  const fed = new Set(container.inputs.map((tensor) => symbolicInternals(tensor).id));
  const order: LayerCall[] = [];
  const seen = new Set<GraphNode>();
  const uses = new Map<Layer, number>();
  const visit = (tensor: SymbolicTensor): void => {
    const { id, sourceLayer, nodeIndex } = symbolicInternals(tensor);
    if (fed.has(id)) return;
    const node = internals(sourceLayer).inboundNodes[nodeIndex];
    if (!node || seen.has(node)) return;
    seen.add(node);
    node.inputTensors.forEach(visit);
    const use = uses.get(sourceLayer) ?? 0;
    uses.set(sourceLayer, use + 1);
    order.push({ layer: sourceLayer, node, use });
  };
  container.outputs.forEach(visit);
  calls.set(container, order);
  return order;
}
