import type { Evidence } from "./evidence/evidence.types";
import type { Finding } from "./finding.types";
import { RULES } from "./rules";
import type { Thresholds } from "./thresholds";

/** What was found in a run, what was looked at, and what could not be. Shows itself at the end of a cell. */
export interface Diagnosis {
  readonly kind: "diagnosis";
  /** The run's name. */
  readonly run: string;
  readonly step: number;
  readonly epoch: number;
  /** The worst first. */
  readonly findings: readonly Finding[];
  /** In words: `overfitting`, `dead units`. */
  readonly checked: readonly string[];
  readonly unchecked: readonly { what: string; why: string }[];
}

/** Applies every rule that the evidence allows. Pure. */
export function diagnosisOf(evidence: Evidence, thresholds: Thresholds): Diagnosis {
  const lacking = RULES.map((rule) => ({ rule, why: rule.lacks?.(evidence) }));
  const able = lacking.filter(({ why }) => why === undefined).map(({ rule }) => rule);
  // A rule that lacks what it needs for all of its say may still speak: a run that blew up after four steps.
  const findings = RULES.flatMap((rule) => rule.find(evidence, thresholds));
  return {
    kind: "diagnosis",
    run: evidence.run.name,
    step: evidence.run.step,
    epoch: Math.ceil(evidence.run.step / evidence.run.stepsPerEpoch),
    findings: [...findings.filter(({ severity }) => severity === "problem"), ...findings.filter(({ severity }) => severity === "warning")],
    checked: able.map(({ checks }) => checks),
    unchecked: lacking.flatMap(({ rule, why }) => (why === undefined ? [] : [{ what: rule.checks, why }])),
  };
}
