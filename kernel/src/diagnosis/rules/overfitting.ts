import { mean, shareError } from "../statistics";
import { fixes } from "../fixes";
import { figure } from "../words";
import type { Evidence } from "../evidence/evidence.types";
import type { Change, Finding } from "../finding.types";
import type { Thresholds } from "../thresholds";

/**
 * Overfitting, by three rules: the slope (UMLAUT: validation loss rises while training loss does not),
 * the gap of the accuracies (AutoTrainer; where validation has begun to lose by it), and, where there is no accuracy, the ratio of the losses (SageMaker Debugger).
 * Training and validation figures of a run are measured in the same mode on the same weights, so that
 * dropout and the lag of a mean over an epoch, against which those tools allow, do not enter.
 */
export function overfitting(evidence: Evidence, { overfitting: limits }: Thresholds): Finding[] {
  const { restoredEpoch } = evidence.run;
  // Where the best weights were put back, what came after is not in the model.
  const history = evidence.history.filter(({ epoch, metrics }) => epoch <= (restoredEpoch ?? Infinity) && Number.isFinite(metrics["loss"]) && Number.isFinite(metrics["val_loss"]));
  if (history.length < 3) return [];
  const loss = history.map(({ metrics }) => metrics["loss"]!);
  const validation = history.map(({ metrics }) => metrics["val_loss"]!);
  const begun = Math.max(loss[0]!, validation[0]!);
  const least = Math.min(...validation);
  const best = validation.indexOf(least);
  const after = validation.slice(best + 1);
  const allowed = least + Math.max(limits.rise * Math.abs(least), limits.floor * Math.abs(begun));
  const slope = after.length >= limits.epochs && after.slice(-limits.epochs).every((value) => value > allowed) && loss.at(-1)! <= loss[best]!;

  const accuracy = history.map(({ metrics }) => metrics["accuracy"] ?? NaN);
  const accuracyThere = history.map(({ metrics }) => metrics["val_accuracy"] ?? NaN);
  const judged = history.slice(Math.floor(0.3 * history.length)).slice(-2);
  const there = (name: string) => mean(judged.map(({ metrics }) => metrics[name] ?? NaN));
  const gap = there("accuracy") - there("val_accuracy");
  const gapAllowed = there("accuracy") > 0.9 ? limits.gapWhenHigh : limits.gap;
  // Of a few rows a gap is chance: twice its standard error must be behind it too.
  const gapByChance = 2 * shareError(there("val_accuracy"), Math.max(1, evidence.data.validation));
  // A gap alone costs nothing while validation still improves: it must have begun to lose, or the gap be twice as wide.
  const losing = after.length >= limits.epochs && after.slice(-limits.epochs).every((value) => value > (least + allowed) / 2);
  const memorized = there("accuracy") > 0.9 && gap >= 2 * gapAllowed;
  const wide = gap >= Math.max(gapAllowed, gapByChance) && (losing || memorized);
  const ratio = (validation.at(-1)! - loss.at(-1)!) / Math.max(Math.abs(loss.at(-1)!), 1e-12);
  const apart = Number.isNaN(gap) && ratio > limits.ratio && validation.at(-1)! - loss.at(-1)! > limits.floor * begun && loss.at(-1)! < loss[0]!;
  if (!slope && !wide && !apart) return [];

  const since = history[best]!.epoch;
  const last = history.at(-1)!;
  const figures = {
    bestEpoch: since,
    validationLossThere: least,
    trainingLossThere: loss[best]!,
    validationLossNow: validation.at(-1)!,
    trainingLossNow: loss.at(-1)!,
    lossRatio: ratio,
    ...(!Number.isNaN(gap) && { accuracyGap: gap, gapByChance, validationAccuracyThere: accuracyThere[best]!, validationAccuracyNow: accuracyThere.at(-1)!, trainingAccuracyNow: accuracy.at(-1)! }),
    bySlope: Number(slope),
    byGap: Number(wide),
    byRatio: Number(apart),
  };
  const surer = slope && !wide && accuracyThere.at(-1)! >= accuracyThere[best]!;
  const epochs = [slope ? since + 1 : judged[0]!.epoch, last.epoch] as const;
  if (surer) {
    return [{
      kind: "over-confidence",
      severity: "warning",
      what: `Over-confident since epoch ${since + 1}: validation loss rose from ${figure(least)} to ${figure(last.metrics["val_loss"]!)}, while validation accuracy went from ${figure(accuracyThere[best]!)} to ${figure(accuracyThere.at(-1)!)}.`,
      where: { epochs },
      evidence: figures,
      reason: "The model is no less often right, but surer where it is wrong, and cross-entropy counts that. Its probabilities can be trusted less than at the best epoch, its classes as much.",
      source: "UMLAUT (Schoop et al. 2021), overfitting by slope; Guo et al. 2017, On Calibration of Modern Neural Networks",
      fixes: fixes(smoothing(evidence), stopEarly(evidence), more(evidence, since)),
    }];
  }
  const seen = [
    slope && `validation loss rose from ${figure(least)} (epoch ${since}) to ${figure(last.metrics["val_loss"]!)}, while training loss fell to ${figure(loss.at(-1)!)}`,
    wide && `accuracy is ${figure(there("accuracy"))} on training and ${figure(there("val_accuracy"))} on validation data`,
    apart && !slope && `validation loss is ${figure(validation.at(-1)!)}, training loss ${figure(loss.at(-1)!)}`,
  ].filter(Boolean).join("; ");
  return [{
    kind: "overfitting",
    severity: "problem",
    what: `Overfits ${slope ? `since epoch ${since + 1}` : "throughout"}: ${seen}.`,
    where: { epochs },
    evidence: figures,
    reason: "What the model still learns holds for the training rows alone: it has begun to learn them by heart. Both figures are measured at an epoch's end, without dropout and on the same weights, so their difference is nothing else.",
    source: "UMLAUT (Schoop et al. 2021), by slope; AutoTrainer (Zhang et al. 2021), by gap; SageMaker Debugger, by ratio",
    fixes: fixes(slope && stopEarly(evidence), more(evidence, since), fewer(evidence), decay(evidence, since), smoothing(evidence)),
  }];
}

