/** What a run is told, checked and completed before anything is computed. */
import type { LayersModel } from "@tensorflow/tfjs-node";
import { closestNames, layerEntries } from "../models";
import { withClassWeights } from "./class-weights";
import type { ClassWeights } from "./class-weights";
import { looksLikeClasses } from "./columns";
import { datasetOf, takeRows } from "./data";
import type { Numbers } from "./columns";
import type { Dataset, Samples, TrainingData } from "./data";
import { dropoutPaths } from "./eager-stepper";
import type { StepSettings } from "./eager-stepper";
import { lossFor } from "./losses";
import type { LossFunction, LossName } from "./losses";
import { metricsFor } from "./metrics";
import type { Metric, MetricName } from "./metrics";
import type { EarlyStopping } from "./monitor";
import { accumulationNotes } from "./modes";
import { optimizerOf } from "./optimizers";
import type { OptimizerName, UpdateRule } from "./optimizers";
import { splitRows } from "./order";
import type { Schedule } from "./schedules";
import { glob } from "./select";

export interface FinetuneOptions {
  /** Passes over the training data; 5. */
  epochs?: number;
  /** Samples a step; 32, or all where there are fewer. */
  batchSize?: number;
  /** The step size; the optimizer's usual one unless given (Adam 1e-3). */
  learningRate?: number;
  /** How the rate goes over the run, as a factor of `learningRate`: `schedules.cosine({ warmup: 0.1 })`. */
  schedule?: Schedule;
  /** `"adam"` unless given; or one made by its function: `optimizers.sgd({ momentum: 0.9 })`. */
  optimizer?: OptimizerName | UpdateRule;
  /** Inferred from the model's end and the targets unless given. */
  loss?: LossName | LossFunction;
  /** Measured beside the loss; accuracy for classes unless given. */
  metrics?: readonly (MetricName | Metric)[];
  /** Decoupled decay of kernels and embeddings, a step; 0 (AdamW 0.01). Biases and norms are spared. */
  weightDecay?: number;
  /** Share of the certainty that crossentropy spreads over all classes; 0. */
  labelSmoothing?: number;
  /** Sets the rate of the model's dropout layers for this run: one for all, or by name pattern. */
  dropout?: number | Readonly<Record<string, number>>;
  /**
   * What the samples of each class count in training (not where loss and metrics are measured): by number,
   * or `"balanced"`.
   */
  classWeights?: ClassWeights;
  /** Learning rates of parts, as factors by name pattern: `{ "conv*": 0.1 }`. The last that fits counts. */
  rates?: Readonly<Record<string, number>>;
  /** Gradients together are scaled down to this norm; not unless given. */
  clipNorm?: number;
  /** Batches whose gradients are added up for one step; 1. */
  accumulate?: number;
  /** Ends the run when the watched metric stops improving. */
  earlyStopping?: EarlyStopping;
  /** A new order each epoch; true. */
  shuffle?: boolean;
  /** Decides order, dropout and the validation split; 0. The same seed gives the same numbers, to the bit. */
  seed?: number;
  /** For people; the model's name unless given. */
  name?: string;
  /** Whether the run draws its chart where it starts; true. It can be shown at any time: `run` at the end of a cell. */
  chart?: boolean;
  /**
   * Most training samples on which loss and metrics are measured at the end of an epoch, a fixed
   * seeded choice; 2,000.
   */
  trainingSample?: number;
  /**
   * `"auto"`: steps run as one compiled graph where that is possible, and op by op where not, which is
   * said once. `"off"`: op by op. The two differ by rounding; each repeats itself to the bit.
   */
  compile?: "auto" | "off";
  /**
   * Measures every layer at every step (`run.instruments`) and tells what goes wrong while it trains, as
   * `diagnose(run)` does afterwards; false.
   */
  watch?: boolean;
}

export interface Plan {
  name: string;
  chart: boolean;
  epochs: number;
  batchSize: number;
  accumulate: number;
  stepsPerEpoch: number;
  steps: number;
  learningRate: number;
  schedule: Schedule;
  shuffle: boolean;
  seed: number;
  settings: StepSettings;
  compile: "auto" | "off";
  watch: boolean;
  monitor: { name: string; better: "higher" | "lower" };
  earlyStopping: EarlyStopping | undefined;
  training: Dataset;
  /** What the end of an epoch is measured on; `training` itself where it is small. */
  trainingSample: Dataset;
  validation: Dataset | undefined;
  /** Said once, to the person: what was decided for them. */
  notes: string[];
}

