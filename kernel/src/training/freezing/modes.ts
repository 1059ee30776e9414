import { classOf, internals, isNoise, layerEntries, reachedByGradients, trains, weightEntries } from "../../models";
import type { Layer, LayersModel } from "../../models";
import type { Loss } from "../objective/losses";

/** What a frozen BatchNormalization does: normalizes by its moving averages, or by each batch, and then the averages move too. */
export type FrozenBatchNorm = "inference" | "training";

/**
 * Which layers run in training mode. Frozen layers run as in inference:
 * - a BatchNormalization moves its averages only while one of its own weights trains (Keras: a frozen
 *   one is in inference mode; tfjs moves it all the same), unless `frozenBatchNorm` says otherwise;
 * - dropout and noise inside the frozen prefix are off: there they would only blur features that no
 *   step can adapt. Dropout between the last frozen weight and the head stays on.
 */
export function trainingLayers(model: LayersModel, frozenBatchNorm: FrozenBatchNorm = "inference"): Set<Layer> {
  const entries = layerEntries(model).filter(({ nested }) => !nested);
  const weights = weightEntries(model).filter(({ kind }) => kind !== "statistics");
  const training = new Set(weights.filter(trains).map(({ owner }) => owner.layer));
  const learning = new Set(weights.map(({ owner }) => owner.layer));
  const reached = reachedByGradients(model, training);
  const lastFrozen = entries.findLastIndex(({ layer }) => learning.has(layer) && !reached.has(layer));
  const on = entries.filter(({ layer }, index) => {
    if (frozenBatchNorm === "training" && classOf(layer) === "BatchNormalization") return true;
    if (learning.has(layer)) return training.has(layer);
    const beyondPrefix = reached.has(layer) || index > lastFrozen;
    // A normalization without scale and shift has no weight to freeze, only itself.
    return beyondPrefix && (isNoise(layer) || internals(layer).trainable);
  });
  return new Set(on.map(({ layer }) => layer));
}

/** The layers that disturb what passes through them while the rest trains. */
export function dropoutLayers(model: LayersModel): string[] {
  return [...trainingLayers(model)].filter(isNoise).map(({ name }) => name);
}

/** Where adding up the gradients of several batches is not the same as one large batch. */
export function accumulationNotes(model: LayersModel, { name, pairs }: Loss): string[] {
  const layers = [...trainingLayers(model)];
  const norms = layers.filter((layer) => classOf(layer) === "BatchNormalization").map(({ name }) => name);
  const noisy = dropoutLayers(model);
  return [
    ...(pairs?.withinBatch ? [`accumulated batches are not one large batch here: ${name} tells the samples of each apart from one another; use a larger batchSize`] : []),
    ...(norms.length > 0 ? [`accumulated batches are not one large batch here: ${norms.join(", ")} normalizes each by itself; freeze it, or use a larger batchSize`] : []),
    ...(noisy.length > 0 ? [`accumulated batches draw their own noise in ${noisy.join(", ")}: as one large batch in the mean only`] : []),
  ];
}
