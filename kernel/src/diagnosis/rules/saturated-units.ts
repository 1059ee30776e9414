import { fixes } from "../fixes";
import { percent, rounded } from "../words";
import type { Evidence } from "../evidence/evidence.types";
import type { Finding } from "../finding.types";
import type { Thresholds } from "../thresholds";

/** Hidden sigmoid and tanh units at the flat ends of their curve, where the derivative is below 1e-4 (SageMaker Debugger: tanh beyond ±9.5). */
export function saturatedUnits(evidence: Evidence, { units: limits }: Thresholds): Finding[] {
  return evidence.model.layers.flatMap(({ path, activity, activation, output, learns }): Finding[] => {
    if (!activity || activity.saturated === undefined || output || !learns) return [];
    const share = activity.saturated / activity.units;
    if (share <= limits.saturated) return [];
    const { learningRate, typicalLearningRate } = evidence.settings;
    return [{
      kind: "saturated units",
      severity: "problem",
      what: `${activity.saturated} of ${activity.units} units of ${path} are saturated on most of ${activity.rows} training rows.`,
      where: { layers: [path] },
      evidence: { saturated: activity.saturated, units: activity.units, share, rows: activity.rows },
      reason: `At the flat ends of ${activation} the derivative is below 0.0001, so that hardly any gradient comes back through ${percent(share)} of this layer. Large inputs or large weights push units there.`,
      source: "SageMaker Debugger, saturated_activation; Glorot and Bengio 2010",
      fixes: fixes(
        { what: "Bring inputs to a common scale, mean 0 and deviation 1.", instead: "const scaled = tf.tidy(() => { const { mean, variance } = tf.moments(x, 0); return x.sub(mean).div(variance.sqrt().add(1e-6)); });" },
        { what: "Begin again with smaller steps.", from: { step: evidence.run.origin }, options: { learningRate: rounded(Math.min(learningRate / 10, typicalLearningRate)) } },
        { what: "Use ReLU between the layers, or normalize before them.", instead: 'tf.layers.dense({ units: …, activation: "relu" })' },
      ),
    }];
  });
}
