import { fixes } from "../fixes";
import { figure, percent } from "../words";
import type { Evidence } from "../evidence/evidence.types";
import type { Finding } from "../finding.types";
import type { Thresholds } from "../thresholds";

/** One class is most of the data, accuracy is the measure, and the model gains nothing over always naming it. */
export function classImbalance({ data: { targets }, history, settings, run }: Evidence, { imbalance: limits }: Thresholds): Finding[] {
  const { classes } = targets;
  const last = history.at(-1);
  // In its first epochs a model has often not come to the rare classes yet.
  if (!classes || !last || history.length < 3 || (run.state === "running" && last.epoch <= run.epochs / 2) || !settings.metrics.includes("accuracy") || settings.metrics.length > 1) return [];
  const rows = classes.reduce((sum, count) => sum + count, 0);
  const most = Math.max(...classes);
  const share = most / rows;
  const accuracy = last.metrics["val_accuracy"] ?? last.metrics["accuracy"]!;
  if (share < limits.largest || accuracy > share + limits.gain) return [];
  const name = classes.indexOf(most);
  return [{
    kind: "class imbalance",
    severity: "warning",
    what: `Class ${name} is ${percent(share)} of the training rows, and accuracy (${figure(accuracy)}) is no better than always naming it.`,
    where: { epochs: [last.epoch, last.epoch] },
    evidence: { largestClass: name, share, accuracy, rarest: Math.min(...classes) },
    reason: "A model that always answers with the largest class gets this accuracy without having learnt anything of the others. Accuracy hides that; each class's own share of right answers shows it.",
    source: "He and Garcia 2009, Learning from Imbalanced Data; deepchecks, Class Imbalance",
    fixes: fixes(
      { what: "Look at each class: a row a true class, a column a predicted one.", instead: "await confusionMatrix(model, { x, y })" },
      { what: "Let each class count alike.", from: { step: run.origin }, options: { classWeights: "balanced" } },
    ),
  }];
}
