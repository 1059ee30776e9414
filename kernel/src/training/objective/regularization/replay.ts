import { permutation } from "../../../tensorflow";
import { datasetOf, joinRows, takeRows } from "../../data/data";
import type { Samples } from "../../data/data";
import type { Regularizer } from "./regularizer";

/**
 * Mixes old samples into every batch, so that what was known goes on being practised (Robins 1995). They come
 * on top of the batch's own; which ones is decided by the seed, and every old sample has its turn before one
 * comes again. They have the weights of their classes (`classWeights`), too.
 *
 * @param samples of the old task, with targets that the model can have now
 * @param options `share`: of a batch that is old; 0.2
 */
export function replay(samples: Samples, { share = 0.2 }: { share?: number } = {}): Regularizer {
  if (!(share > 0 && share < 1)) throw new RangeError(`replay: share lies between 0 and 1; it is ${share}`);
  return {
    kind: "replay",
    stage({ model, loss, seed, batchSize, accumulate, weigh = (data) => data }) {
      const old = weigh(datasetOf(model, loss, samples, "replay"));
      const count = Math.max(1, Math.round((batchSize * share) / (1 - share)));
      let order: { round: number; rows: Int32Array } | undefined;
      const rowAt = (place: number): number => {
        const round = Math.floor(place / old.rows);
        if (order?.round !== round) order = { round, rows: permutation(old.rows, { seed, site: "replay", step: round }) };
        return order.rows[place % old.rows]!;
      };
      return (batch, { step, pass }) => {
        const first = (step * accumulate + pass) * count;
        return joinRows(batch, takeRows(old, Int32Array.from({ length: count }, (_, index) => rowAt(first + index))));
      };
    },
  };
}
