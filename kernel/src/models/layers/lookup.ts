import type { Tensor } from "@tensorflow/tfjs-node";
import { executeOp, requireTf } from "../../tensorflow";

/**
 * Rows of a table, by number; the gradient adds up the rows that were taken.
 *
 * @param table [rows, width]
 * @param ids [...] int32; a number that is no row is an error
 * @returns [..., width]
 */
export function lookup(table: Tensor, ids: Tensor): Tensor {
  const tf = requireTf();
  const [rows, width] = table.shape as [number, number];
  const flat = tf.reshape(tf.cast(ids, "int32"), [-1]);
  const op = tf.customGrad((...args) => {
    const [values, save] = args as unknown as [Tensor, (tensors: Tensor[]) => void];
    save([flat]);
    const axis = tf.scalar(0, "int32");
    const types = { Tparams: { type: "float32" }, Tindices: { type: "int32" }, Taxis: { type: "int32" } } as const;
    return {
      value: executeOp("GatherV2", { batch_dims: { int: 0 }, ...types }, [values, flat, axis])[0]!,
      gradFunc: (dy: Tensor, [taken]: Tensor[]) => tf.unsortedSegmentSum(dy, taken as never, rows),
    };
  });
  return tf.reshape(op(table), [...ids.shape, width]);
}
