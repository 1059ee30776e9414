/**
 * Tensors that belong to a run's state beside weights and slots: where it began, averages, a teacher. They are kept
 * as weights that nothing trains, under paths of their own, so that whatever captures, restores and stores the
 * state has them too.
 */
import type { LayersModel, Tensor } from "@tensorflow/tfjs-node";
import { weightEntries } from "../../models";
import type { LayerVariable, WeightEntry } from "../../models";
import { requireTf } from "../../tensorflow";

/** No layer's path begins so. */
const MARK = "~";

export function keptPath(name: string, path: string): string {
  return `${MARK}${name}/${path}`;
}

/** Whether a path of a state is that of a model's own weight. */
export function isWeightPath(path: string): boolean {
  return !path.startsWith(MARK);
}

export class KeptState {
  readonly entries: WeightEntry[] = [];
  readonly #made: LayerVariable[] = [];

  /** Holds `value` at first. Two that ask for the same have the same. */
  keep(name: string, entry: WeightEntry, value: Tensor): LayerVariable {
    const path = keptPath(name, entry.path);
    const known = this.entries.find((each) => each.path === path);
    if (known) return known.variable;
    const { LayerVariable: Made } = requireTf();
    const variable = new Made(value, value.dtype, `kept_${path.replaceAll(/[^\w/]/g, "_")}`, false) as LayerVariable;
    this.#made.push(variable);
    this.entries.push({ ...entry, path, kind: "statistics", variable });
    return variable;
  }

  /** The weights of another model. They are its own to dispose. */
  adopt(name: string, model: LayersModel): void {
    for (const entry of weightEntries(model)) this.entries.push({ ...entry, path: keptPath(name, entry.path), kind: "statistics" });
  }

  dispose(): void {
    this.#made.forEach((variable) => variable.dispose());
    this.#made.length = this.entries.length = 0;
  }
}
