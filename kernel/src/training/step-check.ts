import type { TypedArray } from "../tensorflow/graph";
import type { StepResult } from "./stepper";

type Weights = ReadonlyMap<string, TypedArray>;

/**
 * Whether a compiled step does what the same step does op by op. Rounding may turn the update of a weight
 * whose gradient is next to nothing; it does not turn the update as a whole.
 *
 * @returns what differs, or undefined
 */
export function differenceOf(eager: { result: StepResult; weights: Weights; start: Weights }, compiled: { result: StepResult; weights: Weights }): string | undefined {
  if (!eager.result.applied || !compiled.result.applied) return undefined;
  const [expected, taken] = [eager.result, compiled.result];
  if (apart(expected.loss, taken.loss, 1e-3)) return `its loss is ${taken.loss}, and ${expected.loss} op by op`;
  if (apart(expected.gradientNorm, taken.gradientNorm, 1e-2)) return `its gradients have the norm ${taken.gradientNorm}, and ${expected.gradientNorm} op by op`;
  const length = distance(eager.weights, eager.start);
  const off = distance(eager.weights, compiled.weights);
  return off <= 0.5 * length + 1e-6 ? undefined : `it ends ${off} away from where it ends op by op`;
}

function apart(a: number, b: number, share: number): boolean {
  return !(Math.abs(a - b) <= share * Math.max(Math.abs(a), Math.abs(b)) + 1e-6);
}

function distance(a: Weights, b: Weights): number {
  let sum = 0;
  for (const [path, values] of a) {
    const others = b.get(path)!;
    for (let i = 0; i < values.length; i++) sum += (Number(values[i]) - Number(others[i])) ** 2;
  }
  return Math.sqrt(sum);
}
