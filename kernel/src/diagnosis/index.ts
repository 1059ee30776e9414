/** What goes wrong in a run and why: evidence, rules, findings, fixes. */
import { watchRuns } from "./watch";

export { diagnose, type DiagnoseOptions } from "./diagnose";
export { diagnosisOf, type Diagnosis } from "./diagnosis";
export { gather } from "./evidence/gather";
export type { Evidence } from "./evidence/evidence.types";
export type { Change, Finding, FindingKind, Fix, Place } from "./finding.types";
export { RULES, type Rule } from "./rules";
export { THRESHOLDS, thresholdsWith, type ThresholdChanges, type Thresholds } from "./thresholds";
export { watchRuns };

// Training knows nothing of this room, so that the room itself follows the runs that ask to be watched.
watchRuns();
