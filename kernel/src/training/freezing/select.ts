/** Which weights are meant: selectors by name, depth, kind or function. Pure: they read a model and change nothing. */
import { closestNames } from "../../closest-names";
import { layerCalls, layerEntries, asContainer, weightEntries } from "../../models";
import { brief } from "../plan/checks";
import type { Layer, LayerEntry, LayersModel, WeightEntry, WeightKind } from "../../models";

/** What a function selector sees of a weight. */
export interface WeightInfo {
  /** `encoder/conv1/kernel`. */
  path: string;
  /** The layer's path, `encoder/conv1`, and its Keras class, `Conv2D`. */
  layer: string;
  layerKind: string;
  kind: WeightKind;
  shape: readonly number[];
  /** How many numbers it holds. */
  size: number;
}

/** A selector that reads the model's structure; made by `below` and `last`. */
export interface StructuralSelector {
  readonly description: string;
  select(model: LayersModel): Set<Layer>;
}

/**
 * Selects weights. A text is a pattern in which `*` stands for any characters: without a slash it is
 * matched with the names of layers (of nested models too, and nested models themselves), with a slash
 * with the whole path of a layer (`encoder/conv*`) or a weight (`encoder/*bias`).
 */
export type Selector = string | RegExp | StructuralSelector | ((weight: WeightInfo) => boolean);

/** Every bias. `freezeAllBut(model, biases)` is BitFit (Zaken et al. 2022). */
export const biases = (weight: WeightInfo): boolean => weight.kind === "bias";

/** Scale and shift of every normalization layer. */
export const norms = (weight: WeightInfo): boolean => weight.kind === "norm";

/**
 * The layers that feed the named one, without itself: `freeze(model, below("conv4"))`.
 */
export function below(name: string): StructuralSelector {
  return {
    description: `below("${name}")`,
    select(model) {
      const target = layerNamed(model, name);
      const found = new Set<Layer>();
      const visit = (layer: Layer): void => {
        for (const call of callsOf(model, layer)) {
          for (const producer of call) {
            if (found.has(producer)) continue;
            found.add(producer);
            visit(producer);
          }
        }
      };
      // What lies in a nested model is fed by whatever feeds that model.
      [target.layer, ...target.parents].forEach(visit);
      return found;
    },
  };
}

/** The last `count` layers that have weights, counted from the output: `unfreeze(model, last(2))`. */
export function last(count: number): StructuralSelector {
  if (!Number.isInteger(count) || count < 1) throw new RangeError(`last(n) wants a whole number from 1 on; it got ${count}`);
  return {
    description: `last(${count})`,
    select(model) {
      const weighted = layerEntries(model).filter((entry) => !entry.nested && entry.layer.weights.length > 0);
      return new Set(weighted.slice(-count).map(({ layer }) => layer));
    },
  };
}

/**
 * The weights that any of the selectors names; all of them where none is given. Moving averages are
 * not weights that one freezes: they follow their layer.
 *
 * @throws when a selector names nothing, with the closest names
 */
export function selectWeights(model: LayersModel, selectors: readonly Selector[]): WeightEntry[] {
  if (!isModel(model)) throw new TypeError(`The first of freeze, unfreeze and freezeAllBut is a model, as in freeze(model, "conv*"); it got ${brief(model)}`);
  const entries = layerEntries(model);
  const weights = weightEntries(model, entries).filter(({ kind }) => kind !== "statistics");
  if (selectors.length === 0) return weights;
  return chosenBy(model, selectors, entries, weights);
}

function isModel(value: unknown): boolean {
  return typeof value === "object" && value !== null && "layers" in value && "inputs" in value;
}

/** The same for reading: moving averages too. */
export function weightsMatching(model: LayersModel, selectors: readonly Selector[]): WeightEntry[] {
  const entries = layerEntries(model);
  const weights = weightEntries(model, entries);
  return selectors.length === 0 ? weights : chosenBy(model, selectors, entries, weights);
}

