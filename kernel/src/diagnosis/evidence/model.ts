import { activationOf, asContainer, classOf, internals, isNoise, layerCalls, layerEntries, reachedByGradients, trains, weightEntries, type Layer, type LayersModel } from "../../models";
import { outputActivation, type Plan } from "../../training";
import type { LayerActivity, LayerEvidence, ModelEvidence } from "./evidence.types";

/** Layers that bring their input to a common scale. */
const SCALING = /^(BatchNormalization|LayerNormalization|Rescaling|Normalization)$/;
/** Layers that leave a linear map linear, and do not hold it up. */
const PASSING = /^(Flatten|Reshape|Permute|Dropout|SpatialDropout1D|InputLayer)$/;

export function modelEvidence(model: LayersModel, { dropoutRate, rateOf }: Plan["settings"], activity: ReadonlyMap<string, LayerActivity>): ModelEvidence {
  const entries = layerEntries(model).filter(({ nested }) => !nested);
  const weights = weightEntries(model);
  const training = new Set(weights.filter(trains).map(({ owner }) => owner.layer));
  const reached = reachedByGradients(model, training);
  const last = outputLayer(model);
  const linear = linearPairs(model);
  const layers = entries.filter(({ kind }) => kind !== "InputLayer").map(({ layer, path, kind }): LayerEvidence => {
    const own = weights.filter(({ owner }) => owner.layer === layer);
    const trained = own.filter(trains);
    const into = linear.get(layer);
    return {
      path,
      kind,
      activation: kind === "ReLU" ? "relu" : activationOf(layer),
      output: layer === last,
      parameters: own.reduce((sum, { size }) => sum + size, 0),
      trainable: trained.reduce((sum, { size }) => sum + size, 0),
      kernel: own.some((weight) => weight.kind === "kernel"),
      learns: reached.has(layer),
      rateZero: trained.length > 0 && trained.every((weight) => rateOf(weight.path) === 0),
      linearInto: into && entries.find((entry) => entry.layer === into)?.path,
      activity: activity.get(path),
    };
  });
  return {
    name: model.name,
    output: outputActivation(model),
    units: model.outputs[0]!.shape.at(-1) ?? 1,
    dropout: entries.filter(({ layer }) => isNoise(layer) && "rate" in layer).map(({ layer, path }) => ({ path, rate: dropoutRate(path, (layer as unknown as { rate: number }).rate) })),
    scalesInputs: SCALING.test(layers[0]?.kind ?? ""),
    layers,
  };
}

/** The layer that gives the model's output, seen through nested models and layers that only reshape. */
function outputLayer(model: LayersModel): Layer | undefined {
  let calls = [...layerCalls(asContainer(model)!)];
  for (;;) {
    const layer = calls.pop()?.layer;
    if (!layer) return undefined;
    const nested = asContainer(layer);
    if (nested) calls = [...layerCalls(nested)];
    else if (!/^(Flatten|Reshape)$/.test(classOf(layer))) return layer;
  }
}

/** Linear layers all of whose readers are of their kind; those that make their input narrower are meant so. */
function linearPairs(model: LayersModel): Map<Layer, Layer> {
  const found = new Map<Layer, Layer>();
  const containers = [asContainer(model)!, ...layerEntries(model).flatMap(({ layer }) => asContainer(layer) ?? [])];
  for (const container of containers) {
    const calls = layerCalls(container);
    const readers = (tensors: readonly unknown[]): Layer[] =>
      calls.flatMap(({ layer, node }) => {
        if (!node.inputTensors.some((tensor) => tensors.includes(tensor))) return [];
        return PASSING.test(classOf(layer)) ? readers(node.outputTensors) : [layer];
      });
    for (const { layer, node } of calls) {
      const kind = classOf(layer);
      if (!/^(Dense|Conv1D|Conv2D)$/.test(kind) || (activationOf(layer) ?? "linear") !== "linear") continue;
      const after = readers(node.outputTensors);
      const width = node.outputTensors[0]!.shape.at(-1) ?? 1;
      const narrower = width < Math.min(node.inputTensors[0]!.shape.at(-1) ?? 1, ...after.map((next) => widthOf(next)));
      if (after.length > 0 && after.every((next) => classOf(next) === kind) && !narrower) found.set(layer, after[0]!);
    }
  }
  return found;
}

function widthOf(layer: Layer): number {
  const shape = internals(layer).outputShape;
  const own = Array.isArray(shape[0]) ? shape[0] : shape;
  return (own.at(-1) as number | null) ?? 1;
}
