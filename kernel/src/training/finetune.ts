import type { LayersModel } from "@tensorflow/tfjs-node";
import { asContainer } from "../models";
import { Checkpoints, fingerprint } from "./runs/checkpoint";
import { checkMemory } from "./plan/memory-needs";
import { planOf } from "./plan/plan";
import type { FinetuneData, FinetuneOptions } from "./plan/options.types";
import { replanning } from "./runs/fork";
import { resume } from "./runs/resume";
import { Run } from "./runs/run";
import { Trajectory } from "./runs/trajectory";

/**
 * Prepares a training run; nothing is trained before `run.train()` or `run.step()`. The model is
 * trained in place: `model` and `run.model` are the same.
 *
 * @param data `x`: [samples, ...] in the model's input shape; `y`: classes from 0, one-hot rows, or
 *   numbers in the output's shape; `validation`: `{ x, y }`, `[x, y]`, or the share to split off.
 *   Typed arrays are read, not copied: leave them as they are while the run lives. `{ frame, label, columns }`: a
 *   frame with a column of labels (one of `frame` and the `read…` functions streams, in another order each
 *   epoch). What does not fit into memory streams: a function that gives an iterable of `{ x, y }` (samples, or batches) for each epoch, a tf.data.Dataset, an async iterable; with
 *   more to say, `{ stream, validation, spool }`.
 * @throws before anything is computed: on shapes that do not fit, classes out of range, values that
 *   are not finite, options that make no sense; where a step needs more memory than there is (`memoryLimit`)
 * @example
 * const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, activation: "softmax", inputShape: [2] })] });
 * const x = [[0, 0], [0, 1], [1, 0], [1, 1]];
 * const run = finetune(model, { x, y: [0, 0, 1, 1] }, { epochs: 20, learningRate: 0.1, seed: 1 });
 * await run.train();
 * run.history.at(-1)?.metrics.accuracy; // 1
 */
export function finetune(model: LayersModel, data: FinetuneData, options: FinetuneOptions = {}): Run {
  if (typeof model !== "object" || model === null || !asContainer(model)) throw new TypeError("finetune wants a tfjs LayersModel first; load one with await loadPretrained(path)");
  const plan = planOf(model, data, options);
  checkMemory(model, plan, options.memoryLimit);
  const checkpoints = plan.checkpoint && new Checkpoints(plan.checkpoint, plan, () => fingerprint(model, plan, options), undefined);
  return new Run(plan, replanning(data, options), new Trajectory(model, plan), checkpoints);
}

finetune.resume = resume;
