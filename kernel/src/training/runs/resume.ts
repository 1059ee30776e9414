import { resolve } from "node:path";
import type { LayersModel } from "@tensorflow/tfjs-node";
import { asContainer } from "../../models";
import { requireTf } from "../../tensorflow";
import { Checkpoints, differences, fingerprint, layerDifferences, layersOf, newestSound } from "./checkpoint";
import { replanning } from "./fork";
import { learningRateAt } from "./learning-rate";
import type { FinetuneData, FinetuneOptions } from "../plan/options.types";
import { checkMemory } from "../plan/memory-needs";
import { planOf } from "../plan/plan";
import { Run } from "./run";
import { asStreamData } from "../data/streams";
import { Trajectory } from "./trajectory";

/**
 * Takes a run up again from the checkpoints of its directory, after a crash or in another session: it
 * goes on to the same weights, to the bit, as if nothing had happened (on the same machine, with as many
 * threads). A damaged checkpoint is named, and the one before is used.
 *
 * @param directory what `checkpoint: { directory }` said
 * @param model as it was given to `finetune`; its weights are replaced. Without it the model is built
 *   anew from the checkpoint, `run.model`
 * @param data as it was given to `finetune`
 * @param options need not be repeated, but for functions and data among them (`schedule`, `loss`, an
 *   optimizer made by its function): these cannot be kept in a file
 * @throws when model, data or options are not those of the run, with what differs; when no checkpoint is sound
 * @example
 * const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, activation: "softmax", inputShape: [2] })] });
 * const data = { x: [[0, 0], [0, 1], [1, 0], [1, 1]], y: [0, 0, 1, 1] };
 * const run = finetune(model, data, { epochs: 20, checkpoint: { directory: "/tmp/thawbook-example-run", overwrite: true } });
 * await run.epoch(5);
 * const again = await finetune.resume("/tmp/thawbook-example-run", data);
 * again.currentEpoch; // 5
 */
export function resume(directory: string, data: FinetuneData, options?: FinetuneOptions): Promise<Run>;
export function resume(directory: string, model: LayersModel, data: FinetuneData, options?: FinetuneOptions): Promise<Run>;
export async function resume(directory: string, ...given: [FinetuneData, FinetuneOptions?] | [LayersModel, FinetuneData, FinetuneOptions?]): Promise<Run> {
  const folder = resolve(directory);
  if ((typeof given[0] !== "object" && typeof given[0] !== "function") || given[0] === null) throw new TypeError(NO_DATA);
  const [model, data, asked = {}] = asContainer(given[0] as LayersModel) ? (given as [LayersModel, FinetuneData, FinetuneOptions?]) : ([undefined, ...given] as [undefined, FinetuneData, FinetuneOptions?]);
  if (!asStreamData(data) && (typeof data !== "object" || data === null || !("x" in data || "frame" in data))) throw new TypeError(NO_DATA);
  const { name, standing, about, damaged } = newestSound(folder);
  const then = about.fingerprint;
  const fail = (what: readonly string[]): never => {
    throw new Error(`finetune.resume("${directory}"): this is not the run of step ${standing.step} that lies there: ${what.join("; ")}. To go on otherwise, resume it as it was, and then run.fork({ … })`);
  };

  const own = model ?? (await rebuilt(about.topology, folder));
  const otherModel = layerDifferences(then.layers, layersOf(own));
  if (otherModel.length > 0) fail(otherModel);
  const forgotten = then.again.filter((option) => !(option in asked));
  if (forgotten.length > 0) fail([`${forgotten.join(", ")} cannot be kept in a file: give ${forgotten.length > 1 ? "them" : "it"} again, finetune.resume(directory, ${model ? "model, " : ""}data, { ${forgotten.join(", ")} })`]);
  const options: FinetuneOptions = { name: about.name, ...(then.options as FinetuneOptions), checkpoint: { directory: folder, ...about.checkpoint }, ...asked };
  const plan = planOf(own, data, options);
  checkMemory(own, plan, options.memoryLimit);
  if (plan.stream) Object.assign(plan, { stepsPerEpoch: then.stepsPerEpoch, steps: then.steps });
  const now = fingerprint(own, plan, options);
  const { differs, noted } = differences(then, now);
  const { learningRate } = standing.journal.columns;
  const rate = learningRate.findIndex((value, step) => !Object.is(value, learningRateAt(plan, step, standing.journal.history)));
  if (rate !== -1) differs.push(`the learning rate at step ${rate + 1} was ${learningRate[rate]} and is ${learningRateAt(plan, rate, standing.journal.history)}: the schedule is another`);
  if (differs.length > 0) fail(differs);

  const notes = [...damaged.map((what) => `${what}: the one before is used`), ...noted];
  for (const note of notes) process.stderr.write(`${plan.name}, resumed: ${note}${noted.includes(note) ? "; the last bits may differ" : ""}\n`);
  const { checkpoint } = plan;
  const checkpoints = checkpoint && new Checkpoints(checkpoint, plan, () => ({ ...then, steps: plan.steps, stepsPerEpoch: plan.stepsPerEpoch, environment: now.environment }), checkpoint.directory === folder ? standing : undefined);
  const trajectory = new Trajectory(own, plan, standing);
  trajectory.journal.marks.push({ step: standing.step, kind: "note", label: `resumed from ${name}${notes.length > 0 ? ` (${notes.join("; ")})` : ""}` });
  return new Run(plan, replanning(data, options), trajectory, checkpoints, about.seconds);
}

const NO_DATA = "finetune.resume wants the data again: finetune.resume(directory, model, { x, y, validation }, options)";

async function rebuilt(topology: unknown, folder: string): Promise<LayersModel> {
  if (typeof topology !== "object" || topology === null) throw new Error(`The model in ${folder} has a layer that cannot be written to a file; give the model: finetune.resume(directory, model, data)`);
  const tf = requireTf();
  try {
    return await tf.loadLayersModel(tf.io.fromMemory({ modelTopology: topology }));
  } catch (cause) {
    throw new Error(`The model in ${folder} cannot be built (${cause instanceof Error ? cause.message : String(cause)}); give it: finetune.resume(directory, model, data)`, { cause });
  }
}
