import type { Tensor } from "@tensorflow/tfjs-node";
import { activationOf, asContainer, classOf, forward, layerEntries, layersView, type LayersModel } from "../../models";
import { requireTf, scoped } from "../../tensorflow";
import { batchOf, disposeBatch, type Dataset, type RunInside } from "../../training";
import type { LayerActivity } from "./evidence.types";

/** Rows that are run through the model at most. */
const ROWS = 256;
/** Numbers that the layers may give at once, 32 MiB: between the layers all is held, with the steps inside a layer several times that. */
const HELD = 8e6;
/** A unit is active where it is so on this share of the rows. */
const ACTIVE = 0.01;
/** A derivative below which a unit is saturated: sigmoid beyond ±9.2, tanh beyond ±5.3. */
const FLAT = 1e-4;

/** What has been counted of a layer's output so far. */
interface Counted {
  curve: Curve;
  units: number;
  finite: boolean;
  /** By unit, in how many rows it was active (ReLU) or flat (sigmoid, tanh). */
  rows: Float64Array;
}

/**
 * What the layers give on rows spread evenly over the data, in inference mode; by layer path. A twentieth
 * of the rows, from 64 to 256 of them: a few hundredths of an epoch's cost.
 */
export function activityOf(model: LayersModel, data: Dataset): Map<string, LayerActivity> {
  // Of a stream that has not been opened yet nothing is known.
  if (data.rows === 0) return new Map();
  const rows = Math.min(data.rows, Math.max(64, Math.min(ROWS, Math.ceil(data.rows / 20))));
  const numbers = Int32Array.from({ length: rows }, (_, index) => Math.floor((index * data.rows) / rows));
  const curves = new Map(layerEntries(model).filter(({ layer }) => !asContainer(layer)).map(({ path, layer }) => [path, curveOf(classOf(layer), activationOf(layer))]));
  const counted = new Map<string, Counted>();
  const atOnce = Math.max(4, Math.min(ROWS, Math.floor(HELD / perRow(model, data))));
  for (let start = 0; start < rows; start += atOnce) countRows(model, data, numbers.subarray(start, start + atOnce), curves, counted);
  return new Map(
    [...counted].map(([path, { curve, units, finite, rows: hits }]) => {
      const among = (hit: (share: number) => boolean) => hits.reduce((sum, count) => sum + Number(hit(count / rows)), 0);
      return [path, { rows, units, finite, dead: curve === "relu" ? among((share) => share < ACTIVE) : undefined, saturated: curve === "sigmoid" || curve === "tanh" ? among((share) => share > 0.5) : undefined }];
    }),
  );
}

/** About how many numbers all layers together give for a row; an axis of any length counts as the longest of the inputs. */
function perRow(model: LayersModel, data: Dataset): number {
  const longest = Math.max(...data.inputs.flatMap(({ shape }) => shape), 1);
  return layersView(model).layers.reduce((sum, { output }) => sum + output.slice(1).reduce<number>((product, size) => product * (size ?? longest), 1), 1);
}

function countRows(model: LayersModel, data: Dataset, numbers: Int32Array, curves: ReadonlyMap<string, Curve>, counted: Map<string, Counted>): void {
  const tf = requireTf();
  const batch = batchOf(data, numbers);
  scoped("activity", () => {
    // A shared layer is called several times: a unit that is active in one of the calls is alive.
    const seen = new Map<string, { units: number; finite: Tensor; hits: Tensor | undefined }>();
    forward(model, batch.inputs, {
      observe(path, output) {
        const curve = curves.get(path);
        if (curve === undefined) return;
        const finite = output.dtype === "float32" ? tf.all(tf.isFinite(output)) : tf.scalar(true, "bool");
        const hits = hitsOf(output, curve, numbers.length);
        const before = seen.get(path);
        seen.set(path, {
          units: output.shape.at(-1) ?? 1,
          finite: before ? tf.logicalAnd(before.finite, finite) : finite,
          hits: before?.hits && hits ? (curve === "relu" ? tf.logicalOr(before.hits, hits) : tf.logicalAnd(before.hits, hits)) : hits,
        });
      },
    });
    const flags = tf.stack([...seen.values()].map(({ finite }) => finite)).dataSync();
    [...seen].forEach(([path, { units, hits }], index) => {
      const entry = counted.get(path) ?? { curve: hits ? curves.get(path)! : "other", units, finite: true, rows: new Float64Array(hits ? units : 0) };
      counted.set(path, entry);
      entry.finite &&= flags[index] === 1;
      if (hits) tf.sum(tf.cast(hits, "int32"), 0).dataSync().forEach((count, unit) => (entry.rows[unit]! += count));
    });
  });
  disposeBatch(batch);
}

/** [rows, units]: where the unit is active, or flat, in at least one or in all of its positions. */
function hitsOf(output: Tensor, curve: Curve, rows: number): Tensor | undefined {
  if (curve === "other" || output.rank < 2) return undefined;
  const tf = requireTf();
  const positions = tf.reshape(output, [rows, -1, output.shape.at(-1)!]);
  if (curve === "relu") return tf.any(tf.greater(positions, 0), 1);
  const slope = curve === "sigmoid" ? tf.mul(positions, tf.sub(1, positions)) : tf.sub(1, tf.square(positions));
  return tf.all(tf.less(slope, FLAT), 1);
}

/**
 * The first layer whose output is not finite on the batch of a step, in inference mode, and the training rows
 * for which the model's output is not.
 *
 * @param step how many were taken before it; its samples are at hand, as it was refused just now
 */
export function brokenBatch(model: LayersModel, { plan, batch: take }: Pick<RunInside, "plan" | "batch">, step: number): { layer: string | undefined; rows: number[] } {
  const batch = take(step);
  // The samples of a stream have no numbers.
  const numbers = plan.stream ? undefined : batch.from?.rows;
  let layer: string | undefined;
  const flags = scoped("broken batch", () => {
    const nested = new Set(layerEntries(model).filter((entry) => entry.nested).map(({ path }) => path));
    const [output] = forward(model, batch.inputs, {
      observe(path, tensor) {
        if (layer === undefined && !nested.has(path) && !allFinite(tensor)) layer = path;
      },
    });
    const tf = requireTf();
    return tf.logicalNot(tf.all(tf.isFinite(tf.reshape(output!, [output!.shape[0]!, -1])), 1)).dataSync();
  });
  disposeBatch(batch);
  return { layer, rows: [...(numbers ?? [])].filter((_, index) => flags[index]) };
}

type Curve = "relu" | "sigmoid" | "tanh" | "other";

function curveOf(kind: string, activation: string | undefined): Curve {
  // A recurrent layer's output is a product of its curves.
  if (/LSTM|GRU|RNN|Bidirectional|TimeDistributed/.test(kind)) return "other";
  if (kind === "ReLU" || activation === "relu" || activation === "relu6") return "relu";
  return activation === "sigmoid" || activation === "tanh" ? activation : "other";
}

function allFinite(tensor: Tensor): boolean {
  const tf = requireTf();
  return tf.tidy(() => tf.all(tf.isFinite(tensor))).dataSync()[0] === 1;
}
