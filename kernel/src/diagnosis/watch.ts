import { insideOf, onWatchedRun, type Run } from "../training";
import { diagnosisOf } from "./diagnosis";
import { gather } from "./evidence/gather";
import type { Finding } from "./finding.types";
import { thresholdsWith } from "./thresholds";

/**
 * Follows each run with `watch: true`: at every epoch's end and at the end of the run its new findings are
 * marked on the chart and told in a line of the cell's output, each once.
 *
 * @param tell writes a line; to stderr unless given
 * @returns ends it
 */
export function watchRuns(tell: (line: string) => void = (line) => console.warn(line)): () => void {
  return onWatchedRun((run) => follow(run, tell));
}

function follow(run: Run, tell: (line: string) => void): void {
  const told = new Set<string>();
  const limits = thresholdsWith();
  let failed = false;
  const look = (proof: boolean): void => {
    try {
      for (const finding of diagnosisOf(gather(run, { proof }), limits).findings) {
        const key = keyOf(finding);
        if (told.has(key)) continue;
        told.add(key);
        insideOf(run).mark({ step: run.currentStep, kind: "note", label: labelOf(finding) });
        tell(`${run.name}, step ${run.currentStep}: ${finding.what} Look closer with diagnose(run).`);
      }
    } catch (error) {
      // What only looks must not end a training; it is said once.
      if (!failed) tell(`${run.name} cannot be watched: ${error instanceof Error ? error.message : String(error)}`);
      failed = true;
    }
  };
  run.subscribe((event) => {
    // Hashing all weights takes time: at the first epoch's end, and once more at the end.
    if (event.kind === "epoch") look(event.record.epoch === 1);
    else if (event.kind === "state" && ["finished", "stopped", "failed"].includes(run.state)) look(true);
  }, { figures: true });
}

/** A kind in the same layers is the same finding, however its numbers move. */
function keyOf({ kind, where }: Finding): string {
  return `${kind}: ${where.layers?.[0] ?? ""}`;
}

function labelOf({ kind, where }: Finding): string {
  return where.layers ? `${kind}: ${where.layers[0]}` : kind;
}
