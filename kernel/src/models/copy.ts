import type { LayersModel, serialization } from "@tensorflow/tfjs-node";
import { requireTf, withSeededMathRandom } from "../tensorflow";
import { internals } from "./internals";
import { layerEntries, weightEntries } from "./structure";

/**
 * The same architecture with weights drawn anew, each by its own initialiser: the baseline that says
 * what pretraining is worth. Equal seeds give equal weights, in every process.
 *
 * @example
 * const pretrained = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [3] })] });
 * const scratch = fromScratch(pretrained, { seed: 1 });
 */
export function fromScratch(model: LayersModel, options: { seed?: number } = {}): LayersModel {
  const made = withSeededMathRandom({ seed: options.seed ?? 0, site: "initialize", step: 0 }, () => rebuild(model));
  for (const { layer } of layerEntries(made)) internals(layer).trainable = true;
  return made;
}

/** A model of its own with the same architecture, weights and frozen layers; nothing is shared. */
export function copyModel(model: LayersModel): LayersModel {
  const tf = requireTf();
  const made = rebuild(model);
  const originals = weightEntries(model);
  weightEntries(made).forEach((entry, index) => {
    const original = originals[index]!;
    tf.tidy(() => void entry.variable.write(tf.clone(original.variable.read())));
  });
  copyFrozen(model, made);
  return made;
}

function copyFrozen(from: LayersModel, to: LayersModel): void {
  const entries = layerEntries(to);
  const originals = layerEntries(from);
  // tfjs' setters write through to the weights, so the weights' own flags come last.
  entries.forEach(({ layer }, index) => (internals(layer).trainable = internals(originals[index]!.layer).trainable));
  const weights = weightEntries(from);
  weightEntries(to).forEach(({ variable, kind }, index) => {
    if (kind !== "statistics") variable.trainable = weights[index]!.variable.trainable;
  });
}

type ModelClass = serialization.SerializableConstructor<LayersModel> & {
  fromConfig(cls: serialization.SerializableConstructor<LayersModel>, config: serialization.ConfigDict): LayersModel;
};

function rebuild(model: LayersModel): LayersModel {
  const cls = model.constructor as unknown as ModelClass;
  const made = cls.fromConfig(cls, internals(model).getConfig() as serialization.ConfigDict);
  // A Sequential has no name in its configuration.
  internals(made).name = model.name;
  return made;
}
