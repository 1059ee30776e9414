import type { Tensor, Tensor2D, Tensor4D } from "@tensorflow/tfjs-node";
import { executeOp, requireTf } from "../../../tensorflow";
import { atLeastZero } from "../../plan/checks";
import type { Augment } from "./augment";
import type { AugmentRandom } from "./random";

/** What stands where an image was moved away: the image mirrored at its edge, its edge, its other side, or 0. */
export type Fill = "reflect" | "nearest" | "wrap" | "constant";

export interface FlipOptions {
  /** Left and right change places in half of the images; true. */
  horizontal?: boolean;
  /** Top and bottom; false. */
  vertical?: boolean;
}
export interface ShiftOptions {
  /** How far at most, as a share of width and height; 0.1. */
  by?: number;
  fill?: Fill;
}
export interface RotateOptions {
  /** How far at most to either side; 15. */
  degrees?: number;
  fill?: Fill;
}
export interface ZoomOptions {
  /** How much larger or smaller at most: 0.2 is a size from 0.8 to 1.2. */
  by?: number;
  fill?: Fill;
}
export interface NoiseOptions {
  /** Standard deviation, in units of the numbers in `x`; 0.05. */
  deviation?: number;
}

/**
 * Changes of images, [rows, height, width, channels], for `finetune`'s `augment`: each image of a batch by an amount of its own,
 * all of them in one op. `noise` takes numbers of any shape.
 *
 * @example
 * const model = tf.sequential({ layers: [tf.layers.flatten({ inputShape: [4, 4, 1] }), tf.layers.dense({ units: 2, activation: "softmax" })] });
 * const x = tf.randomUniform([8, 4, 4, 1], 0, 1, "float32", 1);
 * const run = finetune(model, { x, y: [0, 1, 0, 1, 0, 1, 0, 1] }, { epochs: 2, augment: [augmentations.flip(), augmentations.shift({ by: 0.25 })] });
 * await run.train();
 */
export const augmentations = {
  flip({ horizontal = true, vertical = false }: FlipOptions = {}): Augment {
    return ofImages("flip", (x, random) => {
      const tf = requireTf();
      const half = () => tf.less(random.uniform([x.shape[0], 1, 1, 1]), 0.5);
      const across = horizontal ? tf.where(half(), tf.reverse(x, 2), x) : x;
      return vertical ? tf.where(half(), tf.reverse(across, 1), across) : across;
    });
  },

  shift({ by = 0.1, fill = "reflect" }: ShiftOptions = {}): Augment {
    atLeastZero("augmentations.shift: by", by);
    return moved("shift", fill, ([rows, height, width], random) => {
      const tf = requireTf();
      const [one, none] = [tf.ones([rows, 1]), tf.zeros([rows, 1])];
      return [one, none, random.uniform([rows, 1], -by * width, by * width), none, one, random.uniform([rows, 1], -by * height, by * height)];
    });
  },

  rotate({ degrees = 15, fill = "reflect" }: RotateOptions = {}): Augment {
    const most = (atLeastZero("augmentations.rotate: degrees", degrees) * Math.PI) / 180;
    return moved("rotate", fill, ([rows, height, width], random) => {
      const tf = requireTf();
      const angle = random.uniform([rows, 1], -most, most);
      const [cos, sin] = [tf.cos(angle), tf.sin(angle)];
      // About the middle of the image.
      const [x, y] = [(width - 1) / 2, (height - 1) / 2];
      const left = tf.sub(x, tf.sub(tf.mul(cos, x), tf.mul(sin, y)));
      const top = tf.sub(y, tf.add(tf.mul(sin, x), tf.mul(cos, y)));
      return [cos, tf.neg(sin), left, sin, cos, top];
    });
  },

  zoom({ by = 0.2, fill = "reflect" }: ZoomOptions = {}): Augment {
    if (!(by >= 0 && by < 1)) throw new RangeError(`augmentations.zoom: by lies between 0 and 1; it is ${by}`);
    return moved("zoom", fill, ([rows, height, width], random) => {
      const tf = requireTf();
      const scale = tf.div(1, random.uniform([rows, 1], 1 - by, 1 + by));
      const none = tf.zeros([rows, 1]);
      const edge = tf.sub(1, scale);
      return [scale, none, tf.mul(edge, (width - 1) / 2), none, scale, tf.mul(edge, (height - 1) / 2)];
    });
  },

  noise({ deviation = 0.05 }: NoiseOptions = {}): Augment {
    atLeastZero("augmentations.noise: deviation", deviation);
    return ({ x }, random) => {
      const tf = requireTf();
      const noisy = (tensor: Tensor) => (tensor.dtype === "float32" ? tf.add(tensor, tf.mul(random.normal(tensor.shape), deviation)) : tensor);
      return { x: Array.isArray(x) ? x.map(noisy) : noisy(x) };
    };
  },
};

function ofImages(name: string, change: (x: Tensor4D, random: AugmentRandom) => Tensor): Augment {
  return ({ x }, random) => {
    if (Array.isArray(x) || x.rank !== 4) throw new Error(`augmentations.${name} wants images, [rows, height, width, channels]; the input is ${Array.isArray(x) ? `${x.length} tensors` : `[${x.shape.join(", ")}]`}`);
    return { x: change(x as Tensor4D, random) };
  };
}

/** @param matrix where in the image each place of the new one is taken from: the six numbers of an affine map, [rows, 1] each */
function moved(name: string, fill: Fill, matrix: (shape: Tensor4D["shape"], random: AugmentRandom) => Tensor[]): Augment {
  return ofImages(name, (x, random) => {
    const tf = requireTf();
    const maps = tf.concat([...matrix(x.shape, random), tf.zeros([x.shape[0], 2])], 1) as Tensor2D;
    // tfjs-node has no kernel for tf.image.transform; TensorFlow has the op.
    const attributes = { dtype: { type: "float32" }, interpolation: { string: "BILINEAR" }, fill_mode: { string: fill.toUpperCase() } } as const;
    return executeOp("ImageProjectiveTransformV3", attributes, [x, maps, tf.tensor1d(x.shape.slice(1, 3), "int32"), tf.scalar(0)])[0]!;
  });
}
