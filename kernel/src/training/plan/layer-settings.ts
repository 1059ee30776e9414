/** Options that hold for the layers that a pattern names. */
import type { LayersModel } from "@tensorflow/tfjs-node";
import { closestNames } from "../../closest-names";
import { classOf, dropoutSites, layerEntries } from "../../models";
import { atLeastZero } from "./checks";
import type { FinetuneOptions } from "./options.types";
import { glob } from "../freezing/select";

/** The rate of each dropout layer, given its own. */
export function dropoutRates(model: LayersModel, dropout: FinetuneOptions["dropout"]): (path: string, own: number) => number {
  if (dropout === undefined) return (_path, own) => own;
  const rules = typeof dropout === "number" ? { "*": dropout } : dropout;
  const paths = dropoutPaths(model);
  if (paths.length === 0) throw new Error(`dropout: ${model.name} has no dropout layer; put one before the head with replaceHead(model, { …, dropout: ${Object.values(rules)[0]} })`);
  for (const [pattern, rate] of Object.entries(rules)) {
    if (!(rate >= 0 && rate < 1)) throw new RangeError(`dropout must lie in [0, 1); for "${pattern}" it is ${rate}`);
    if (!paths.some(glob(pattern))) throw new Error(`dropout: "${pattern}" matches no dropout layer; there are ${paths.join(", ")}`);
  }
  return (path, own) => Object.entries(rules).findLast(([pattern]) => glob(pattern)(path))?.[1] ?? own;
}

/** The factor of the learning rate of each layer. */
export function ratesByPattern(model: LayersModel, rates: Readonly<Record<string, number>>): (path: string) => number {
  const paths = layerEntries(model).map(({ path }) => path);
  const rules = Object.entries(rates).map(([pattern, factor]) => {
    atLeastZero(`rates["${pattern}"]`, factor);
    const fits = glob(pattern);
    if (!paths.some(fits)) throw new Error(`rates: "${pattern}" matches no layer of ${model.name}; the closest names are ${closestNames(pattern.replaceAll("*", ""), paths).join(", ")}`);
    // A layer's pattern holds for its weights, and for the layers of a nested model.
    const below = glob(`${pattern}/*`);
    return { fits: (path: string) => fits(path) || below(path), factor };
  });
  return (path) => rules.findLast(({ fits }) => fits(path))?.factor ?? 1;
}

/** Whether the model has a place where `dropout` would act. */
function dropoutPaths(model: LayersModel): string[] {
  return layerEntries(model).flatMap(({ layer, path }) => (/Dropout/.test(classOf(layer)) ? [path] : Object.keys(dropoutSites(layer)).map((site) => `${path}/${site}`)));
}
