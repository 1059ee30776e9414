import { classOf, isNoise, layerEntries, reachedByGradients, trains, weightEntries } from "../models";
import type { Layer, LayersModel } from "../models";

/**
 * Which layers run in training mode. Frozen layers run as in inference:
 * - a BatchNormalization moves its averages only while one of its own weights trains (Keras: a frozen
 *   one is in inference mode; tfjs moves it all the same);
 * - dropout and noise inside the frozen prefix are off: there they would only blur features that no
 *   step can adapt. Dropout between the last frozen weight and the head stays on.
 */
export function trainingLayers(model: LayersModel): Set<Layer> {
  const entries = layerEntries(model).filter(({ nested }) => !nested);
  const training = new Set(weightEntries(model).filter(trains).map(({ owner }) => owner.layer));
  const reached = reachedByGradients(model, training);
  const weighted = entries.map(({ layer }) => layer.weights.length > 0);
  const lastFrozen = entries.findLastIndex(({ layer }, index) => weighted[index] && !reached.has(layer));
  const modes = new Set<Layer>();
  entries.forEach(({ layer }, index) => {
    const on = classOf(layer) === "BatchNormalization" ? training.has(layer) || normWithoutWeights(layer, reached) : isNoise(layer) ? reached.has(layer) || index > lastFrozen : weighted[index] ? training.has(layer) : reached.has(layer);
    if (on) modes.add(layer);
  });
  return modes;
}

/** With `scale` and `center` off there is nothing to freeze: it moves where gradients pass. */
function normWithoutWeights(layer: Layer, reached: ReadonlySet<Layer>): boolean {
  const { gamma, beta } = layer as unknown as { gamma?: unknown; beta?: unknown };
  return !gamma && !beta && reached.has(layer);
}
