import type { Rank, Tensor } from "@tensorflow/tfjs-node";
import { requireTf, statelessNormal, statelessUniform } from "../../../tensorflow";

/**
 * Random numbers of one step: they follow from the run's seed, the step and the order in which they are drawn, so that a step that is
 * taken again draws the same ones. Tensors of the shape given, a single number each where there is none: `random.uniform()`.
 */
export interface AugmentRandom {
  /** In [low, high); [0, 1) unless given. */
  uniform(): number;
  uniform<R extends Rank = Rank>(shape: readonly number[], low?: number, high?: number): Tensor<R>;
  /** Of mean 0 and standard deviation 1. */
  normal(): number;
  normal<R extends Rank = Rank>(shape: readonly number[]): Tensor<R>;
  /** A whole number from `low` to `high - 1`. */
  integer(low: number, high: number): number;
  choice<T>(items: readonly T[]): T;
}

export function randomOf(site: { seed: number; step: number; pass: number; index: number }): AugmentRandom {
  let draws = 0;
  const at = () => ({ seed: site.seed, site: `augment/${site.index}/${site.pass}/${draws++}`, step: site.step });
  const single = (made: Tensor): number => {
    const [value] = made.dataSync();
    made.dispose();
    return value!;
  };
  const uniform = (shape?: readonly number[], low = 0, high = 1) => {
    if (!shape) return single(statelessUniform([1], at()));
    const drawn = statelessUniform(shape, at());
    return low === 0 && high === 1 ? drawn : requireTf().add(requireTf().mul(drawn, high - low), low);
  };
  const integer = (low: number, high: number): number => {
    if (!Number.isInteger(low) || !Number.isInteger(high) || high <= low) throw new RangeError(`random.integer(low, high) wants whole numbers, high above low; it got ${low} and ${high}`);
    return low + Math.floor(single(statelessUniform([1], at())) * (high - low));
  };
  return {
    uniform: uniform as AugmentRandom["uniform"],
    normal: ((shape?: readonly number[]) => (shape ? statelessNormal(shape, at()) : single(statelessNormal([1], at())))) as AugmentRandom["normal"],
    integer,
    choice(items) {
      if (items.length === 0) throw new RangeError("random.choice wants at least one item");
      return items[integer(0, items.length)]!;
    },
  };
}
