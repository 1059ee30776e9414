import type { LayersModel, Tensor } from "@tensorflow/tfjs-node";
import { weightEntries } from "../../../models";
import type { WeightEntry } from "../../../models";
import { requireTf } from "../../../tensorflow";
import { atLeastZero } from "../../plan/checks";
import { sumOf, weightOf } from "./regularizer";
import type { Importance } from "./fisher";
import type { Regularizer } from "./regularizer";

/**
 * Elastic weight consolidation (Kirkpatrick et al. 2017): `strength / 2` times the squared distance of each
 * weight from where it stood on the old task, times how much that task depends on it. Weights that are not
 * in `importance`, as those of a new head, are free.
 *
 * @param importance by `await fisher(model, oldData)`, before the model is trained on the new task
 * @param strength of the order of 10 to 10,000: the importance of most weights is small
 */
export function ewc(importance: Importance, strength: number): Regularizer {
  atLeastZero("ewc: strength", strength);
  if (!(importance?.weights instanceof Map)) throw new TypeError("ewc wants the importance of the weights first: ewc(await fisher(model, oldData), strength)");
  return {
    kind: "ewc",
    readsInputs: false,
    check(model) {
      if (shared(model, importance).length === 0) throw new Error(`ewc: none of the ${importance.weights.size} weights of the importance is in ${model.name} with the same name and shape`);
    },
    term({ model, keep }) {
      const tf = requireTf();
      const pairs = new Map(shared(model, importance).map((entry) => {
        const { values, fisher } = importance.weights.get(entry.path)!;
        const [anchor, weight] = [values, fisher].map((each) => tf.tensor(each, [...entry.shape])) as [Tensor, Tensor];
        const pair = { anchor: keep("ewc-anchor", entry, anchor), fisher: keep("ewc-fisher", entry, weight) };
        tf.dispose([anchor, weight]);
        return [entry.path, pair];
      }));
      return {
        penalty: (trained) =>
          sumOf(tf, trained.flatMap((entry) => {
            const pair = pairs.get(entry.path);
            return pair ? [tf.mul(tf.sum(tf.mul(pair.fisher.read(), tf.square(tf.sub(weightOf(entry), pair.anchor.read())))), strength / 2)] : [];
          })),
      };
    },
  };
}

function shared(model: LayersModel, { weights }: Importance): WeightEntry[] {
  return weightEntries(model).filter(({ path, kind, size }) => kind !== "statistics" && weights.get(path)?.values.length === size);
}