const from = ({ run, history }: Evidence, epoch: number): Change["from"] => {
  const step = history.find((record) => record.epoch === epoch)?.step ?? 0;
  return step >= run.origin && epoch > 0 ? { epoch } : { step: run.origin };
};

function stopEarly(evidence: Evidence): Change | false {
  return !evidence.settings.earlyStopping && { what: "Stop when validation loss stops falling, and keep the best epoch's weights.", from: { step: evidence.run.origin }, options: { earlyStopping: { patience: 2 } } };
}

/** More dropout from the best epoch on, where there are such layers. */
function more(evidence: Evidence, epoch: number): Change {
  const { dropout } = evidence.model;
  const rate = Math.max(0, ...dropout.map((each) => each.rate));
  if (dropout.length > 0 && rate < 0.5) return { what: `Go on from the best epoch with more dropout (${figure(rate)} so far).`, from: from(evidence, epoch), options: { dropout: rate < 0.3 ? 0.4 : 0.6 } };
  return { what: "Train on more rows: more data, or augmented ones.", instead: "// more rows in x and y, or a head with dropout: replaceHead(model, { units: …, dropout: 0.3 })" };
}

/** Fewer weights: only the last layer trains. */
function fewer({ model: { layers }, run, data }: Evidence): Change | false {
  const training = layers.filter(({ trainable }) => trainable > 0);
  const count = training.reduce((sum, { trainable }) => sum + trainable, 0);
  const below = training.slice(0, -1).map(({ path }) => path);
  return below.length > 0 && { what: `Train fewer weights: ${count} learn from ${data.training} rows; keep all but the last layer as they were.`, from: { step: run.origin }, freeze: below };
}

function decay(evidence: Evidence, epoch: number): Change | false {
  const { weightDecay, optimizer } = evidence.settings;
  return weightDecay < 0.1 && { what: "Let weights decay.", from: from(evidence, epoch), options: { ...(optimizer === "adam" && { optimizer: "adamw" as const }), weightDecay: 0.1 } };
}

function smoothing({ settings, run }: Evidence): Change | false {
  return settings.loss === "crossentropy" && { what: "Smooth the labels, so that certainty does not pay.", from: { step: run.origin }, options: { labelSmoothing: 0.1 } };
}
