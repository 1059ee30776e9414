import type { DataFrame } from "danfojs-node";
import type { LayersModel } from "@tensorflow/tfjs-node";
import { innerLayers, internals, layerEntries, layersView, trains, weightEntries } from "../../models";
import type { WeightEntry } from "../../models";
import { requireDfd } from "../../tensorflow";
import { selectWeights } from "./select";
import type { Selector } from "./select";

/**
 * Freezes weights: training no longer changes them, and a BatchNormalization whose weights are all
 * frozen keeps its moving averages and normalizes by them, as in Keras. Takes effect at the next
 * step, also in a run that has begun.
 *
 * @param selectors names or patterns (`"conv*"`, `"encoder/*"`), `below("conv4")`, `last(2)`, `biases`,
 *   `norms`, a function; none: everything
 * @returns the model, so that it shows itself at the end of a cell
 * @throws when a selector names nothing, with the closest names
 * @example
 * const model = tf.sequential({ layers: [
 *   tf.layers.dense({ name: "features", units: 8, inputShape: [4] }),
 *   tf.layers.dense({ name: "head", units: 3 }),
 * ] });
 * freeze(model, "features");
 */
export function freeze(model: LayersModel, ...selectors: Selector[]): LayersModel {
  change(model, selectWeights(model, selectors), false);
  return model;
}

/** The opposite of `freeze`; without selectors everything trains. */
export function unfreeze(model: LayersModel, ...selectors: Selector[]): LayersModel {
  change(model, selectWeights(model, selectors), true);
  return model;
}

/**
 * Freezes everything but what is selected, which trains.
 *
 * @example
 * const model = tf.sequential({ layers: [
 *   tf.layers.dense({ name: "features", units: 8, inputShape: [4] }),
 *   tf.layers.dense({ name: "head", units: 3 }),
 * ] });
 * freezeAllBut(model, "head");
 */
export function freezeAllBut(model: LayersModel, ...selectors: Selector[]): LayersModel {
  if (selectors.length === 0) throw new Error('freezeAllBut wants to know what trains, as in freezeAllBut(model, "head")');
  setTrained(model, new Set(selectWeights(model, selectors).map(({ path }) => path)));
  return model;
}

/**
 * What trains, as a table: a row a layer that has weights.
 *
 * @example
 * const model = tf.sequential({ layers: [tf.layers.dense({ name: "head", units: 3, inputShape: [4] })] });
 * trainable(model).columns; // ["layer", "kind", "parameters", "trains", "state"]
 */
export function trainable(model: LayersModel): DataFrame {
  const rows = layersView(model).layers.filter(({ parameters }) => parameters > 0);
  const dfd = requireDfd();
  return new dfd.DataFrame({
    layer: rows.map(({ name, depth }) => "  ".repeat(depth) + name),
    kind: rows.map(({ kind }) => kind),
    parameters: rows.map(({ parameters }) => parameters),
    trains: rows.map(({ trainable: count }) => count),
    state: rows.map(({ state }) => state),
  });
}

/** The weights that train now, by path. */
export function trainedPaths(model: LayersModel): string[] {
  return weightEntries(model).filter(trains).map(({ path }) => path);
}

/** Makes exactly these weights train, and the rest stay. */
export function setTrained(model: LayersModel, paths: ReadonlySet<string>): void {
  const entries = layerEntries(model);
  const weights = weightEntries(model, entries).filter(({ kind }) => kind !== "statistics");
  const wanted = weights.filter(({ path }) => paths.has(path));
  // tfjs' setter of a layer or model writes through to its weights: the outermost first, the weights' own flags last.
  if (wanted.length > 0) internals(model).trainable = true;
  for (const { layer } of entries) {
    const own = weights.filter(({ owner }) => owner.layer === layer || owner.parents.includes(layer));
    if (own.length === 0) continue;
    const open = own.some(({ path }) => paths.has(path));
    for (const each of [layer, ...innerLayers(layer)]) internals(each).trainable = open;
  }
  for (const { variable, path } of weights) variable.trainable = paths.has(path);
}

function change(model: LayersModel, selected: readonly WeightEntry[], trained: boolean): void {
  const paths = new Set(trainedPaths(model));
  for (const { path } of selected) {
    if (trained) paths.add(path);
    else paths.delete(path);
  }
  setTrained(model, paths);
}
