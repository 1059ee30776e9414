import type { LayersModel, Tensor, Variable } from "@tensorflow/tfjs-node";
import { classOf, forward, internals, layerEntries, trains, weightEntries } from "../models";
import type { Layer, LayerVariable, TrainingPass, WeightEntry } from "../models";
import { l2Loss, requireTf, scoped } from "../tensorflow";
import type { Batch } from "./data";
import type { Loss } from "./losses";
import type { Metric } from "./metrics";
import { trainingLayers } from "./modes";
import type { UpdateRule } from "./optimizers";
import { captureState, restoreState } from "./parameter-state";
import type { SlotStore } from "./parameter-state";
import type { BatchScores, ParameterState, Stepper, StepRequest, StepResult } from "./stepper";

/** What a step does, fixed for the run. */
export interface StepSettings {
  loss: Loss;
  metrics: readonly Metric[];
  rule: UpdateRule;
  /** Decoupled decay of kernels and embeddings; biases and norms are spared. */
  weightDecay: number;
  /** The gradients together are scaled down to this norm; undefined: never. */
  clipNorm: number | undefined;
  /** The learning rate of a weight, as a multiple of the run's. */
  rateOf(path: string): number;
  dropoutRate(path: string, own: number): number;
  seed: number;
}

interface Gradients {
  loss: number;
  /** In the order of `weights`. */
  tensors: Tensor[];
  weights: WeightEntry[];
  statistics: Map<LayerVariable, Tensor>;
}

/** Takes each step op by op, as tfjs does. */
export class EagerStepper implements Stepper {
  readonly #model: LayersModel;
  readonly #settings: StepSettings;
  readonly #weights: WeightEntry[];
  readonly #regularized: Layer[];
  readonly #slots: SlotStore = new Map();
  #modes: { trained: string; layers: Set<Layer> } = { trained: "", layers: new Set() };

  constructor(model: LayersModel, settings: StepSettings) {
    this.#model = model;
    this.#settings = settings;
    const entries = layerEntries(model);
    this.#weights = weightEntries(model, entries);
    this.#regularized = entries.filter(({ nested, layer }) => !nested && (internals(layer).losses?.length ?? 0) > 0).map(({ layer }) => layer);
  }

