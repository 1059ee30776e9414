import type { Tensor } from "@tensorflow/tfjs-node";
import { activationOf, asContainer, classOf, forward, layerEntries, type LayersModel } from "../../models";
import { requireTf, scoped } from "../../tensorflow";
import { batchOf, disposeBatch, epochOrder, type Dataset, type Plan } from "../../training";
import type { LayerActivity } from "./evidence.types";

/** Rows that are run through the model at most. */
const ROWS = 256;
/** A unit is active where it is so on this share of the rows. */
const ACTIVE = 0.01;
/** A derivative below which a unit is saturated: sigmoid beyond ±9.2, tanh beyond ±5.3. */
const FLAT = 1e-4;

/**
 * What the layers give on rows spread evenly over the data, in inference mode; by layer path. A twentieth
 * of the rows, from 64 to 256 of them: a few hundredths of an epoch's cost.
 */
export function activityOf(model: LayersModel, data: Dataset): Map<string, LayerActivity> {
  const rows = Math.min(data.rows, Math.max(64, Math.min(ROWS, Math.ceil(data.rows / 20))));
  const batch = batchOf(data, Int32Array.from({ length: rows }, (_, index) => Math.floor((index * data.rows) / rows)));
  const kinds = new Map(layerEntries(model).filter(({ layer }) => !asContainer(layer)).map(({ path, layer }) => [path, curveOf(classOf(layer), activationOf(layer))]));
  const found = new Map<string, LayerActivity>();
  scoped("activity", () => {
    forward(model, batch.inputs, {
      observe(path, output) {
        const curve = kinds.get(path);
        if (curve === undefined) return;
        const own = activityOfOutput(output, curve, rows);
        const before = found.get(path);
        // A shared layer is called several times: a unit that is active in one of the calls is alive.
        found.set(path, before ? { ...own, dead: least(before.dead, own.dead), saturated: least(before.saturated, own.saturated), finite: before.finite && own.finite } : own);
      },
    });
  });
  disposeBatch(batch);
  return found;
}

/**
 * The first layer whose output is not finite on the batch of a step, in inference mode, and the training rows
 * for which the model's output is not.
 *
 * @param step how many were taken before it
 */
export function brokenBatch(model: LayersModel, plan: Plan, step: number): { layer: string | undefined; rows: number[] } {
  const { training, batchSize, accumulate, stepsPerEpoch, seed, shuffle } = plan;
  const order = epochOrder(training.rows, Math.floor(step / stepsPerEpoch), seed, shuffle);
  const first = (step % stepsPerEpoch) * batchSize * accumulate;
  const numbers = order.slice(first, first + batchSize * accumulate);
  const batch = batchOf(training, numbers);
  let layer: string | undefined;
  const flags = scoped("broken batch", () => {
    const nested = new Set(layerEntries(model).filter((entry) => entry.nested).map(({ path }) => path));
    const [output] = forward(model, batch.inputs, {
      observe(path, tensor) {
        if (layer === undefined && !nested.has(path) && !allFinite(tensor)) layer = path;
      },
    });
    const tf = requireTf();
    return tf.logicalNot(tf.all(tf.isFinite(tf.reshape(output!, [numbers.length, -1])), 1)).dataSync();
  });
  disposeBatch(batch);
  return { layer, rows: [...numbers].filter((_, index) => flags[index]) };
}

type Curve = "relu" | "sigmoid" | "tanh" | "other";

function curveOf(kind: string, activation: string | undefined): Curve {
  // A recurrent layer's output is a product of its curves.
  if (/LSTM|GRU|RNN|Bidirectional|TimeDistributed/.test(kind)) return "other";
  if (kind === "ReLU" || activation === "relu" || activation === "relu6") return "relu";
  return activation === "sigmoid" || activation === "tanh" ? activation : "other";
}

function activityOfOutput(output: Tensor, curve: Curve, rows: number): LayerActivity {
  const tf = requireTf();
  const units = output.shape.at(-1) ?? 1;
  const finite = output.dtype !== "float32" || allFinite(output);
  const positions = () => tf.reshape(output, [rows, -1, units]);
  const share = (flags: Tensor) => [...tf.mean(tf.cast(flags, "float32"), 0).dataSync()];
  const none = { rows, units, dead: undefined, saturated: undefined, finite };
  if (curve === "other" || output.rank < 2) return none;
  if (curve === "relu") return { ...none, dead: share(tf.any(tf.greater(positions(), 0), 1)).filter((active) => active < ACTIVE).length };
  const slope = curve === "sigmoid" ? tf.mul(positions(), tf.sub(1, positions())) : tf.sub(1, tf.square(positions()));
  return { ...none, saturated: share(tf.all(tf.less(slope, FLAT), 1)).filter((flat) => flat > 0.5).length };
}

function allFinite(tensor: Tensor): boolean {
  const tf = requireTf();
  return tf.tidy(() => tf.all(tf.isFinite(tensor))).dataSync()[0] === 1;
}

const least = (a: number | undefined, b: number | undefined) => (a === undefined || b === undefined ? undefined : Math.min(a, b));
