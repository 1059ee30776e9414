import { fixes } from "../fixes";
import { percent, rounded } from "../words";
import type { Evidence } from "../evidence/evidence.types";
import type { Finding } from "../finding.types";
import type { Thresholds } from "../thresholds";

/**
 * ReLU units that are active on fewer than 1% of the rows, in layers most of whose units are (SageMaker
 * Debugger). Of a layer that no gradient reaches only a wholly dead one is told: the run can change nothing in it.
 */
export function deadUnits(evidence: Evidence, { units: limits }: Thresholds): Finding[] {
  const dead = evidence.model.layers.filter(({ activity, learns, output }) => {
    if (!activity || activity.dead === undefined || activity.units === 0 || output) return false;
    const share = activity.dead / activity.units;
    return share === 1 || (share > limits.dead && learns && activity.units >= 4);
  });
  return dead.map(({ path, activity, activation }): Finding => {
    const { rows, units, dead: count } = activity as { rows: number; units: number; dead: number };
    const { learningRate, typicalLearningRate } = evidence.settings;
    return {
      kind: "dead units",
      severity: "problem",
      what: `${count} of ${units} units of ${path} are dead: 0 on at least 99% of ${rows} training rows.`,
      where: { layers: [path] },
      evidence: { dead: count as number, units, share: (count as number) / units, rows },
      reason: `A ${activation ?? "ReLU"} unit whose input is below 0 on every row gives 0 and passes no gradient, so that nothing can wake it. Steps that were too large, or biases far below 0, bring units there${count === units ? "; with all of them dead nothing of the input gets through this layer" : ` (${percent((count as number) / units)} here)`}.`,
      source: "SageMaker Debugger, dead_relu; Lu et al. 2019, Dying ReLU and Initialization",
      fixes: fixes(
        learningRate > typicalLearningRate
          ? { what: "Begin again with smaller steps.", from: { step: evidence.run.origin }, options: { learningRate: rounded(Math.min(learningRate / 10, typicalLearningRate)) } }
          : false,
        { what: "Begin with fresh weights, and biases of 0.", instead: "finetune(fromScratch(model, { seed: 1 }), …) // or load the pretrained weights again" },
        { what: "Use an activation that passes a gradient below 0.", instead: 'tf.layers.leakyReLU() // or activation: "elu", "selu", "swish"' },
      ),
    };
  });
}
