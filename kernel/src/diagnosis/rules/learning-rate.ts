import { courseOf } from "../course";
import { fixes } from "../fixes";
import { figure, rounded } from "../words";
import type { Evidence } from "../evidence/evidence.types";
import type { Change, Finding } from "../finding.types";
import type { Thresholds } from "../thresholds";

/** Steps below which nothing is said of progress. */
const FEW = 20;

/**
 * The learning rate, by what it does: divergence, oscillation (AutoTrainer), or no progress at a rate far
 * from the optimizer's usual one (UMLAUT has a fixed range instead, which cries at every SGD). A rate is
 * never blamed for its number alone.
 */
export function learningRate(evidence: Evidence, { learningRate: limits }: Thresholds): Finding[] {
  const { settings, run } = evidence;
  const course = courseOf(evidence);
  const top = Math.max(settings.learningRate, ...evidence.steps.learningRate.slice(-1));
  const distance = top / settings.typicalLearningRate;
  const lastLoss = evidence.history.at(-1)?.metrics["loss"] ?? course.last;
  const figures = { learningRate: top, typicalLearningRate: settings.typicalLearningRate, distance, firstLoss: course.first, lastLoss: course.last, progress: course.progress };
  const steps = [1, Math.max(1, course.steps)] as const;
  const slower = (factor: number): Change => {
    // Not above the usual rate, and clearly below the one that failed.
    const rate = rounded(Math.min(top / factor, settings.typicalLearningRate));
    return { what: `Begin again with ${figure(rate)}.`, from: { step: run.origin }, options: { learningRate: rate } };
  };

  const diverged = course.steps >= 8 && (course.last > limits.divergence * course.first || lastLoss > limits.divergence * course.first);
  const blownUp = run.refused !== undefined && distance >= limits.far;
  const stuckHigh = course.steps >= FEW && distance >= limits.far && course.progress < limits.progress;
  const thrown = course.steps >= FEW && distance >= limits.far && course.peak > 10 * Math.max(course.first, 0) && course.progress < 0.5;
  if (diverged || blownUp || stuckHigh || thrown) {
    const far = distance >= 2 ? `, ${figure(distance)} times ${settings.optimizer}'s usual ${figure(settings.typicalLearningRate)}` : "";
    return [{
      kind: "learning rate too high",
      severity: "problem",
      what: diverged
        ? `The loss rose from ${figure(course.first)} to ${figure(Math.max(course.last, lastLoss))}: steps of learning rate ${figure(top)}${far} throw the weights about.`
        : blownUp
          ? `Step ${run.refused!.step} would have given NaN at learning rate ${figure(top)}${far}.`
          : thrown
            ? `The loss jumped from ${figure(course.first)} to ${figure(course.peak)} and is ${figure(course.last)} now, at learning rate ${figure(top)}${far}.`
            : `The loss is where it began (${figure(course.first)}, now ${figure(course.last)}) at learning rate ${figure(top)}${far}.`,
      where: { steps },
      evidence: figures,
      reason: "A step longer than the valley is wide lands on its other side, higher up, and the next one is longer still. Below about half of the rate at which the loss begins to rise, training is steady.",
      source: "UMLAUT (Schoop et al. 2021); Smith 2017, Cyclical Learning Rates",
      fixes: fixes(slower(10), slower(100), settings.clipNorm === undefined && { what: "Cut the gradients' norm, where single batches are the reason.", from: { step: run.origin }, options: { clipNorm: 1, learningRate: rounded(Math.min(top / 10, settings.typicalLearningRate)) } }),
    }];
  }

  const swings = oscillation(evidence, limits.fall);
  if (swings.epochs >= 5 && swings.falls >= 2 && swings.falls / swings.epochs >= limits.oscillating) {
    return [{
      kind: "oscillation",
      severity: "warning",
      what: `Training accuracy fell by up to ${figure(swings.most)} from one epoch to the next, in ${swings.falls} of ${swings.epochs} epochs.`,
      where: { epochs: [evidence.history[0]!.epoch, evidence.history.at(-1)!.epoch] },
      evidence: { ...figures, falls: swings.falls, epochs: swings.epochs, largestFall: swings.most },
      reason: "The training accuracy is measured on the same rows each epoch, so its falls are steps that undo each other. A smaller rate, or one that falls to the end, lets the weights settle.",
      source: "AutoTrainer (Zhang et al. 2021), oscillating loss",
      fixes: fixes(slower(3), { what: "Take larger batches, whose gradients differ less.", from: { step: 0 }, options: { batchSize: 128 } }),
    }];
  }

  const chance = settings.loss === "crossentropy" ? Math.log(evidence.model.units) : Infinity;
  // A model that is good at the start has no way to go.
  const goodAlready = course.last < 0.3 * chance && Number.isFinite(chance);
  if (course.steps >= FEW && 1 / distance >= limits.far && Math.abs(course.progress) < limits.progress && !goodAlready) {
    const rate = (value: number): Change => ({ what: `Begin again with ${figure(value)}.`, from: { step: run.origin }, options: { learningRate: value } });
    return [{
      kind: "learning rate too low",
      severity: "problem",
      what: `In ${course.steps} steps the loss went from ${figure(course.first)} to ${figure(course.last)}: learning rate ${figure(top)} is ${figure(1 / distance)} times below ${settings.optimizer}'s usual ${figure(settings.typicalLearningRate)}.`,
      where: { steps },
      evidence: figures,
      reason: "Steps this small leave the weights where they are. Gradients arrive; only the rate is too small for them to matter.",
      source: "UMLAUT (Schoop et al. 2021); Smith 2017, Cyclical Learning Rates",
      fixes: fixes(rate(settings.typicalLearningRate), rate(rounded(settings.typicalLearningRate / 10))),
    }];
  }
  return [];
}

function oscillation({ history }: Evidence, least: number): { epochs: number; falls: number; most: number } {
  const falls = history.slice(1).flatMap(({ metrics }, index) => {
    const before = history[index]!.metrics;
    const fall = (before["accuracy"] ?? NaN) - (metrics["accuracy"] ?? NaN);
    return fall >= least && metrics["loss"]! > before["loss"]! ? [fall] : [];
  });
  return { epochs: history.length - 1, falls: falls.length, most: Math.max(0, ...falls) };
}
