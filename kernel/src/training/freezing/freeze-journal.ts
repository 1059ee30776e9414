import type { LayersModel } from "@tensorflow/tfjs-node";
import { setTrained, trainedPaths } from "./freeze";
import type { Journal } from "../runs/journal";
import type { Plan } from "../plan/plan.types";
import { beginThawing, thawedAt } from "./thaw";

/** Writes down a change of what is frozen, made by anyone between two steps, where it takes effect. */
export function noteFreezing(journal: Journal, model: LayersModel, step: number): void {
  const { freezing } = journal;
  const now = trainedPaths(model);
  if (freezing.at(-1)?.trained.join() === now.join()) return;
  // What was noted for this very step, in the run that this one was forked from, has not come to act here.
  if (freezing.at(-1)?.step === step) {
    freezing.pop();
    journal.marks = journal.marks.filter((mark) => mark.step !== step || (mark.kind !== "thaw" && mark.kind !== "freeze"));
  }
  const known = freezing.at(-1)?.trained;
  if (known?.join() === now.join()) return;
  freezing.push({ step, trained: now });
  if (!known) return;
  const thawed = layersOf(now.filter((path) => !known.includes(path)));
  const frozen = layersOf(known.filter((path) => !now.includes(path)));
  if (thawed.length > 0) journal.marks.push({ step, kind: "thaw", label: `thawed ${thawed.join(", ")}` });
  if (frozen.length > 0) journal.marks.push({ step, kind: "freeze", label: `froze ${frozen.join(", ")}` });
}

/**
 * Thaws what the run's schedule says for this step. It names each weight once, when its part is due; in
 * between, and afterwards, what the person freezes and unfreezes holds.
 */
export function thaw(journal: Journal, { thaw: schedule, stepsPerEpoch, monitor }: Plan, model: LayersModel, step: number): void {
  if (!schedule) return;
  const trained = trainedPaths(model);
  const begins = !journal.thawing;
  journal.thawing ??= beginThawing(schedule, model, trained, step);
  const { thawing, history } = journal;
  const due = thawedAt(schedule, thawing, step, { stepsPerEpoch, history, monitor });
  if (begins) {
    const layers = thawing.parts.map((part) => layersOf(part).join(", "));
    journal.marks.push({ step, kind: "note", label: `${schedule.description}: ${layers.join("; then ")}` });
    setTrained(model, new Set(due));
  } else if (due.length > 0) setTrained(model, new Set([...trained, ...due]));
}

/** Steps from `step` on until the schedule thaws something; `limit` where that is farther. */
export function stepsUntilThaw({ thawing, history }: Journal, { thaw: schedule, stepsPerEpoch, monitor }: Plan, step: number, limit: number): number {
  if (!schedule || !thawing) return limit;
  for (let ahead = 1; ahead < limit; ahead++) {
    if (thawedAt(schedule, thawing, step + ahead, { stepsPerEpoch, history, monitor }).length > 0) return ahead;
  }
  return limit;
}

export function layersOf(paths: readonly string[]): string[] {
  return [...new Set(paths.map((path) => path.slice(0, path.lastIndexOf("/"))))];
}
