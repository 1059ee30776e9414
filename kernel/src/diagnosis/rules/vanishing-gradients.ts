import { courseOf, measuredGradients } from "../course";
import { fixes } from "../fixes";
import { figure } from "../words";
import type { Evidence } from "../evidence/evidence.types";
import type { Finding } from "../finding.types";
import type { Thresholds } from "../thresholds";

/** A mean gradient below which float32's update is lost (SageMaker Debugger). */
const LOST = 1e-7;

/**
 * Gradients that do not reach the first layers (AutoTrainer: first over last below 1e-3 with the first
 * below 1e-4; SageMaker Debugger: below 1e-7). By root mean square, so that a layer's size does not count;
 * frozen layers, tables of embeddings, the warm-up and runs that have learnt all there was are left out.
 */
export function vanishingGradients(evidence: Evidence, { gradients: limits }: Thresholds): Finding[] {
  const layers = measuredGradients(evidence);
  const first = layers[0];
  const last = layers.at(-1);
  const { progress } = courseOf(evidence);
  // Of a run that has learnt all, and of one that was thrown far off, gradients tell nothing of the layers.
  if (!first || !last || layers.length < 2 || progress > 0.95 || progress < -0.5) return [];
  // Dead units above would be the reason; that finding names them.
  if (evidence.model.layers.some(({ activity, output }) => !output && activity?.dead !== undefined && activity.dead >= 0.95 * activity.units)) return [];
  const ratio = first.rms / last.rms;
  const vanished = (ratio < limits.vanishingRatio && first.rms < limits.vanishing) || (first.rms < LOST && ratio < 0.1);
  if (!vanished) return [];
  const starved = layers.filter(({ rms }) => rms / last.rms < limits.vanishingRatio || rms < LOST).map(({ path }) => path);
  const squashing = evidence.model.layers.filter(({ activation, output }) => !output && (activation === "sigmoid" || activation === "tanh"));
  return [{
    kind: "vanishing gradients",
    severity: "problem",
    what: `Gradients die out on their way down: ${figure(first.rms)} in ${first.path}, ${figure(last.rms)} in ${last.path} (root mean square).`,
    where: { layers: starved.length > 0 ? starved : [first.path] },
    evidence: { first: first.rms, last: last.rms, ratio, squashingLayers: squashing.length },
    reason: `${squashing.length > 0 ? `Each ${squashing[0]!.activation} multiplies the gradient by ${squashing[0]!.activation === "sigmoid" ? "at most a quarter" : "less than one"}, and there are ${squashing.length} of them` : "Each layer passes on less than it receives"}. What arrives at the first layers is too small to change them.`,
    source: "AutoTrainer (Zhang et al. 2021); SageMaker Debugger; Glorot and Bengio 2010",
    fixes: fixes(
      squashing.length > 0 && { what: "Use ReLU between the layers, or normalize them.", instead: `tf.layers.dense({ units: …, activation: "relu", kernelInitializer: "heNormal" }) // in place of ${squashing[0]!.activation}` },
      evidence.settings.optimizer === "sgd" && { what: "Use an optimizer that scales each weight's step by its gradients.", from: { step: evidence.run.origin }, options: { optimizer: "adam", learningRate: 1e-3 } },
      { what: `Give the lower layers larger steps.`, from: { step: evidence.run.origin }, options: { rates: Object.fromEntries(starved.slice(0, 4).map((path) => [path, 10])) } },
    ),
  }];
}
