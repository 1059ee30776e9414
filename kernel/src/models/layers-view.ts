import type { LayersModel, Shape } from "@tensorflow/tfjs-node";
import type { LayerRow, LayersView, LayerState } from "../display/views";
import { asContainer, internals } from "./internals";
import type { Layer } from "./internals";
import { layerCalls, layerEntries, trains, weightEntries } from "./structure";
import type { LayerEntry } from "./structure";

/**
 * A model as the layer-freeze diagram draws it: what trains, what is frozen, and where backpropagation
 * stops.
 *
 * @example
 * layersView(tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [3] })] })).trainable; // 8
 */
export function layersView(model: LayersModel): LayersView {
  const entries = layerEntries(model);
  const weights = weightEntries(model, entries);
  const training = new Set(weights.filter(trains).map(({ owner }) => owner.layer));
  const reached = reachedByGradients(model, training);
  // A nested model that is its outer model's first layer takes no part in the calls itself.
  const passes = (entry: LayerEntry) => reached.has(entry.layer) || entries.some(({ layer, parents }) => parents.includes(entry.layer) && reached.has(layer));
  const rows = entries.map((entry): LayerRow => {
    const own = weights.filter(({ owner }) => owner === entry || owner.parents.includes(entry.layer));
    const count = (list: typeof own) => list.reduce((sum, { size }) => sum + size, 0);
    const trainable = count(own.filter(trains));
    const state: LayerState =
      trainable > 0 ? "trains" : passes(entry) ? "frozen, gradients pass" : "frozen, backpropagation never arrives";
    // A nested model's parameters are those of its layers, which have rows of their own.
    const parameters = count(own);
    return { name: entry.name, kind: entry.kind, output: outputShape(entry.layer), parameters, trainable, state, depth: entry.depth };
  });
  const cut = rows.findIndex((row, index) => row.trainable > 0 && !entries[index]!.nested);
  return {
    version: 1,
    name: model.name,
    layers: rows,
    parameters: weights.reduce((sum, { size }) => sum + size, 0),
    trainable: weights.filter(trains).reduce((sum, { size }) => sum + size, 0),
    cut: cut === -1 ? null : cut,
  };
}

/**
 * The layers whose output depends on a trained weight: gradients come as far as these. `layers` that
 * train are among them.
 */
export function reachedByGradients(model: LayersModel, training: ReadonlySet<Layer>): Set<Layer> {
  const reached = new Set<Layer>();
  const visit = (container: Layer | LayersModel, inputsReached: boolean): boolean => {
    const { inputs, outputs } = asContainer(container)!;
    const tensors = new Set<unknown>(inputsReached ? inputs : []);
    for (const { layer, node } of layerCalls(asContainer(container)!)) {
      const below = node.inputTensors.some((tensor) => tensors.has(tensor));
      const here = asContainer(layer) ? visit(layer, below) : below || training.has(layer);
      if (!here) continue;
      reached.add(layer);
      node.outputTensors.forEach((tensor) => tensors.add(tensor));
    }
    return outputs.some((tensor) => tensors.has(tensor));
  };
  visit(model, false);
  return reached;
}

function outputShape(layer: Layer): (number | null)[] {
  try {
    const shape = internals(layer).outputShape;
    return [...((Array.isArray(shape[0]) ? shape[0] : shape) as Shape)];
  } catch {
    // A layer that was called on several shapes has no single one.
    return [];
  }
}
