import { fixes } from "../fixes";
import { listed, percent, plural } from "../words";
import type { Change, Finding } from "../finding.types";
import type { Evidence } from "../evidence/evidence.types";
import type { Thresholds } from "../thresholds";

/** Pairs of which the numbers are told. */
const TOLD = 3;

/**
 * Validation rows that are in the training data: exactly, by hash of the inputs (deepchecks), or nearly,
 * by cosine (cleanlab), where that is more than training rows among themselves have.
 */
export function leakage({ data: { leak } }: Evidence, { leakage: limits }: Thresholds): Finding[] {
  if (!leak) return [];
  const found: Finding[] = [];
  const share = leak.exact / leak.looked;
  // Data of few different rows (yes and no, small tables) repeats itself: as much as that is no leak.
  if (leak.exact > 0 && share > 2 * leak.repeated) {
    found.push({
      kind: "leakage",
      severity: "problem",
      what: `${plural(leak.exact, "validation row")} of ${leak.looked} (${percent(share)}) ${leak.exact === 1 ? "is" : "are"} in the training data too: ${listed(leak.pairs.slice(0, TOLD).map(({ validation, training }) => `${validation} is training row ${training}`))}.`,
      where: { rows: { of: "validation", numbers: leak.pairs.map(({ validation }) => validation) } },
      evidence: { rows: leak.exact, looked: leak.looked, share, sameTarget: leak.sameTarget, repeatedInTraining: leak.repeated },
      reason: `The inputs are equal to the bit, ${leak.sameTarget} of them with the same target. What validation says of these rows is memory, so its figures are too good.`,
      source: "deepchecks, Train Test Samples Mix; cleanlab, near duplicates",
      fixes: fixes(withoutThem(leak.pairs.map(({ validation }) => validation), leak.exact)),
    });
  }
  const { near } = leak;
  if (near && near.count >= 3 && near.share > 2 * near.natural + limits.near) {
    found.push({
      kind: "near duplicates",
      severity: "warning",
      what: `${plural(near.count, "validation row")} (${percent(near.share)}) ${near.count === 1 ? "is" : "are"} almost a training row: ${listed(near.pairs.slice(0, TOLD).map(({ validation, training }) => `${validation} and training row ${training}`))}.`,
      where: { rows: { of: "validation", numbers: near.pairs.map(({ validation }) => validation) } },
      evidence: { rows: near.count, share: near.share, amongTraining: near.natural, cosine: near.cosine },
      reason: `Their cosine is above ${near.cosine}, which only ${percent(near.natural)} of the training rows have among themselves. Copies that were cut, turned or noised before the split do that: split first, augment afterwards.`,
      source: "cleanlab, near duplicates; deepchecks, Train Test Samples Mix",
      fixes: fixes(withoutThem(near.pairs.map(({ validation }) => validation), near.count)),
    });
  }
  return found;
}

function withoutThem(rows: readonly number[], count: number): Change {
  const all = count <= rows.length;
  return {
    what: "Take them out of the validation data, or split anew by source (a person, a document, a day).",
    instead: `const leaked = new Set([${rows.join(", ")}]); // ${all ? "all of them" : `the first ${rows.length} of ${count}`}; keep the validation rows that are not in it, and finetune again`,
  };
}