/** @param splitSeed decides what is held back, where that is another seed than the run's: in a fork */
export function planOf(model: LayersModel, data: TrainingData, options: FinetuneOptions, splitSeed = options.seed): Plan {
  if (model.outputs.length !== 1) throw new Error(`finetune trains models with one output; ${model.name} has ${model.outputs.length}`);
  const seed = whole("seed", options.seed ?? 0, -Infinity);
  const rule = optimizerOf(options.optimizer ?? "adam");
  const units = model.outputs[0]!.shape.at(-1) ?? 1;
  const loss = lossFor(model, options, units > 1 && looksLikeClasses(data.y, units));
  const metrics = metricsFor(loss, options.metrics);
  const notes: string[] = [];

  let training = datasetOf(model, loss, data, "training data");
  let validation: Dataset | undefined;
  if (typeof data.validation === "number") {
    const share = data.validation;
    if (!(share > 0 && share < 1)) throw new RangeError(`validation: a share lies between 0 and 1; it is ${share}`);
    const split = splitRows(training, share, splitSeed ?? 0);
    if (split.validation.length === 0 || split.training.length === 0) throw new RangeError(`validation: ${share} of ${training.rows} samples leaves ${split.training.length} to train on and ${split.validation.length} to validate`);
    validation = takeRows(training, split.validation);
    notes.push(`${validation.rows} of ${training.rows} samples held back for validation${training.classes ? ", from each class alike" : ""} (seed ${splitSeed ?? 0})`);
    training = takeRows(training, split.training);
  } else if (data.validation !== undefined) {
    validation = datasetOf(model, loss, asSamples(data.validation), "validation");
  }

  const epochs = whole("epochs", options.epochs ?? 5, 1);
  const batchSize = Math.min(whole("batchSize", options.batchSize ?? 32, 1), training.rows);
  const accumulate = whole("accumulate", options.accumulate ?? 1, 1);
  if (accumulate > 1) notes.push(...accumulationNotes(model));
  const stepsPerEpoch = Math.ceil(training.rows / (batchSize * accumulate));
  const sample = whole("trainingSample", options.trainingSample ?? 2000, 1);
  const trainingSample = training.rows <= sample ? training : takeRows(training, splitRows(training, sample / training.rows, splitSeed ?? 0).validation);
  if (options.classWeights !== undefined) training = withClassWeights(training, options.classWeights);
  const earlyStopping = options.earlyStopping;
  if (earlyStopping) whole("earlyStopping.patience", earlyStopping.patience, 1);
  return {
    name: options.name ?? model.name,
    chart: options.chart ?? true,
    epochs,
    batchSize,
    accumulate,
    stepsPerEpoch,
    steps: epochs * stepsPerEpoch,
    learningRate: positive("learningRate", options.learningRate ?? rule.defaultLearningRate),
    schedule: options.schedule ?? (() => 1),
    shuffle: options.shuffle ?? true,
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
    },
    compile: compileOf(options.compile ?? "auto"),
    watch: options.watch ?? false,
    monitor: monitorOf(earlyStopping?.monitor, validation !== undefined, metrics),
    earlyStopping,
    training,
    trainingSample,
    validation,
    notes,
  };
}

function asSamples(given: Samples | readonly [Samples["x"], Numbers]): Samples {
  return Array.isArray(given) ? { x: given[0] as Samples["x"], y: given[1] as Numbers } : (given as Samples);
}

function compileOf(choice: "auto" | "off"): "auto" | "off" {
  if (choice !== "auto" && choice !== "off") throw new Error(`compile must be "auto" or "off"; it is ${JSON.stringify(choice)}`);
  return choice;
}

function monitorOf(asked: string | undefined, validated: boolean, metrics: readonly Metric[]): Plan["monitor"] {
  const name = asked ?? (validated ? "val_loss" : "loss");
  const own = name.replace(/^val_/, "");
  const known = ["loss", ...metrics.map((metric) => metric.name)].flatMap((each) => (validated ? [each, `val_${each}`] : [each]));
  if (!known.includes(name)) throw new Error(`earlyStopping.monitor: "${name}" is not measured; there are ${known.join(", ")}`);
  return { name, better: metrics.find((metric) => metric.name === own)?.better ?? "lower" };
}

function dropoutRates(model: LayersModel, dropout: FinetuneOptions["dropout"]): (path: string, own: number) => number {
  if (dropout === undefined) return (_path, own) => own;
  const rules = typeof dropout === "number" ? { "*": dropout } : dropout;
  const paths = dropoutPaths(model);
  if (paths.length === 0) throw new Error(`dropout: ${model.name} has no dropout layer; put one before the head with replaceHead(model, { …, dropout: ${Object.values(rules)[0]} })`);
  for (const [pattern, rate] of Object.entries(rules)) {
    if (!(rate >= 0 && rate < 1)) throw new RangeError(`dropout must lie in [0, 1); for "${pattern}" it is ${rate}`);
    if (!paths.some(glob(pattern))) throw new Error(`dropout: "${pattern}" matches no dropout layer; there are ${paths.join(", ")}`);
  }
  return (path, own) => Object.entries(rules).findLast(([pattern]) => glob(pattern)(path))?.[1] ?? own;
}

function ratesByPattern(model: LayersModel, rates: Readonly<Record<string, number>>): (path: string) => number {
  const paths = layerEntries(model).map(({ path }) => path);
  const rules = Object.entries(rates).map(([pattern, factor]) => {
    atLeastZero(`rates["${pattern}"]`, factor);
    const fits = glob(pattern);
    if (!paths.some(fits)) throw new Error(`rates: "${pattern}" matches no layer of ${model.name}; the closest names are ${closestNames(pattern.replaceAll("*", ""), paths).join(", ")}`);
    // A layer's pattern holds for its weights, and for the layers of a nested model.
    const below = glob(`${pattern}/*`);
    return { fits: (path: string) => fits(path) || below(path), factor };
  });
  return (path) => rules.findLast(({ fits }) => fits(path))?.factor ?? 1;
}

function whole(name: string, value: number, least: number): number {
  if (!Number.isInteger(value) || value < least) throw new RangeError(`${name} must be a whole number${least === -Infinity ? "" : ` from ${least} on`}; it is ${value}`);
  return value;
}

function positive(name: string, value: number): number {
  if (!(value > 0) || !Number.isFinite(value)) throw new RangeError(`${name} must be a number above 0; it is ${value}`);
  return value;
}

function atLeastZero(name: string, value: number): number {
  if (!(value >= 0) || !Number.isFinite(value)) throw new RangeError(`${name} must be a number from 0 on; it is ${value}`);
  return value;
}
