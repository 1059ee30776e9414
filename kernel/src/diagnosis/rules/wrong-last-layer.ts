import { fixes } from "../fixes";
import { figure } from "../words";
import type { Evidence } from "../evidence/evidence.types";
import type { Change, Finding } from "../finding.types";

const SOURCE = "UMLAUT (Schoop et al. 2021); NeuraLint (Nikanjam et al. 2021)";

/**
 * A last layer that does not fit the loss or the targets. The library's own cross-entropies take their logits
 * themselves; what remains is a loss of the user's own, and ranges that the last activation cannot reach.
 */
export function wrongLastLayer({ model, settings, data }: Evidence): Finding[] {
  const place = { layers: [model.layers.findLast(({ output }) => output)?.path ?? model.name] };
  const { min, max, classes } = data.targets;
  const make = (what: string, reason: string, numbers: Record<string, number>, ...changes: Change[]): Finding[] => [{ kind: "wrong last layer", severity: "problem", what, where: place, evidence: { units: model.units, ...numbers }, reason, source: SOURCE, fixes: fixes(...changes) }];
  const bounded = model.output === "softmax" || model.output === "sigmoid";

  if (settings.lossTakes === "logits" && bounded) {
    return make(
      `${settings.loss} takes logits, and ${model.name} ends in a ${model.output}.`,
      `The loss applies a ${model.output} of its own, so that it sees one of another: the best it can reach is far from 0, and gradients are small everywhere. Tried on a certain, right answer it gives a loss well above 0.`,
      { takesLogits: 1 },
      { what: 'Leave the loss to the library, which takes the logits from before the activation.', from: { step: 0 }, options: { loss: model.output === "softmax" ? "crossentropy" : "binaryCrossentropy" } },
      { what: "Or let the model end without an activation.", instead: "replaceHead(model, { …, activation: undefined }) // logits" },
    );
  }
  if (settings.lossTakes === "probabilities" && model.output === "linear") {
    return make(
      `${settings.loss} takes probabilities, and ${model.name} ends in logits.`,
      "Logits lie anywhere, below 0 and above 1, where the logarithm of a probability means nothing. The loss is wrong or NaN there.",
      { takesProbabilities: 1 },
      { what: "Leave the loss to the library, which takes logits.", from: { step: 0 }, options: { loss: model.units > 1 ? "crossentropy" : "binaryCrossentropy" } },
    );
  }
  if (model.output === "softmax" && model.units === 1) {
    return make(
      `${model.name} ends in a softmax over one unit, which is always 1.`,
      "A softmax shares out certainty among classes, and one class gets all of it. For yes or no a sigmoid is meant.",
      {},
      { what: "Give it a sigmoid.", instead: 'replaceHead(model, { units: 1, activation: "sigmoid" })' },
    );
  }
  if (bounded && !classes && (min < 0 || max > 1)) {
    return make(
      `Targets lie between ${figure(min)} and ${figure(max)}; a ${model.output} gives 0 to 1 only.`,
      "No weights can bring the output to targets outside its range. The loss ends at the distance to the nearest end.",
      { min, max },
      { what: "End without an activation.", instead: 'replaceHead(model, { units: …, activation: "linear" })' },
      { what: "Or bring the targets into 0 to 1.", instead: `const scaled = y.map((value) => (value - ${figure(min)}) / ${figure(max - min)});` },
    );
  }
  if (model.output === "other" && !classes && min < 0 && /^(relu|relu6|softplus)$/.test(model.layers.findLast(({ output }) => output)?.activation ?? "")) {
    return make(
      `Targets go down to ${figure(min)}; ${model.name} ends in a ReLU, which gives nothing below 0.`,
      "No weights can bring the output below 0, and a unit that is pushed there passes no gradient any more. An activation belongs between layers, not at the end of a regression.",
      { min },
      { what: "End without an activation.", instead: 'replaceHead(model, { units: …, activation: "linear" })' },
    );
  }
  return [];
}
