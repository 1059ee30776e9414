import type { Run } from "../training";
import { diagnosisOf, type Diagnosis } from "./diagnosis";
import { gather } from "./evidence/gather";
import { thresholdsWith, type ThresholdChanges } from "./thresholds";

export interface DiagnoseOptions {
  /** Where rules begin to speak, where it shall be otherwise: `{ overfitting: { rise: 0.2 } }`. */
  thresholds?: ThresholdChanges;
}

/**
 * What goes wrong in a run and why: overfitting, the learning rate, gradients that vanish or explode, dead
 * and saturated units, NaN, frozen weights that move, validation rows in the training data, and more. Each
 * finding has its place, its numbers, the reason with its source, and fixes to try, the best first.
 * Gradients and updates by layer are only known of a run with `watch: true`.
 *
 * The run may stand anywhere between two steps; it is not changed. Rules and thresholds come from UMLAUT
 * (Schoop et al. 2021), AutoTrainer (Zhang et al. 2021), SageMaker Debugger, NeuraLint (Nikanjam et al. 2021),
 * deepchecks and cleanlab.
 *
 * @throws on thresholds that no rule has
 * @example
 * const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, activation: "softmax", inputShape: [2] })] });
 * const x = [[0, 0], [0, 250], [250, 0], [250, 250]];
 * const run = finetune(model, { x, y: [0, 0, 1, 1] }, { seed: 1 });
 * await run.step();
 * diagnose(run).findings.map(({ kind }) => kind); // ["inputs not scaled"]
 */
export function diagnose(run: Run, { thresholds }: DiagnoseOptions = {}): Diagnosis {
  const limits = thresholdsWith(thresholds);
  return diagnosisOf(gather(run), limits);
}
