import { fixes } from "../fixes";
import { figure, listed, rounded } from "../words";
import type { Evidence } from "../evidence/evidence.types";
import type { Change, Finding } from "../finding.types";

/**
 * NaN and infinity: which step, which layer first, which rows. The run refuses such a step, so the
 * weights are still those before it.
 */
export function notFinite(evidence: Evidence): Finding[] {
  const { run, history, model, settings } = evidence;
  const { refused } = run;
  const rate: Change = { what: "Go back a little and take smaller steps.", from: { step: Math.max(run.origin, run.step - run.stepsPerEpoch) }, options: { learningRate: rounded(Math.min(settings.learningRate / 10, settings.typicalLearningRate)) } };
  const clip: Change | false = settings.clipNorm === undefined && { what: "Cut the gradients' norm.", from: { step: Math.max(run.origin, run.step - run.stepsPerEpoch) }, options: { clipNorm: 1 } };
  if (refused) {
    const own = settings.lossTakes !== undefined;
    return [{
      kind: "not finite",
      severity: "problem",
      what: `Step ${refused.step} was refused: ${refused.label}${refused.layer ? `; ${refused.layer} is the first layer whose output is not finite` : "; the outputs of all layers are finite"}.`,
      where: { steps: [refused.step, refused.step], ...(refused.layer && { layers: [refused.layer] }), ...(refused.rows.length > 0 && { rows: { of: "training", numbers: refused.rows } }) },
      evidence: { step: refused.step, learningRate: settings.learningRate, rows: refused.rows.length },
      reason: refused.layer
        ? `The numbers in ${refused.layer} left the range of float32${refused.rows.length > 0 ? ` on row ${listed(refused.rows)} of the training data` : ""}. The steps before made its weights or inputs too large.`
        : `The layers are sound on this batch, so it is the loss${own ? ", a function of your own," : ""} or its gradient. Logarithms and divisions at 0, and roots at 0 in the gradient, are the usual reasons.`,
      source: "AutoTrainer (Zhang et al. 2021); DeepLocalize (Wardat et al. 2021)",
      fixes: own && !refused.layer
        ? fixes({ what: "Keep the loss away from 0 where it divides or takes a logarithm.", instead: "tf.log(tf.clipByValue(p, 1e-7, 1)) // in place of tf.log(p)" }, rate, clip)
        : fixes(rate, clip),
    }];
  }
  const bad = history.flatMap(({ epoch, metrics }) => Object.entries(metrics).filter(([, value]) => !Number.isFinite(value)).map(([name]) => ({ epoch, name })))[0];
  const layer = model.layers.find(({ activity }) => activity && !activity.finite);
  if (!bad && !layer) return [];
  return [{
    kind: "not finite",
    severity: "problem",
    what: bad ? `${bad.name} was not finite at the end of epoch ${bad.epoch}${layer ? `; ${layer.path} is the first layer whose output is not finite` : ""}.` : `${layer!.path} gives NaN or infinity on training rows, the first layer to do so.`,
    where: { ...(bad && { epochs: [bad.epoch, bad.epoch] as const }), ...(layer && { layers: [layer.path] }) },
    evidence: { ...(bad && { epoch: bad.epoch }), learningRate: settings.learningRate, loss: evidence.steps.loss.at(-1) ?? NaN },
    reason: `Numbers left the range of float32 while the batches' losses were still finite (${figure(evidence.steps.loss.at(-1) ?? NaN)} at the last step). The next steps would be refused.`,
    source: "AutoTrainer (Zhang et al. 2021); DeepLocalize (Wardat et al. 2021)",
    fixes: fixes(rate, clip),
  }];
}
