import type { LayersModel, Tensor, Variable } from "@tensorflow/tfjs-node";
import { internals, layerEntries, trains, weightEntries } from "../../models";
import type { Layer, LayerVariable, TrainingPass, WeightEntry } from "../../models";
import { requireTf, withSeededMathRandom } from "../../tensorflow";
import { variableGrads } from "./differentiate";
import { Averages } from "./averaging";
import { outputOf } from "../data/data";
import type { Batch } from "../data/data";
import type { StepSettings } from "./step-settings";
import { KeptState } from "./kept-state";
import type { Loss } from "../objective/losses";
import { trainingLayers } from "../freezing/modes";
import type { Term } from "../objective/regularization";

export interface StepGradients {
  /** Each micro-batch's share of the loss: scalars. */
  losses: Tensor[];
  /** In the order of `weights`. */
  tensors: Tensor[];
  weights: WeightEntry[];
  /** What the moving averages become; the receiver's to dispose. */
  statistics: Map<LayerVariable, Tensor>;
}

/** What a step computes before it updates: only ops, so that it can be taken op by op or recorded as a graph. */
export class StepMath {
  readonly model: LayersModel;
  /** All that is the run's state but slots: every weight, frozen ones and moving averages too, and what regularizers keep. */
  readonly weights: readonly WeightEntry[];
  readonly #settings: StepSettings;
  readonly #regularized: Layer[];
  readonly #kept = new KeptState();
  readonly #terms: Term[];
  readonly #averages: Averages | undefined;
  #modes: { trained: string; layers: Set<Layer> } = { trained: "", layers: new Set() };

