/** What a run is told, checked and completed before anything is computed. */
import type { LayersModel } from "@tensorflow/tfjs-node";
import type { Augment } from "../data/augmentation";
import { averagingNote, checkedAveraging } from "../steps/averaging";
import { atLeastZero, callable, flag, list, oneOf, positive, share, whole } from "./checks";
import { checkDataNames } from "./data-names";
import { checkOptionNames } from "./option-names";
import { classWeighing, withClassWeights } from "../data/class-weights";
import { checkpointPlan } from "../runs/checkpoint/options";
import { looksLikeClasses } from "../data/columns";
import { datasetOf, sampleOf, takeRows } from "../data/data";
import type { Numbers } from "../data/columns";
import type { Dataset, Samples, TrainingData } from "../data/data";
import { framesAsColumns, tableAsStream } from "../data/frame-data";
import type { FrameData } from "../data/frame-data";
import { dropoutRates, ratesByPattern } from "./layer-settings";
import { innerLayers, layerEntries } from "../../models";
import type { LayerEntry } from "../../models";
import { lossFor } from "../objective/losses";
import type { Loss } from "../objective/losses";
import { metricsFor } from "../objective/metrics";
import type { Metric } from "../objective/metrics";
import { accumulationNotes } from "../freezing/modes";
import type { FrozenBatchNorm } from "../freezing/modes";
import { optimizerOf } from "../optimizers";
import type { Plan } from "./plan.types";
import type { FinetuneData, FinetuneOptions } from "./options.types";
import { splitRows } from "../data/order";
import { boundProbes } from "../runs/probes";
import { asStreamData, boundStream, validationOf } from "../data/streams";
import type { BoundStream } from "../data/streams";
import { snapshotBudget } from "../runs/snapshots";
import { selectWeights } from "../freezing/select";
import type { ThawSchedule } from "../freezing/thaw";

