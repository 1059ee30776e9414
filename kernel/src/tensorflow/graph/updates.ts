/** Optimizer updates that TensorFlow does in one pass over weight, slots and gradient. */
import type { Tensor } from "@tensorflow/tfjs-node";
import { attribute, DataTypes } from "./builder";
import type { GraphBuilder } from "./builder";
import type { Output } from "./native";
import type { StateVariable } from "./session";

/** An update rule that has an op of its own, with its constants. */
export type FusedRule =
  /** Kingma and Ba's Adam with epsilon beside the corrected root, as PyTorch has it. Slots: mean, square. */
  | { kind: "adam"; beta1: number; beta2: number; epsilon: number }
  /** `v = momentum v + g`, `w -= rate v`; without momentum no slot. */
  | { kind: "sgd"; momentum: number; nesterov: boolean };

export interface FusedUpdate {
  rule: FusedRule;
  /** Names of state. */
  variable: string;
  /** Multiplies the weight by the first scalar before the step. */
  decays: boolean;
  slots: readonly string[];
  gradient: Tensor;
  /** As `fusedScalars` computes them. */
  scalars: readonly Tensor[];
}

/** How many scalars `emitUpdate` takes: the kept share of the weight (1 without decay), the rate, epsilon. */
export const UPDATE_SCALARS = 3;

/**
 * The scalars of one update, computed in double precision. `ResourceApplyAdam` adds epsilon before the
 * bias correction: epsilon and rate are scaled so that the result is PyTorch's.
 *
 * @param count how often the weight has been updated, this update included
 * @param keep what decoupled decay leaves of the weight: 1 - rate * decay
 */
export function fusedScalars(rule: FusedRule, count: number, rate: number, keep: number): [keep: number, rate: number, epsilon: number] {
  if (rule.kind === "sgd") return [keep, rate, 0];
  // The op takes 1 - beta2 in single precision, which is 0.00100004673 for 0.999: the correction has to undo just that.
  const [beta1, beta2] = [Math.fround(rule.beta1), Math.fround(rule.beta2)];
  const root = Math.sqrt(1 - beta2 ** count);
  return [keep, (rate * root) / (1 - beta1 ** count), rule.epsilon * root];
}

interface Operands {
  variable: StateVariable;
  /** The weight before the update. */
  read: Output;
  slots: readonly StateVariable[];
  gradient: Output;
  scalars: readonly Output[];
}

/** Adds the update to a graph; it runs after `controls`. @returns the op that ends it */
export function emitUpdate(graph: GraphBuilder, { rule, decays }: { rule: FusedRule; decays: boolean }, { variable, read, slots, gradient, scalars }: Operands, controls: readonly number[]): number {
  const [keep, rate, epsilon] = scalars as [Output, Output, Output];
  const type = attribute.type("T", DataTypes.float32);
  const constant = (value: number) => graph.constant(DataTypes.float32, [], Float32Array.of(value));
  let before = controls;
  // Not before its turn: a second copy of every weight would lie there through the whole step.
  if (decays) before = [variable.assign(graph.add("Mul", [read, keep], [type], { controls })[0]!, controls), ...controls];
  const options = { controls: before };
  if (rule.kind === "adam") {
    // Powers of 0: the correction is in the rate already.
    const zero = constant(0);
    return graph.operation("ResourceApplyAdam", [variable.resource, slots[0]!.resource, slots[1]!.resource, zero, zero, rate, constant(rule.beta1), constant(rule.beta2), epsilon, gradient], [type], options);
  }
  if (rule.momentum === 0) return graph.operation("ResourceApplyGradientDescent", [variable.resource, rate, gradient], [type], options);
  return graph.operation("ResourceApplyMomentum", [variable.resource, slots[0]!.resource, rate, gradient, constant(rule.momentum)], [type, attribute.bool("use_nesterov", rule.nesterov)], options);
}
