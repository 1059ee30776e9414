/** Training data that come as they are needed. */
import type { data as TfData, TensorContainer } from "@tensorflow/tfjs-node";
import type { Numbers } from "../columns";
import type { Samples } from "../data";

/**
 * One sample, or a batch of them: which of the two, the shape of `x` tells. As `{ x, y, weights }`, or as tf.data has it:
 * `{ xs, ys }`. A sample's `y` is a class, a number, or numbers in the output's shape.
 */
export interface StreamElement {
  x?: Numbers | number | readonly Numbers[];
  y?: Numbers | number;
  weights?: Numbers | number;
  xs?: Numbers | number | readonly Numbers[];
  ys?: Numbers | number;
}

type Passes = AsyncIterable<StreamElement> | Iterable<StreamElement>;

/**
 * Where samples come from:
 * - a function that gives a new iterable for each epoch (from 0), the same one whenever it is asked for the same epoch;
 * - a `tf.data.Dataset`, which is run through once an epoch; its tensors are disposed as they are read (those of other
 *   sources belong to whoever made them);
 * - an array of elements;
 * - an iterable that can be run through once, as a generator or a file that is read.
 */
export type StreamSource = ((epoch: number) => Passes | Promise<Passes>) | TfData.Dataset<TensorContainer> | readonly StreamElement[] | AsyncIterable<StreamElement>;

export interface StreamData {
  stream: StreamSource;
  /** Held in memory: samples, or a stream that is read to its end before the run begins. */
  validation?: Samples | readonly [x: Samples["x"], y: Numbers] | StreamSource;
  /**
   * Writes what is read to a temporary file (at most half of what the disk has free), so that an iterable that can be run
   * through once can be trained on again: for several epochs, `rewind` and `fork`. false: nobody knows
   * how much will come.
   */
  spool?: boolean;
}
