import { fixes } from "../fixes";
import { listed } from "../words";
import type { Evidence } from "../evidence/evidence.types";
import type { Finding } from "../finding.types";
import { layerOf } from "./frozen-but-moving";

/** Layers whose weights were trained and whose hashes are those of the beginning. Rates of 0 are meant so. */
export function trainableButStill({ proof, model, run }: Evidence): Finding[] {
  if (run.step <= run.origin) return [];
  const still = (proof ?? []).filter(({ verdict }) => verdict === "trained, but still").map(({ weight }) => weight);
  const kernels = model.layers.filter(({ rateZero, path }) => !rateZero && still.some((weight) => layerOf(weight) === path));
  // One weight of several that does not move is a bias that cancels; a layer without any is cut off.
  const layers = kernels.filter(({ path }) => (proof ?? []).every(({ weight, verdict }) => layerOf(weight) !== path || verdict !== "learning")).map(({ path }) => path);
  if (layers.length === 0) return [];
  const dead = model.layers.filter(({ activity }) => activity?.dead !== undefined && activity.units > 0 && activity.dead === activity.units).map(({ path }) => path);
  return [{
    kind: "trainable but still",
    severity: "problem",
    what: `${listed(layers)} ${layers.length > 1 ? "have" : "has"} not changed by a bit in ${run.step - run.origin} steps, although ${layers.length > 1 ? "they train" : "it trains"}.`,
    where: { layers, steps: [run.origin + 1, run.step] },
    evidence: { layers: layers.length, weights: still.length, steps: run.step - run.origin },
    reason: `${dead.length > 0 ? `All units of ${listed(dead)} are dead, and no gradient comes through them` : "No gradient reaches these weights, or one so small that float32 loses it"}. What does not move does not learn: freezing it would save the time.`,
    source: "this library: run.proof()",
    fixes: fixes(
      dead.length > 0 && { what: "Begin with fresh weights.", instead: "finetune(fromScratch(model, { seed: 1 }), …) // or load the pretrained weights again" },
      { what: "Freeze them, and train the rest faster.", freeze: layers, ...(run.step >= run.steps && { from: { step: run.origin } }) },
    ),
  }];
}
