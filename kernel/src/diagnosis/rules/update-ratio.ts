import { courseOf, lately } from "../course";
import { fixes } from "../fixes";
import { median } from "../statistics";
import { figure, listed, rounded } from "../words";
import type { Evidence } from "../evidence/evidence.types";
import type { Finding } from "../finding.types";
import type { Thresholds } from "../thresholds";

/**
 * How much of a layer a step changes; about 1e-3 is healthy (Karpathy), beyond 10 or below 1e-8 is not
 * (SageMaker Debugger). The warm-up, frozen layers and layers of almost no size are left out.
 */
export function updateRatio(evidence: Evidence, { updates: limits }: Thresholds): Finding[] {
  const { instruments, model, settings, run } = evidence;
  const { steps, progress } = courseOf(evidence);
  if (!instruments || steps < 8) return [];
  const ratios = model.layers.flatMap(({ path, trainable, kernel, rateZero }) => {
    if (trainable === 0 || rateZero || !kernel) return [];
    const weights = instruments.weightNorm[path] ?? [];
    const ratio = median(lately(evidence, (instruments.updateNorm[path] ?? []).map((update, step) => (weights[step]! > 1e-6 ? update / weights[step]! : NaN))));
    return Number.isFinite(ratio) ? [{ path, ratio }] : [];
  });
  const found: Finding[] = [];
  const large = ratios.filter(({ ratio }) => ratio > limits.most);
  if (large.length > 0) {
    const most = large.reduce((a, b) => (a.ratio >= b.ratio ? a : b));
    found.push({
      kind: "updates too large",
      severity: "problem",
      what: `A step changes ${listed(large.map(({ path }) => path))} by ${figure(most.ratio)} times ${large.length > 1 ? "their" : "its"} size.`,
      where: { layers: large.map(({ path }) => path) },
      evidence: { largest: most.ratio, healthy: 1e-3, layers: large.length },
      reason: "Weights that are replaced at every step keep nothing of what they were taught before. About a thousandth of a weight's size is a usual step.",
      source: "SageMaker Debugger, weight_update_ratio; Karpathy, A Recipe for Training Neural Networks",
      fixes: fixes({ what: "Begin again with smaller steps.", from: { step: run.origin }, options: { learningRate: rounded(Math.min(settings.learningRate / Math.max(10, most.ratio / 1e-2), settings.typicalLearningRate)) } }),
    });
  }
  // Where all is learnt, gradients are nothing and updates too.
  const small = progress > 0.5 ? [] : ratios.filter(({ ratio }) => ratio < limits.least);
  if (small.length > 0) {
    const least = small.reduce((a, b) => (a.ratio <= b.ratio ? a : b));
    found.push({
      kind: "updates too small",
      severity: "warning",
      what: `A step changes ${listed(small.map(({ path }) => path))} by ${figure(least.ratio)} of ${small.length > 1 ? "their" : "its"} size.`,
      where: { layers: small.map(({ path }) => path) },
      evidence: { smallest: least.ratio, healthy: 1e-3, layers: small.length },
      reason: "Below about 1e-8 of a weight an update is lost in the rounding of float32. About a thousandth is a usual step.",
      source: "SageMaker Debugger, weight_update_ratio; Karpathy, A Recipe for Training Neural Networks",
      fixes: fixes({ what: "Begin again with larger steps.", from: { step: run.origin }, options: { learningRate: rounded(Math.max(settings.learningRate * 100, settings.typicalLearningRate)) } }),
    });
  }
  return found;
}
