import type { LayersModel, Tensor, Variable } from "@tensorflow/tfjs-node";
import { forward, weightEntries } from "../../../models";
import { permutation, requireTf, statelessUniform } from "../../../tensorflow";
import { whole } from "../../plan/checks";
import { looksLikeClasses } from "../../data/columns";
import type { Numbers } from "../../data/columns";
import { batchOf, datasetOf, disposeBatch } from "../../data/data";
import type { Samples } from "../../data/data";
import { breathe } from "../../runs/hooks";
import { lossFor } from "../losses";
import type { Loss, LossName } from "../losses";

/** How much a task depends on each weight, and where the weight stood. */
export interface Importance {
  /** On how many samples it was measured. */
  samples: number;
  /** By path: the diagonal of the Fisher information, and the weight's values. */
  weights: Map<string, { fisher: Float32Array; values: Float32Array }>;
}

export interface FisherOptions {
  /** Of the data, a seeded choice; 200. */
  samples?: number;
  /**
   * The class whose likelihood is taken: `"model"`, drawn from what the model itself finds likely, which is
   * the Fisher information (the default); or `"data"`, the true one: the empirical Fisher.
   */
  labels?: "model" | "data";
  /** As in `finetune`; inferred unless given: `"crossentropy"` or `"binaryCrossentropy"`. */
  loss?: LossName;
  seed?: number;
}

/**
 * How much the model's answers on old data depend on each weight: the diagonal of the Fisher information
 * (Kirkpatrick et al. 2017), the mean over samples of the squared gradient of the log-likelihood. For
 * `regularizers.ewc`. One pass forward and back a sample, in inference mode.
 *
 * @param data of the old task: `x`: [samples, ...]; `y` as for `finetune`
 * @throws where the model is no classifier
 * @example
 * const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, activation: "softmax", inputShape: [2] })] });
 * const importance = await fisher(model, { x: [[0, 1], [1, 0]], y: [0, 1] });
 * const options = { regularize: [regularizers.ewc(importance, 100)] };
 */
export async function fisher(model: LayersModel, data: Samples, options: FisherOptions = {}): Promise<Importance> {
  const tf = requireTf();
  const units = model.outputs[0]!.shape.at(-1) ?? 1;
  const loss = lossFor(model, { loss: options.loss }, options.loss === undefined && units > 1 && looksLikeClasses(data.y as Numbers, units));
  if (loss.name !== "crossentropy" && loss.name !== "binaryCrossentropy") throw new Error(`fisher wants a classifier; the loss of ${model.name} would be ${loss.name}. Name another with { loss: "crossentropy" }`);
  const dataset = datasetOf(model, loss, data, "fisher: data");
  const seed = options.seed ?? 0;
  const rows = permutation(dataset.rows, { seed, site: "fisher", step: 0 }).subarray(0, whole("fisher: samples", options.samples ?? 200, 1));
  const entries = weightEntries(model).filter(({ kind }) => kind !== "statistics");
  const variables = entries.map(({ variable }) => variable.read() as Variable);
  const sums = entries.map(({ size }) => new Float64Array(size));
  for (let index = 0; index < rows.length; index++) {
    const batch = batchOf(dataset, rows.subarray(index, index + 1));
    const { value, grads } = tf.variableGrads(() => {
      const output = forward(model, batch.inputs, { beforeActivation: loss.fromLogits })[0]!;
      const targets = options.labels === "data" ? batch.targets : drawn(loss, output, { seed, step: index });
      return tf.sum(loss.perSample(targets, output)).asScalar();
    }, variables);
    value.dispose();
    entries.forEach((_, at) => {
      const gradient = grads[variables[at]!.name];
      gradient?.dataSync().forEach((each, place) => (sums[at]![place]! += each * each));
      gradient?.dispose();
    });
    disposeBatch(batch);
    await breathe();
  }
  return {
    samples: rows.length,
    weights: new Map(entries.map(({ path, variable }, at) => [path, { fisher: Float32Array.from(sums[at]!, (sum) => sum / rows.length), values: Float32Array.from(variable.read().dataSync()) }])),
  };
}

/** Targets as likely as the model finds them. */
function drawn(loss: Loss, logits: Tensor, { seed, step }: { seed: number; step: number }): Tensor {
  const tf = requireTf();
  return tf.tidy(() => {
    const uniform = statelessUniform(loss.name === "crossentropy" ? [logits.shape[0]!, 1] : logits.shape, { seed, site: "fisher labels", step });
    if (loss.name === "binaryCrossentropy") return tf.cast(tf.less(uniform, tf.sigmoid(logits)), "float32");
    const before = tf.cumsum(tf.softmax(logits), -1, true);
    const picked = tf.cast(tf.sub(tf.sum(tf.cast(tf.lessEqual(before, uniform), "int32"), -1), 1), "int32");
    return tf.oneHot(picked, logits.shape.at(-1)!).toFloat();
  });
}
