import { courseOf, measuredGradients } from "../course";
import { fixes } from "../fixes";
import { median } from "../statistics";
import { figure, rounded } from "../words";
import type { Evidence } from "../evidence/evidence.types";
import type { Finding } from "../finding.types";
import type { Thresholds } from "../thresholds";

/**
 * Gradients that grow over the run, or from the last layer down to the first (AutoTrainer: 70 times),
 * while the loss does not fall: a convolution's gradient is a sum over positions and may be large in a
 * run that is well.
 */
export function explodingGradients(evidence: Evidence, { gradients: limits }: Thresholds): Finding[] {
  const { gradientNorm } = evidence.steps;
  const { steps, progress } = courseOf(evidence);
  if (steps < 4 || progress > 0.05) return [];
  const { origin } = evidence.run;
  const before = Math.min(...gradientNorm.slice(origin, origin + 3));
  const now = median(gradientNorm.slice(origin).slice(-3));
  const layers = measuredGradients(evidence);
  const first = layers[0];
  const last = layers.at(-1);
  const ratio = first && last && layers.length > 1 ? first.norm / last.norm : NaN;
  const grown = now > limits.growth * before;
  const steep = ratio > limits.explodingRatio && first!.norm > 1;
  if (!grown && !steep) return [];
  const largest = layers.reduce<(typeof layers)[number] | undefined>((most, each) => (most && most.norm >= each.norm ? most : each), undefined);
  const { learningRate, typicalLearningRate, clipNorm } = evidence.settings;
  const slower = rounded(Math.min(learningRate / 10, typicalLearningRate));
  return [{
    kind: "exploding gradients",
    severity: "problem",
    what: grown
      ? `The gradients' norm grew from ${figure(before)} to ${figure(now)}${largest ? `, most in ${largest.path} (${figure(largest.norm)})` : ""}, and the loss did not fall.`
      : `Gradients grow on their way down: ${figure(last!.norm)} in ${last!.path}, ${figure(first!.norm)} in ${first!.path}, and the loss did not fall.`,
    where: { ...(largest && { layers: [largest.path] }), steps: [origin + 1, gradientNorm.length] },
    evidence: { normBefore: before, normNow: now, growth: now / before, ...(Number.isFinite(ratio) && { firstOverLast: ratio }), progress },
    reason: "Each layer passes on more than it receives, so that a step changes the lower layers far too much, and the next gradient is larger again. Cutting the norm keeps the direction and bounds the step.",
    source: "AutoTrainer (Zhang et al. 2021); Pascanu et al. 2013, On the difficulty of training recurrent neural networks",
    fixes: fixes(
      clipNorm === undefined && { what: "Cut the gradients' norm.", from: { step: evidence.run.origin }, options: { clipNorm: 1 } },
      { what: "Take smaller steps.", from: { step: evidence.run.origin }, options: { learningRate: slower } },
    ),
  }];
}