  constructor(model: LayersModel, settings: StepSettings) {
    this.model = model;
    this.#settings = settings;
    const entries = layerEntries(model);
    const weights = weightEntries(model, entries);
    const { loss, seed, regularizers = [], averaging } = settings;
    const context = { model, loss, weights, seed, keep: this.#kept.keep.bind(this.#kept), adopt: this.#kept.adopt.bind(this.#kept) };
    this.#terms = regularizers.flatMap((each) => each.term?.(context) ?? []);
    this.#averages = averaging && new Averages(averaging, weights, this.#kept);
    this.weights = [...weights, ...this.#kept.entries];
    this.#regularized = entries.filter(({ nested, layer }) => !nested && (internals(layer).losses?.length ?? 0) > 0).map(({ layer }) => layer);
  }

  /** @throws when nothing trains */
  trained(): WeightEntry[] {
    const weights = this.weights.filter(trains);
    if (weights.length === 0) throw new Error(`Nothing trains: every weight of ${this.model.name} is frozen. unfreeze(model, …) what should learn`);
    return weights;
  }

  /** Which layers run in training mode, given what trains. */
  trainingLayers(weights: readonly WeightEntry[]): Set<Layer> {
    const trained = weights.map(({ path }) => path).join("\n");
    if (this.#modes.trained !== trained) this.#modes = { trained, layers: trainingLayers(this.model, this.#settings.frozenBatchNorm) };
    return this.#modes.layers;
  }

  /** @param step as a tensor where it is recorded */
  gradients(step: number | Tensor, batches: readonly Batch[], weights = this.trained()): StepGradients {
    const tf = requireTf();
    const variables = weights.map(({ variable }) => variable.read() as Variable);
    const training = this.trainingLayers(weights);
    const total = totalWeight(batches);
    const statistics = new Map<LayerVariable, Tensor>();
    const losses: Tensor[] = [];
    let sums: Tensor[] | undefined;
    batches.forEach((batch, pass) => {
      const train: TrainingPass = {
        seed: this.#settings.seed,
        step,
        pass,
        training: (layer) => training.has(layer),
        dropoutRate: this.#settings.dropoutRate,
        // A layer that is called twice, or for several batches, moves its averages each time, on from where they are by then.
        statistics: (variable, move) => {
          const before = statistics.get(variable);
          statistics.set(variable, tf.keep(tf.tidy(() => move(before ?? variable.read()))));
          before?.dispose();
        },
      };
      const { value, grads } = variableGrads(() => this.#loss(batch, train, total, weights, batches.length), variables, this.#settings.loss);
      losses.push(value);
      // A weight that the loss does not reach has no gradient; it stays where it is.
      const own = variables.map((variable) => grads[variable.name] ?? tf.zerosLike(variable));
      sums = sums ? sums.map((sum, index) => tf.add(sum, own[index]!)) : own;
    });
    this.#averages?.next(weights, (variable, value) => statistics.set(variable, value));
    return { losses, tensors: sums!, weights, statistics };
  }

  dispose(): void {
    this.#terms.splice(0).forEach((term) => term.dispose?.());
    this.#kept.dispose();
  }

  /** In inference mode: a loss a sample, what the regularizers add, and each metric a sample. */
  scores(batch: Batch): { loss: Tensor; penalty: Tensor | undefined; metrics: Tensor[] } {
    const { loss, metrics } = this.#settings;
    const { targets, weights } = batch;
    const output = asSamples(outputOf(this.model, batch, { beforeActivation: loss.fromLogits }), targets, loss);
    const penalty = this.#penalty();
    return { loss: perRow(loss.perSample(targets, output), weights), penalty, metrics: metrics.map((metric) => (metric.summary ? metric.perSample(targets, output) : perRow(metric.perSample(targets, output), weights))) };
  }

  /** A batch's share of the mean loss over the step, `total` being the weight of all its samples. */
  #loss(batch: Batch, train: TrainingPass, total: number | Tensor, weights: readonly WeightEntry[], passes: number) {
    const tf = requireTf();
    const { loss } = this.#settings;
    const { inputs, targets } = batch;
    const run = (pass: TrainingPass) => asSamples(outputOf(this.model, batch, { train: pass, beforeActivation: loss.fromLogits }), targets, loss);
    const output = run(train);
    const perSample = () => loss.perSample(targets, output);
    // A loss of the user's own may draw random numbers: they follow from the step. In a graph they are refused.
    const own = loss.own && typeof train.step === "number" ? withSeededMathRandom({ seed: train.seed, site: `loss/${train.pass}`, step: train.step }, perSample) : perSample();
    // Another pass has other noise; the moving averages take the first.
    const again = () => run({ ...train, pass: train.pass + passes, statistics: () => {} });
    const added = this.#terms.flatMap((term) => term.perSample?.({ inputs, targets, output, loss: own, again }) ?? []);
    const mean = tf.div(weightedSum(added.reduce((sum, each) => tf.add(sum, each), own), batch.weights), total);
    const penalties = train.pass > 0 ? [] : [this.#penalty(), ...this.#terms.map((term) => term.penalty?.(weights))];
    return penalties.reduce<Tensor>((sum, each) => (each ? tf.add(sum, each) : sum), mean) as ReturnType<typeof tf.scalar>;
  }

  /** What the layers' own regularizers add. */
  #penalty(): Tensor | undefined {
    const tf = requireTf();
    const terms = this.#regularized.flatMap((layer) => internals(layer).losses!.map((term) => term()));
    return terms.length === 0 ? undefined : terms.length === 1 ? terms[0] : tf.addN(terms);
  }
}

/** Outputs of pairs: the inputs of a sample stand one after the other. */
function asSamples(output: Tensor, targets: Tensor, { pairs }: Loss): Tensor {
  if (!pairs) return output;
  const rows = targets.shape[0]!;
  return requireTf().reshape(output, [rows, output.shape[0]! / rows, ...output.shape.slice(1)]);
}

/** What all samples of a step count together: their number where they have no weights. */
function totalWeight(batches: readonly Batch[]): number | Tensor {
  const tf = requireTf();
  const sums = batches.flatMap(({ weights }) => (weights ? [tf.sum(weights)] : []));
  if (sums.length === 0) return batches.reduce((sum, { rows }) => sum + rows, 0);
  // Where nothing counts the sum is 0, and so is the mean.
  return tf.maximum(sums.length === 1 ? sums[0]! : tf.addN(sums), 1e-30);
}

function weightedSum(values: Tensor, weights: Tensor | undefined): Tensor {
  const tf = requireTf();
  if (!weights) return tf.sum(meanBeyond(values, 1));
  return tf.sum(tf.mul(meanBeyond(values, weights.rank), weights));
}

/** One value a row: where a row has several, [rows, time], their mean as the weights count them. */
function perRow(values: Tensor, weights: Tensor | undefined): Tensor {
  const tf = requireTf();
  if (!weights || weights.rank === 1 || values.rank === 1) return meanBeyond(values, 1);
  return tf.divNoNan(tf.sum(tf.mul(meanBeyond(values, 2), weights), 1), tf.sum(weights, 1));
}

/** The mean over all axes from `rank` on. */
function meanBeyond(values: Tensor, rank: number): Tensor {
  const tf = requireTf();
  return values.rank <= rank ? values : tf.mean(tf.reshape(values, [...values.shape.slice(0, rank), -1]), rank);
}

/** Decoupled decay of a weight, a step: biases and norms are spared. */
export function decayOf({ kind }: WeightEntry, { weightDecay }: StepSettings): number {
  return kind === "kernel" || kind === "embedding" ? weightDecay : 0;
}

/** What a layer's constraint makes of a weight after every update; undefined where it has none. */
export function constraintOf({ variable }: WeightEntry): ((weight: Tensor) => Tensor) | undefined {
  const { constraint } = variable as { constraint?: { apply(weight: Tensor): Tensor } | null };
  return constraint ? (weight) => constraint.apply(weight) : undefined;
}
