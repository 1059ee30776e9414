import { mean, shareError } from "../statistics";
import { fixes } from "../fixes";
import { figure } from "../words";
import type { Evidence } from "../evidence/evidence.types";
import type { Finding } from "../finding.types";
import type { Thresholds } from "../thresholds";

/**
 * Validation accuracy well above training accuracy (UMLAUT). Training accuracy is measured without
 * dropout, so dropout is no excuse; chance on few rows is.
 */
export function suspiciousValidation({ history, data }: Evidence, { validation: limits }: Thresholds): Finding[] {
  const judged = history.filter(({ epoch }) => epoch >= limits.fromEpoch).slice(-3);
  if (judged.length < 2) return [];
  const of = (name: string) => mean(judged.map(({ metrics }) => metrics[name] ?? NaN));
  const training = of("accuracy");
  const validation = of("val_accuracy");
  const chance = 3 * Math.hypot(shareError(training, data.validation), shareError(training, data.training));
  if (!(validation - training > Math.max(limits.better, chance))) return [];
  return [{
    kind: "suspicious validation",
    severity: "warning",
    what: `Validation accuracy (${figure(validation)}) is above training accuracy (${figure(training)}).`,
    where: { epochs: [judged[0]!.epoch, judged.at(-1)!.epoch] },
    evidence: { validationAccuracy: validation, trainingAccuracy: training, difference: validation - training, byChance: chance, rows: data.validation },
    reason: "Both are measured without dropout on the same weights, and a model knows the rows that it was trained on best. So the validation rows are easier than the training rows, or contain them.",
    source: "UMLAUT (Schoop et al. 2021), validation better than training",
    fixes: fixes({ what: "Split anew, from each class alike.", instead: "finetune(model, { x, y, validation: 0.2 }, …)" }),
  }];
}
