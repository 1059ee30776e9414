import { fixes } from "../fixes";
import { listed } from "../words";
import type { Evidence } from "../evidence/evidence.types";
import type { Finding } from "../finding.types";

/** Weights that no step trained and whose hash changed all the same: something beside the run wrote them. */
export function frozenButMoving({ proof, run }: Evidence): Finding[] {
  const moved = (proof ?? []).filter(({ verdict }) => verdict === "moved though frozen").map(({ weight }) => weight);
  if (moved.length === 0) return [];
  const layers = [...new Set(moved.map(layerOf))];
  return [{
    kind: "frozen but moving",
    severity: "problem",
    what: `${listed(moved)} changed, although no step trained ${moved.length > 1 ? "them" : "it"}.`,
    where: { layers },
    evidence: { weights: moved.length },
    reason: "The hash of these weights differs from the one at the run's beginning, and none of its steps touches them. A cell has written them: setWeights, assign, another run or another model that shares the layer.",
    source: "this library: run.proof()",
    fixes: fixes({ what: "Go back to the beginning, where they are as they were, and train again.", from: { step: run.origin } }),
  }];
}

export const layerOf = (weight: string): string => weight.slice(0, weight.lastIndexOf("/"));
