import { fixes } from "../fixes";
import { figure, listed } from "../words";
import type { Evidence } from "../evidence/evidence.types";
import type { Change, Finding } from "../finding.types";
import type { Thresholds } from "../thresholds";

const anew: Change = { what: "Split anew, at random and from each class alike.", instead: "finetune(model, { x, y, validation: 0.2 }, …)" };

/** Targets or inputs that are distributed otherwise in validation than in training (deepchecks: 0.15 and 0.2), beyond chance. */
export function drift({ data: { drift: found, training, validation } }: Evidence, { drift: limits }: Thresholds): Finding[] {
  if (!found) return [];
  const findings: Finding[] = [];
  const { label, features } = found;
  if (label.value > Math.max(limits.label, label.chance)) {
    findings.push({
      kind: "label drift",
      severity: "warning",
      what: `Targets are distributed otherwise in validation than in training: ${label.measure} ${figure(label.value)}.`,
      where: {},
      evidence: { value: label.value, byChance: label.chance, training, validation },
      reason: "Validation then measures another task than the one that is trained, and its best epoch is not the best for the other. A split that was cut from sorted rows does that.",
      source: "deepchecks, Label Drift",
      fixes: fixes(anew),
    });
  }
  const worst = features?.worst.filter(({ value }) => value > Math.max(limits.feature, features.chance)) ?? [];
  if (worst.length > 0) {
    findings.push({
      kind: "feature drift",
      severity: "warning",
      what: `Feature ${listed(worst.map(({ feature }) => feature))} ${worst.length > 1 ? "are" : "is"} distributed otherwise in validation than in training (distance up to ${figure(worst[0]!.value)}).`,
      where: {},
      evidence: { distance: worst[0]!.value, feature: worst[0]!.feature, byChance: features!.chance, drifted: worst.length, checked: features!.checked },
      reason: "The Kolmogorov-Smirnov distance between the two sets is beyond chance for so many features. What holds for the training rows need not hold there, or the two were prepared in different ways.",
      source: "deepchecks, Feature Drift",
      fixes: fixes({ what: "Prepare both sets with the same figures, those of the training rows.", instead: "const { mean, variance } = tf.moments(trainingX, 0); const prepare = (x) => x.sub(mean).div(variance.sqrt().add(1e-6)); // for both" }, anew),
    });
  }
  return findings;
}