/** @param splitSeed decides what is held back, where that is another seed than the run's: in a fork */
export function planOf(model: LayersModel, asGiven: FinetuneData, options: FinetuneOptions, splitSeed = options.seed): Plan {
  checkOptionNames(options);
  if ((typeof asGiven !== "object" && typeof asGiven !== "function") || asGiven === null) throw new TypeError(`finetune wants data after the model: finetune(model, { x, y }); it got ${String(asGiven)}`);
  checkDataNames(asGiven);
  if (model.outputs.length !== 1) throw new Error(`finetune trains models with one output; ${model.name} has ${model.outputs.length}`);
  checkLayers(model);
  const seed = whole("seed", options.seed ?? 0, -Infinity);
  const rule = optimizerOf(options.optimizer ?? "adam");
  const units = model.outputs[0]!.shape.at(-1) ?? 1;
  const given = tableAsStream(asGiven, seed, options.batchSize ?? 32);
  const streamed = asStreamData(given);
  const data = streamed ?? framesAsColumns(given as TrainingData | FrameData);
  share("labelSmoothing", options.labelSmoothing ?? 0);
  const loss = lossFor(model, options, "y" in data && data.y !== undefined && options.loss === undefined && units > 1 && looksLikeClasses(data.y as Numbers, units));
  const metrics = metricsFor(loss, options.metrics && list("metrics", options.metrics, '["accuracy"]'));
  const notes: string[] = [];

  const stream = streamed && boundStream(model, loss, streamed);
  let training = streamed ? NOTHING : datasetOf(model, loss, data as TrainingData, "training data");
  notes.push(...targetNotes(model, loss, training));
  let validation: Dataset | undefined;
  if (streamed) validation = validationOf(model, loss, streamed);
  else if (typeof data.validation === "number") {
    const share = data.validation;
    if (!(share > 0 && share < 1)) throw new RangeError(`validation: a share lies between 0 and 1; it is ${share}`);
    const split = splitRows(training, share, splitSeed ?? 0);
    if (split.validation.length === 0 || split.training.length === 0) throw new RangeError(`validation: ${share} of ${training.rows} samples leaves ${split.training.length} to train on and ${split.validation.length} to validate`);
    validation = takeRows(training, split.validation);
    notes.push(`${validation.rows} of ${training.rows} samples held back for validation${training.classes ? ", from each class alike" : ""} (seed ${splitSeed ?? 0})`);
    training = takeRows(training, split.training);
  } else if (data.validation !== undefined) {
    validation = datasetOf(model, loss, asSamples(data.validation as Samples), "validation");
  }

  const lengths: StreamLengths = stream ? streamLengths(stream, options, notes) : { epochs: whole("epochs", options.epochs ?? 5, 1) };
  const { epochs } = lengths;
  if (!stream && options.stepsPerEpoch !== undefined) throw new Error(`stepsPerEpoch belongs to data that stream; here an epoch is once through the ${training.rows} samples`);
  const batchSize = lengths.batchSize ?? Math.min(whole("batchSize", options.batchSize ?? 32, 1), training.rows);
  const accumulate = whole("accumulate", options.accumulate ?? 1, 1);
  if (accumulate > 1) notes.push(...accumulationNotes(model, loss));
  const stepsPerEpoch = lengths.stepsPerEpoch ?? Math.ceil(training.rows / (batchSize * accumulate));
  const sample = whole("trainingSample", options.trainingSample ?? 2000, 1);
  const trainingSample = training.rows <= sample ? training : sampleOf(training, splitRows(training, sample / training.rows, splitSeed ?? 0).validation);
  if (options.classWeights !== undefined && stream) throw new Error("classWeights wants the classes of all samples, and a stream does not tell them before; give weights in the stream: { x, y, weights }");
  const weigh = options.classWeights === undefined ? undefined : classWeighing(training, options.classWeights);
  if (weigh) training = withClassWeights(training, weigh);
  const regularizers = list("regularize", options.regularize ?? [], "[regularizers.l2sp(0.01)]");
  for (const each of regularizers) {
    if (typeof each?.kind !== "string") throw new TypeError(`regularize: ${JSON.stringify(each)} is none; they are made by regularizers.l2, l2sp, ewc, distill, mixup, rDrop, replay`);
    each.check?.(model, loss);
  }
  const stagesFor = (size: number) => regularizers.flatMap((each) => each.stage?.({ model, loss, seed, batchSize: size, accumulate, weigh }) ?? []);
  const averaging = checkedAveraging(options.averaging);
  if (averaging) notes.push(averagingNote(averaging));
  const earlyStopping = options.earlyStopping;
  if (earlyStopping) {
    whole("earlyStopping.patience", earlyStopping.patience, 1);
    atLeastZero("earlyStopping.minDelta", earlyStopping.minDelta ?? 0);
    flag("earlyStopping.restoreBest", earlyStopping.restoreBest ?? true);
  }
  return {
    name: options.name ?? model.name,
    chart: flag("chart", options.chart ?? true),
    epochs,
    batchSize,
    accumulate,
    stepsPerEpoch,
    steps: epochs * stepsPerEpoch,
    learningRate: positive("learningRate", options.learningRate ?? rule.defaultLearningRate),
    schedule: callable("schedule", options.schedule ?? (() => 1), "schedules.cosine()"),
    shuffle: flag("shuffle", options.shuffle ?? true),
    seed,
    settings: {
      loss,
      metrics,
      rule,
      weightDecay: atLeastZero("weightDecay", options.weightDecay ?? rule.defaultWeightDecay),
      clipNorm: options.clipNorm === undefined ? undefined : positive("clipNorm", options.clipNorm),
      rateOf: ratesByPattern(model, options.rates ?? {}),
      dropoutRate: dropoutRates(model, options.dropout),
      seed,
      frozenBatchNorm: oneOf<FrozenBatchNorm>("frozenBatchNorm", options.frozenBatchNorm ?? "inference", ["inference", "training"]),
      regularizers,
      averaging,
    },
    compile: oneOf("compile", options.compile ?? "auto", ["auto", "off"]),
    watch: flag("watch", options.watch ?? false),
    cache: oneOf("cache", options.cache ?? "auto", ["auto", "off", "disk"]),
    cacheMemory: options.cacheMemory === undefined ? undefined : atLeastZero("cacheMemory", options.cacheMemory),
    thaw: options.thaw && thawOf(options.thaw, model),
    snapshots: snapshotBudget(options.snapshots),
    given: options,
    checkpoint: options.checkpoint === undefined ? undefined : checkpointPlan(options.checkpoint),
    monitor: monitorOf(earlyStopping?.monitor, validation !== undefined || stream?.validation !== undefined, metrics),
    earlyStopping,
    training,
    stream,
    augment: augmentsOf(options.augment),
    unrepeatable: stream && !stream.replays ? ONE_PASS : undefined,
    sampleSize: sample,
    probes: boundProbes(options.probes, model, loss),
    stages: batchSize > 0 ? stagesFor(batchSize) : [],
    stagesFor,
    trainingSample,
    validation,
    notes,
  };
}

