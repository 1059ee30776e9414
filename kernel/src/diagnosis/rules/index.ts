/** The rules: each a pure function of evidence and thresholds in a file of its own, and what it needs to be able to speak. */
import { courseOf } from "../course";
import type { Evidence } from "../evidence/evidence.types";
import type { Finding } from "../finding.types";
import type { Thresholds } from "../thresholds";
import { classImbalance } from "./class-imbalance";
import { deadUnits } from "./dead-units";
import { drift } from "./drift";
import { explodingGradients } from "./exploding-gradients";
import { frozenButMoving } from "./frozen-but-moving";
import { inputsNotScaled } from "./inputs";
import { leakage } from "./leakage";
import { learningRate } from "./learning-rate";
import { linearHiddenLayer } from "./linear-hidden-layer";
import { notFinite } from "./not-finite";
import { overfitting } from "./overfitting";
import { saturatedUnits } from "./saturated-units";
import { suspiciousValidation } from "./suspicious-validation";
import { trainableButStill } from "./trainable-but-still";
import { updateRatio } from "./update-ratio";
import { vanishingGradients } from "./vanishing-gradients";
import { wrongLastLayer } from "./wrong-last-layer";

export interface Rule {
  /** What is checked, in words for people: `overfitting`. */
  checks: string;
  find(evidence: Evidence, thresholds: Thresholds): Finding[];
  /** Why it cannot be checked on this evidence, and what to do; undefined where it can. */
  lacks?(evidence: Evidence): string | undefined;
}

const WATCH = "finetune(model, data, { …, watch: true })";

const unwatched = ({ instruments, settings }: Evidence) => (instruments ? undefined : settings.watched ? "no step was measured" : `the layers were not watched: ${WATCH}`);
const unvalidated = ({ data }: Evidence) => (data.validation > 0 ? undefined : "there is no validation data: finetune(model, { x, y, validation: 0.2 }, …)");
const trainedFor = (least: number) => ({ history }: Evidence) => (history.length < least ? `${history.length} of the ${least} epochs that it takes have been trained` : undefined);
const epochs = (least: number) => (evidence: Evidence) => unvalidated(evidence) ?? trainedFor(least)(evidence);
const steps = (least: number) => (evidence: Evidence) => (courseOf(evidence).steps < least ? `${courseOf(evidence).steps} of the ${least} steps that it takes have been taken` : undefined);
const unseen = ({ model }: Evidence) => (model.layers.some(({ activity }) => activity) ? undefined : "the layers could not be run on training rows");
const unproved = ({ proof }: Evidence) => (proof ? undefined : "hashes are compared at the end of the first epoch and of the run");

/** In the order in which findings are told: what makes the others meaningless comes first. */
export const RULES: readonly Rule[] = [
  { checks: "NaN and infinity", find: notFinite },
  { checks: "validation rows in the training data", find: leakage, lacks: unvalidated },
  { checks: "last layer and loss", find: wrongLastLayer },
  { checks: "scale of the inputs", find: inputsNotScaled },
  { checks: "learning rate", find: learningRate, lacks: steps(20) },
  { checks: "dead units", find: deadUnits, lacks: unseen },
  { checks: "saturated units", find: saturatedUnits, lacks: unseen },
  { checks: "vanishing gradients", find: vanishingGradients, lacks: unwatched },
  { checks: "exploding gradients", find: explodingGradients, lacks: steps(4) },
  { checks: "size of the updates", find: updateRatio, lacks: unwatched },
  { checks: "frozen weights that move", find: frozenButMoving, lacks: unproved },
  { checks: "trained weights that stay", find: trainableButStill, lacks: unproved },
  { checks: "overfitting", find: overfitting, lacks: epochs(3) },
  { checks: "validation better than training", find: suspiciousValidation, lacks: epochs(4) },
  { checks: "targets and inputs in validation as in training", find: drift, lacks: unvalidated },
  { checks: "class imbalance", find: classImbalance, lacks: trainedFor(3) },
  { checks: "linear hidden layers", find: linearHiddenLayer },
];
