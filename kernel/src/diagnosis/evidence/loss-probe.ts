import type { Tensor } from "@tensorflow/tfjs-node";
import { requireTf } from "../../tensorflow";
import type { SettingsEvidence } from "./evidence.types";

/**
 * Whether a loss of the user's own is a cross-entropy of logits or of probabilities, found by trying it on
 * one sample: both give log 2 in one place and differ in others. Anything else is unknown.
 *
 * @param shape of one output; only vectors are tried
 */
export function lossTakes(perSample: (targets: Tensor, outputs: Tensor) => Tensor, shape: readonly (number | null)[]): SettingsEvidence["lossTakes"] {
  const units = shape[0];
  if (shape.length !== 1 || !units) return "unknown";
  const tf = requireTf();
  const one = Array.from({ length: units }, (_, unit) => Number(unit === 0));
  const at = (outputs: readonly number[]): number =>
    tf.tidy(() => {
      const value = perSample(tf.tensor2d([one]), tf.tensor2d([[...outputs]]));
      return value.dataSync()[0]!;
    });
  // A target of 1 with 0 elsewhere, and outputs of p at the right place, the rest shared.
  const probabilities = (p: number) => one.map((_, unit) => (unit === 0 ? p : units === 1 ? 0 : (1 - p) / (units - 1)));
  const near = (a: number, b: number) => Math.abs(a - b) < 0.02 * Math.max(1, Math.abs(b));
  try {
    const alone = units === 1;
    const softmax = (z: number) => Math.log(1 + (units - 1) * Math.exp(-z));
    const sigmoid = (z: number) => Math.log(1 + Math.exp(-z));
    const logits = (z: number) => (alone ? sigmoid(z) : softmax(z));
    const outputs = (z: number) => one.map((value) => value * z);
    // Several sigmoids are averaged or summed: log(2) for each output of 0.
    if (near(at(outputs(0)), logits(0)) && near(at(outputs(2)), logits(2)) && near(at(outputs(1)), logits(1))) return "logits";
    if (near(at(probabilities(0.5)), -Math.log(0.5)) && near(at(probabilities(0.25)), -Math.log(0.25)) && near(at(probabilities(0.9)), -Math.log(0.9))) return "probabilities";
  } catch {
    // It wants more than one sample, or another shape: nothing is claimed of it.
  }
  return "unknown";
}