function chosenBy(model: LayersModel, selectors: readonly Selector[], entries: readonly LayerEntry[], weights: readonly WeightEntry[]): WeightEntry[] {
  const chosen = new Set<WeightEntry>();
  for (const selector of selectors) {
    const found = matches(model, selector, entries, weights);
    if (found.length === 0) throw new Error(nothingSelected(selector, entries, weights, model.name));
    found.forEach((weight) => chosen.add(weight));
  }
  return weights.filter((weight) => chosen.has(weight));
}

function matches(model: LayersModel, selector: Selector, entries: readonly LayerEntry[], weights: readonly WeightEntry[]): WeightEntry[] {
  if (typeof selector === "function") return weights.filter((weight) => selector(describe(weight)));
  if (typeof selector === "object" && selector !== null && "select" in selector) {
    const layers = selector.select(model);
    return weights.filter(({ owner }) => layers.has(owner.layer) || owner.parents.some((parent) => layers.has(parent)));
  }
  if (typeof selector !== "string" && !(selector instanceof RegExp)) throw new TypeError(`A selector is a name or pattern ("conv*"), a regular expression, below(…), last(n) or a function; it got ${JSON.stringify(selector) ?? "undefined"}${Array.isArray(selector) ? ". Give several one after the other, not in an array" : ""}`);
  const test = typeof selector === "string" ? glob(selector) : (text: string) => text.search(selector) !== -1;
  const wholePath = selector instanceof RegExp || selector.includes("/");
  const named = new Set(entries.filter((entry) => test(wholePath ? entry.path : entry.name)).map(({ layer }) => layer));
  return weights.filter((weight) => named.has(weight.owner.layer) || weight.owner.parents.some((parent) => named.has(parent)) || (wholePath && test(weight.path)));
}

export function describe({ path, owner, kind, shape, size }: WeightEntry): WeightInfo {
  return { path, layer: owner.path, layerKind: owner.kind, kind, shape, size };
}

/** `*` stands for any characters, slashes among them. */
export function glob(pattern: string): (text: string) => boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const expression = new RegExp(`^${parts.join(".*")}$`);
  return (text) => expression.test(text);
}

function nothingSelected(selector: Selector, entries: readonly LayerEntry[], weights: readonly WeightEntry[], model: string): string {
  if (typeof selector === "function") return `The selector function chooses none of the ${weights.length} weights of ${model}`;
  if (typeof selector === "object" && !(selector instanceof RegExp)) return `${selector.description} selects no layer with weights in ${model}`;
  const text = String(selector);
  const test = typeof selector === "string" ? glob(selector) : (path: string) => path.search(selector) !== -1;
  const empty = entries.filter(({ name, path }) => test(name) || test(path));
  if (empty.length > 0) {
    return `"${text}" matches ${empty.map(({ path }) => path).join(", ")}, which ${empty.length > 1 ? "have" : "has"} no weights to freeze`;
  }
  const weighted = new Set(weights.flatMap(({ owner }) => [owner.path, owner.name, ...owner.parents.map(({ name }) => name)]));
  return `"${text}" matches no layer of ${model}; the closest names are ${closestNames(text.replaceAll("*", ""), weighted).join(", ")}`;
}

function layerNamed(model: LayersModel, name: string): LayerEntry {
  const entries = layerEntries(model);
  const found = entries.find(({ path }) => path === name) ?? entries.find((entry) => entry.name === name);
  if (found) return found;
  throw new Error(`"${name}" is no layer of ${model.name}; the closest names are ${closestNames(name, entries.map(({ path }) => path)).join(", ")}`);
}

/** The layers that feed each call of `layer`, in whichever container it lies. */
function callsOf(model: LayersModel, layer: Layer): Layer[][] {
  const containers = [asContainer(model)!, ...layerEntries(model).flatMap(({ layer: each }) => asContainer(each) ?? [])];
  return containers.flatMap((container) => {
    const calls = layerCalls(container);
    const producer = new Map(calls.flatMap(({ layer: source, node }) => node.outputTensors.map((tensor) => [tensor, source] as const)));
    return calls.filter((call) => call.layer === layer).map(({ node }) => node.inputTensors.flatMap((tensor) => producer.get(tensor) ?? []));
  });
}