  step(request: StepRequest): StepResult {
    const tf = requireTf();
    return scoped("step", (): StepResult => {
      const { loss, tensors, weights, statistics } = this.#gradients(request);
      const norm = globalNorm(tensors);
      if (!Number.isFinite(loss) || (!Number.isFinite(norm) && !allFinite(tensors))) {
        statistics.forEach((value) => value.dispose());
        return { applied: false, loss, weights: weights.filter((_, index) => !allFinite([tensors[index]!])).map(({ path }) => path) };
      }
      const { clipNorm } = this.#settings;
      const scale = clipNorm !== undefined && norm > clipNorm ? clipNorm / norm : 1;
      weights.forEach((weight, index) => this.#update(weight, scale === 1 ? tensors[index]! : tf.mul(tensors[index]!, scale), request.learningRate));
      statistics.forEach((value, variable) => {
        assign(variable, value);
        value.dispose();
      });
      return { applied: true, loss, gradientNorm: norm };
    });
  }

  gradients(request: StepRequest): Map<string, Tensor> {
    const tf = requireTf();
    const kept = new Map<string, Tensor>();
    tf.tidy(() => {
      const { tensors, weights, statistics } = this.#gradients(request);
      statistics.forEach((value) => value.dispose());
      weights.forEach(({ path }, index) => kept.set(path, tf.keep(tensors[index]!)));
    });
    return kept;
  }

  evaluate(batch: Batch): BatchScores {
    const { loss, metrics } = this.#settings;
    return scoped("evaluate", () => {
      const output = forward(this.#model, batch.inputs, { beforeActivation: loss.fromLogits })[0]!;
      const penalty = this.#penalty()?.dataSync()[0] ?? 0;
      const losses = Float64Array.from(loss.perSample(batch.targets, output).dataSync(), (value) => value + penalty);
      return { loss: losses, metrics: metrics.map((metric) => metric.perSample(batch.targets, output).dataSync()) };
    });
  }

  state(): ParameterState {
    return captureState(this.#weights, this.#slots);
  }

  restore(state: ParameterState): void {
    restoreState(state, this.#weights, this.#slots);
  }

  dispose(): void {
    this.#slots.forEach(({ tensors }) => tensors.forEach((tensor) => tensor.dispose()));
    this.#slots.clear();
  }

  #gradients({ step, batches }: StepRequest): Gradients {
    const tf = requireTf();
    const weights = this.#weights.filter(trains);
    if (weights.length === 0) throw new Error(`Nothing trains: every weight of ${this.#model.name} is frozen. unfreeze(model, …) what should learn`);
    const variables = weights.map(({ variable }) => variable.read() as Variable);
    const training = this.#trainingLayers(weights);
    const rows = batches.reduce((sum, batch) => sum + batch.rows, 0);
    const statistics = new Map<LayerVariable, Tensor>();
    let total = 0;
    let sums: Tensor[] | undefined;
    batches.forEach((batch, pass) => {
      const train: TrainingPass = {
        seed: this.#settings.seed,
        step,
        pass,
        training: (layer) => training.has(layer),
        dropoutRate: this.#settings.dropoutRate,
        statistics: (variable, value) => {
          statistics.get(variable)?.dispose();
          statistics.set(variable, value);
        },
      };
      const { value, grads } = tf.variableGrads(() => this.#loss(batch, train, rows), variables);
      total += value.dataSync()[0]!;
      // A weight that the loss does not reach has no gradient; it stays where it is.
      const own = variables.map((variable) => grads[variable.name] ?? tf.zerosLike(variable));
      sums = sums ? sums.map((sum, index) => tf.add(sum, own[index]!)) : own;
    });
    return { loss: total, tensors: sums!, weights, statistics };
  }

  /** A batch's share of the mean loss over all `rows` of the step. */
  #loss(batch: Batch, train: TrainingPass, rows: number) {
    const tf = requireTf();
    const { loss } = this.#settings;
    const output = forward(this.#model, batch.inputs, { train, beforeActivation: loss.fromLogits })[0]!;
    const mean = tf.div(tf.sum(loss.perSample(batch.targets, output)), rows);
    const penalty = train.pass === 0 ? this.#penalty() : undefined;
    return (penalty ? tf.add(mean, penalty) : mean) as ReturnType<typeof tf.scalar>;
  }

  /** What the layers' own regularizers add. */
  #penalty(): Tensor | undefined {
    const tf = requireTf();
    const terms = this.#regularized.flatMap((layer) => internals(layer).losses!.map((term) => term()));
    return terms.length === 0 ? undefined : terms.length === 1 ? terms[0] : tf.addN(terms);
  }

  #update({ path, kind, variable }: WeightEntry, gradient: Tensor, learningRate: number): void {
    const tf = requireTf();
    const { rule, weightDecay, rateOf } = this.#settings;
    const rate = learningRate * rateOf(path);
    const weight = variable.read();
    const slot = this.#slots.get(path) ?? { tensors: rule.slots.map(() => tf.keep(tf.zerosLike(weight))), count: 0 };
    const count = slot.count + 1;
    const { step, slots } = rule.update(gradient, slot.tensors, rule.scalars(count, rate), weight);
    // Decay first, then the step, as PyTorch does.
    const decayed = weightDecay > 0 && (kind === "kernel" || kind === "embedding") ? tf.mul(weight, 1 - rate * weightDecay) : weight;
    variable.write(tf.sub(decayed, step));
    slot.tensors.forEach((tensor) => tensor.dispose());
    this.#slots.set(path, { tensors: slots.map((tensor) => tf.keep(tensor)), count });
  }

  #trainingLayers(weights: readonly WeightEntry[]): Set<Layer> {
    const trained = weights.map(({ path }) => path).join("\n");
    if (this.#modes.trained !== trained) this.#modes = { trained, layers: trainingLayers(this.#model) };
    return this.#modes.layers;
  }
}

function assign(variable: LayerVariable, value: Tensor): void {
  (variable.read() as Variable).assign(value);
}

function globalNorm(gradients: readonly Tensor[]): number {
  const tf = requireTf();
  const halves = gradients.map(l2Loss);
  return Math.sqrt(2 * (halves.length === 1 ? halves[0]! : tf.addN(halves)).dataSync()[0]!);
}

/** The norm overflows before the numbers do: only a look at them tells. */
function allFinite(tensors: readonly Tensor[]): boolean {
  const tf = requireTf();
  return tensors.every((tensor) => tf.all(tf.isFinite(tensor)).dataSync()[0] === 1);
}

/** Whether the model has a place where `dropout` would act. */
export function dropoutPaths(model: LayersModel): string[] {
  return layerEntries(model).filter(({ layer }) => /Dropout/.test(classOf(layer))).map(({ path }) => path);
}
