/** The memory that a run needs, part by part, and whether it is there. */
import { totalmem } from "node:os";
import type { LayersModel } from "@tensorflow/tfjs-node";
import { asContainer, layerEntries, trains, weightEntries } from "../../models";
import type { Column } from "../data/columns";
import type { Dataset } from "../data/data";
import { megabytes } from "../steps/feature-store";
import { prefixCut } from "../steps/frozen-prefix";
import type { Plan } from "./plan.types";

/** Bytes, by what they are for. */
export interface MemoryNeeds {
  /** All weights and moving averages. */
  weights: number;
  /** Of the weights that train. */
  gradients: number;
  /** What the optimizer keeps for each of them. */
  slots: number;
  /** What all layers put out for one batch: it is held until the gradients have been computed. */
  activations: number;
  /** Samples of one step. */
  batch: number;
  /** States to go back to: the first one at least, others as far as `snapshots` lets them. */
  snapshots: number;
  /** What frozen layers give for all samples, where it is kept in memory. */
  cache: number;
  /** The samples themselves, which are there already. */
  data: number;
}

/** @throws where the run cannot fit, with what takes how much */
export function checkMemory(model: LayersModel, plan: Plan, limit = memoryAvailable()): void {
  if (!(limit > 0)) throw new RangeError(`memoryLimit must be a number of bytes above 0; it is ${limit}`);
  if (limit === Infinity) return;
  const { bytes } = needsOf(model, plan);
  const least = leastOf(bytes);
  if (least <= limit) return;
  const parts = Object.entries(bytes).filter(([name, value]) => name !== "data" && name !== "cache" && value > 0.02 * least).sort(([, a], [, b]) => b - a);
  const ways = [bytes.activations > 0.3 * least && "a smaller batchSize (with accumulate for the same update)", bytes.slots + bytes.gradients > 0.3 * least && "freezing layers, or an optimizer that keeps less (sgd, adafactor)"].filter(Boolean);
  throw new RangeError(
    `A step needs at least ${megabytes(least)}, and there are ${megabytes(limit)} (${parts.map(([name, value]) => `${name} ${megabytes(value)}`).join(", ")}). What helps: ${[...ways, "memoryLimit: Infinity to try all the same"].join("; ")}`,
  );
}

/** What the machine has, or the container that it runs in. */
export function memoryAvailable(): number {
  const bound = process.constrainedMemory();
  return bound > 0 ? Math.min(totalmem(), bound) : totalmem();
}

export function needsOf(model: LayersModel, plan: Plan): { parameters: number; trainable: number; bytes: MemoryNeeds } {
  const { settings, snapshots, training, trainingSample, validation, batchSize, accumulate, steps } = plan;
  const { rule, loss } = settings;
  const weights = weightEntries(model);
  const trained = weights.filter(trains);
  const count = (entries: typeof weights) => entries.reduce((sum, { size }) => sum + size, 0);
  const slots = trained.reduce((sum, { shape }) => sum + rule.slots.reduce((all, slot) => all + product(rule.slotShape?.(slot, shape) ?? shape), 0), 0);
  // Nothing is known of a stream's batches before they are read.
  const rows = (batchSize || 32) * (loss.pairs?.least ?? 1);
  const state = 4 * (count(weights) + slots);
  const held = new Set([training, trainingSample, ...(validation ? [validation] : [])].flatMap(columnsOf).map(({ values }) => values.buffer));
  return {
    parameters: count(weights),
    trainable: count(trained),
    bytes: {
      weights: 4 * count(weights),
      gradients: 4 * count(trained),
      slots: 4 * slots,
      activations: 4 * rows * perSample(model, training),
      batch: 4 * (batchSize || 32) * accumulate * columnsOf(training).reduce((sum, { rowSize }) => sum + rowSize, 0),
      snapshots: Math.max(state, Math.min(snapshots.memory ?? Infinity, state * Math.ceil(1 + Math.min(steps, 6400) / 100))),
      cache: cacheOf(model, plan),
      data: [...held].reduce((sum, { byteLength }) => sum + byteLength, 0),
    },
  };
}

/** The first snapshot is kept in any case; what a cache takes in memory is bounded, and it goes to the disk beyond. */
export function leastOf({ weights, gradients, slots, activations, batch }: MemoryNeeds): number {
  return weights + gradients + slots + activations + batch + (weights + slots);
}

function columnsOf({ inputs, targets, weights }: Dataset): Column[] {
  return [...inputs, targets, ...(weights ? [weights] : [])];
}

/** Numbers that all layers together put out for a sample; an axis of any length counts as the longest of the inputs. */
function perSample(model: LayersModel, data: Dataset): number {
  const longest = Math.max(1, ...data.inputs.flatMap(({ shape }) => shape));
  return layerEntries(model)
    .filter(({ layer }) => !asContainer(layer))
    .reduce((sum, { layer }) => sum + sizeOf(layer.outputShape as Shape | Shape[], longest), 0);
}

type Shape = readonly (number | null)[];

function sizeOf(shape: Shape | readonly Shape[], longest: number): number {
  const several = Array.isArray(shape[0]) ? (shape as readonly Shape[]) : [shape as Shape];
  return several.reduce((sum, each) => sum + each.slice(1).reduce<number>((all, n) => all * (n ?? longest), 1), 0);
}

function cacheOf(model: LayersModel, { cache, cacheMemory, epochs, training, augment, stream, settings }: Plan): number {
  if (cache !== "auto" || epochs < 2 || augment.length > 0 || stream || settings.loss.pairs) return 0;
  const { layers, last } = prefixCut(model, settings.frozenBatchNorm);
  if (!weightEntries(model).some(({ owner }) => layers.includes(owner.layer))) return 0;
  const longest = Math.max(1, ...training.inputs.flatMap(({ shape }) => shape));
  const bytes = 4 * training.rows * last.reduce((sum, layer) => sum + sizeOf(layer.outputShape as Shape | Shape[], longest), 0);
  return bytes <= (cacheMemory ?? totalmem() / 4) ? bytes : 0;
}

function product(shape: readonly number[]): number {
  return shape.reduce((all, n) => all * n, 1);
}
