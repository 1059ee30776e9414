/** The Gaussian error linear unit (Hendrycks and Gimpel 2016), as PyTorch has it, with gradients of few passes. */
import type { Tensor } from "@tensorflow/tfjs-node";
import { requireTf } from "../../tensorflow";

/** `gelu`: with the error function; `gelu_tanh`: by the tanh (GPT-2's `gelu_new`). */
export type Activation = "gelu" | "gelu_tanh" | "relu";

export function activate(x: Tensor, activation: Activation): Tensor {
  switch (activation) {
    case "gelu":
      return gelu(x);
    case "gelu_tanh":
      return geluTanh(x);
    case "relu":
      return requireTf().relu(x);
    default:
      throw new Error(`activation: "${String(activation)}" is not known; there are gelu, gelu_tanh and relu`);
  }
}

type Saving = [x: Tensor, save: (tensors: Tensor[]) => void];

/** `x P(x)`, where P is the normal distribution function; its derivative is `P(x) + x p(x)`. */
export function gelu(x: Tensor): Tensor {
  const tf = requireTf();
  const op = tf.customGrad((...args) => {
    const [input, save] = args as unknown as Saving;
    const below = tf.mul(tf.add(tf.erf(tf.mul(input, Math.SQRT1_2)), 1), 0.5);
    save([input, below]);
    return {
      value: tf.mul(input, below),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [z, share] = saved as [Tensor, Tensor];
        const density = tf.mul(tf.exp(tf.mul(tf.square(z), -0.5)), 1 / Math.sqrt(2 * Math.PI));
        return tf.mul(dy, tf.add(share, tf.mul(z, density)));
      },
    };
  });
  return op(x);
}

const ROOT = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

/** `x (1 + tanh(r (x + c x^3))) / 2` with r = sqrt(2 / pi), c = 0.044715. */
export function geluTanh(x: Tensor): Tensor {
  const tf = requireTf();
  const op = tf.customGrad((...args) => {
    const [input, save] = args as unknown as Saving;
    const inside = tf.mul(input, tf.add(tf.mul(tf.square(input), ROOT * CUBIC), ROOT));
    const below = tf.mul(tf.add(tf.tanh(inside), 1), 0.5);
    save([input, below]);
    return {
      value: tf.mul(input, below),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [z, share] = saved as [Tensor, Tensor];
        // d share / dz = 2 share (1 - share) r (1 + 3 c z^2)
        const slope = tf.mul(tf.mul(share, tf.sub(1, share)), tf.add(tf.mul(tf.square(z), 6 * ROOT * CUBIC), 2 * ROOT));
        return tf.mul(dy, tf.add(share, tf.mul(z, slope)));
      },
    };
  });
  return op(x);
}