/** A step is a function of its batch and the weights; what a layer carries from one batch to the next would make it another each time. */
function checkLayers(model: LayersModel): void {
  const carries = ({ layer }: LayerEntry) => [layer, ...innerLayers(layer)].some((each) => each.stateful);
  const found = layerEntries(model).find((entry) => !entry.nested && carries(entry));
  if (found) throw new Error(`${found.path} is stateful: it carries its state from one batch to the next, and finetune shuffles batches and repeats steps. Make it with stateful: false, and give whole sequences as samples`);
}

/** What stands for the samples of a stream until the first are read. */
const NOTHING: Dataset = { rows: 0, inputs: [], targets: { values: new Float32Array(0), rowSize: 1, shape: [], dtype: "float32" } };

const ONE_PASS = "its stream can be run through once only. Give a function that makes a new iterable for each epoch, or { stream, spool: true }, which writes what is read to the disk";

interface StreamLengths {
  epochs: number;
  /** 0: as many as the stream's first batch has. */
  batchSize?: number;
  stepsPerEpoch?: number;
}

/** How long a run on a stream is, as far as that is known before it is opened. */
function streamLengths({ replays, size }: BoundStream, options: FinetuneOptions, notes: string[]): StreamLengths {
  const stepsPerEpoch = options.stepsPerEpoch === undefined ? Infinity : whole("stepsPerEpoch", options.stepsPerEpoch, 1);
  const once = !replays && stepsPerEpoch === Infinity;
  const epochs = whole("epochs", options.epochs ?? (once ? 1 : 5), 1);
  if (once && epochs > 1) throw new Error(`epochs: ${epochs}, but ${ONE_PASS.replace("its", "the")}; or say where an epoch ends, stepsPerEpoch`);
  if (stepsPerEpoch === Infinity && size === undefined && options.schedule !== undefined && !("anyLength" in options.schedule)) throw new Error("A schedule follows the length of the run, and the stream does not say how long it is: give stepsPerEpoch");
  if (options.shuffle === true) throw new Error("shuffle: a stream trains in its own order; shuffle where it is made, with the epoch as a seed: (epoch) => …");
  if (!replays) notes.push("the data can be run through once only: no rewind and no fork (a function that gives a new iterable for each epoch, or spool: true, makes them possible)");
  return { epochs, batchSize: options.batchSize === undefined ? 0 : whole("batchSize", options.batchSize, 1), stepsPerEpoch };
}

/** @throws also where its selectors name nothing, which would else show at the first step */
function thawOf(schedule: ThawSchedule, model: LayersModel): ThawSchedule {
  if (typeof schedule.parts !== "function" || typeof schedule.stage !== "function") throw new TypeError(`thaw must be a schedule, as in gradualUnfreezing(); it is ${JSON.stringify(schedule)}`);
  // What trains may still change until the run begins, or be a part by now in a fork: all weights are looked at.
  schedule.parts(model, selectWeights(model, []));
  return schedule;
}

function augmentsOf(given: FinetuneOptions["augment"]): readonly Augment[] {
  const all = given === undefined ? [] : Array.isArray(given) ? (given as readonly Augment[]) : [given as Augment];
  const wrong = all.find((each) => typeof each !== "function");
  if (wrong !== undefined) throw new TypeError(`augment wants a function of a batch and its random numbers, or several; it got ${JSON.stringify(wrong)}`);
  return all;
}

/** What a loss function of the person's own gets that is not simply the targets in the output's shape. */
function targetNotes(model: LayersModel, { own }: Loss, { rows, classes, targets }: Dataset): string[] {
  if (!own || rows === 0) return [];
  if (classes) return [`the loss function gets the classes as one-hot rows, [batch, ${targets.rowSize}]; give y as [[0], [1], …] for the numbers themselves`];
  const output = model.outputs[0]!.shape.slice(1);
  return targets.shape.join() === output.join() ? [] : [`the loss function gets y as it is, [${["batch", ...targets.shape].join(", ")}], beside outputs of [${["batch", ...output.map((n) => n ?? "any")].join(", ")}]`];
}

function asSamples(given: Samples | readonly [Samples["x"], Numbers]): Samples {
  return Array.isArray(given) ? { x: given[0] as Samples["x"], y: given[1] as Numbers } : (given as Samples);
}

function monitorOf(asked: string | undefined, validated: boolean, metrics: readonly Metric[]): Plan["monitor"] {
  const name = asked ?? (validated ? "val_loss" : "loss");
  const own = name.replace(/^val_/, "");
  const known = ["loss", ...metrics.map((metric) => metric.name)].flatMap((each) => (validated ? [each, `val_${each}`] : [each]));
  if (!known.includes(name)) throw new Error(`earlyStopping.monitor: "${name}" is not measured; there are ${known.join(", ")}`);
  return { name, better: metrics.find((metric) => metric.name === own)?.better ?? "lower" };
}
