import { requireTf } from "../../../tensorflow";
import { atLeastZero } from "../../plan/checks";
import { glob } from "../../freezing/select";
import { sumOf, weightOf } from "./regularizer";
import type { Regularizer } from "./regularizer";

export interface L2spOptions {
  /** Patterns of layers that are new and have no starting point, as `"head"`: they decay towards 0 instead. */
  fresh?: readonly string[];
  /** The strength for them; 0.01. */
  freshStrength?: number;
}

/**
 * Holds the weights near where the run began (L2-SP; Xuhong, Grandvalet and Davoine 2018): `strength / 2` times
 * the squared distance from there, of all weights that train. In a fork that adds it: where the fork begins.
 */
export function l2sp(strength: number, { fresh = [], freshStrength = 0.01 }: L2spOptions = {}): Regularizer {
  atLeastZero("l2sp: strength", strength);
  atLeastZero("l2sp: freshStrength", freshStrength);
  const isFresh = (path: string) => fresh.some((pattern) => glob(pattern)(path) || glob(`${pattern}/*`)(path));
  return {
    kind: "l2sp",
    readsInputs: false,
    check(model) {
      const layers = model.layers.map(({ name }) => name);
      for (const pattern of fresh) if (!layers.some((name) => isFresh(name) || glob(pattern.split("/")[0]!)(name))) throw new Error(`l2sp: fresh "${pattern}" matches no layer; there are ${layers.join(", ")}`);
    },
    term({ weights, keep }) {
      const starts = new Map(weights.filter(({ kind, path }) => kind !== "statistics" && !isFresh(path)).map((entry) => [entry.path, keep("start", entry, weightOf(entry))]));
      return {
        penalty(trained) {
          const tf = requireTf();
          return sumOf(tf, trained.map((entry) => {
            const start = starts.get(entry.path);
            const distance = start ? tf.sub(weightOf(entry), start.read()) : weightOf(entry);
            return tf.mul(tf.sum(tf.square(distance)), (start ? strength : freshStrength) / 2);
          }));
        },
      };
    },
  };
}
