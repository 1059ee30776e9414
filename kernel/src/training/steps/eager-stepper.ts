import type { LayersModel, Tensor, Variable } from "@tensorflow/tfjs-node";
import type { LayerVariable } from "../../models";
import { l2Loss, requireTf, scoped } from "../../tensorflow";
import type { Batch } from "../data/data";
import { layerNorms } from "./instruments";
import { captureState, restoreState } from "./parameter-state";
import type { SlotStore } from "./parameter-state";
import { constraintOf, StepMath } from "./step-gradients";
import { clipScale, globalNorm, updated, zeroSlots } from "./step-update";
import type { StepSettings } from "./step-settings";
import type { BatchScores, ParameterState, Stepper, StepRequest, StepResult } from "./stepper";

/** Takes each step op by op, as tfjs does. */
export class EagerStepper implements Stepper {
  readonly most = 1;
  readonly #math: StepMath;
  readonly #settings: StepSettings;
  readonly #slots: SlotStore = new Map();

  readonly #measure: boolean;

  constructor(model: LayersModel, settings: StepSettings, { measure = false, math = new StepMath(model, settings) } = {}) {
    this.#math = math;
    this.#measure = measure;
    this.#settings = settings;
  }

  steps([request]: readonly [StepRequest, ...StepRequest[]]): [StepResult] {
    return [this.step(request)];
  }

  step(request: StepRequest): StepResult {
    const tf = requireTf();
    return scoped("step", (): StepResult => {
      const { losses, tensors, weights, statistics } = this.#math.gradients(request.step, request.batches);
      const loss = losses.reduce((sum, each) => sum + each.dataSync()[0]!, 0);
      let norm = globalNorm(tensors);
      const finite = Number.isFinite(norm) || allFinite(tensors);
      if (!Number.isFinite(loss) || !finite) {
        statistics.forEach((value) => value.dispose());
        return { applied: false, loss, cause: "gradient", weights: weights.filter((_, index) => !allFinite([tensors[index]!])).map(({ path }) => path) };
      }
      if (!Number.isFinite(norm)) norm = normInDouble(tensors);
      const scale = clipScale(this.#settings, norm);
      const moved = weights.map((entry, index) => {
        const { path, variable } = entry;
        const weight = variable.read();
        const known = this.#slots.get(path);
        const gradient = scale === 1 ? tensors[index]! : tf.mul(tensors[index]!, scale);
        const made = updated(entry, this.#settings, { weight, gradient, slots: known?.tensors ?? zeroSlots(this.#settings, weight.shape), count: known?.count ?? 0, learningRate: request.learningRate });
        return { ...made, weight: constraintOf(entry)?.(made.weight) ?? made.weight };
      });
      // Sound gradients may still move a weight beyond what a number can hold; nothing is written before all are known.
      if (!Number.isFinite(globalNorm(moved.map(({ weight }) => weight)))) {
        const beyond = weights.filter((_, index) => !allFinite([moved[index]!.weight]));
        if (beyond.length > 0) {
          statistics.forEach((value) => value.dispose());
          return { applied: false, loss, cause: "update", weights: beyond.map(({ path }) => path) };
        }
      }
      const before = this.#measure ? weights.map(({ variable }) => tf.clone(variable.read())) : [];
      weights.forEach(({ path, variable }, index) => {
        const { weight, slots } = moved[index]!;
        const known = this.#slots.get(path);
        assign(variable, weight);
        this.#slots.set(path, { tensors: slots.map((tensor) => tf.keep(tensor)), count: (known?.count ?? 0) + 1 });
        known?.tensors.forEach((tensor) => tensor.dispose());
      });
      statistics.forEach((value, variable) => {
        assign(variable, value);
        value.dispose();
      });
      if (!this.#measure) return { applied: true, loss, gradientNorm: norm };
      const halves = (values: readonly Tensor[]) => (tf.stack(values.map(l2Loss)).dataSync() as Float32Array);
      const update = weights.map(({ variable }, index) => tf.sub(variable.read(), before[index]!));
      return { applied: true, loss, gradientNorm: norm, norms: layerNorms(weights, { gradient: halves(tensors), weight: halves(before), update: halves(update) }) };
    });
  }

  gradients(request: StepRequest): Map<string, Tensor> {
    const tf = requireTf();
    const kept = new Map<string, Tensor>();
    tf.tidy(() => {
      const { tensors, weights, statistics } = this.#math.gradients(request.step, request.batches);
      statistics.forEach((value) => value.dispose());
      weights.forEach(({ path }, index) => kept.set(path, tf.keep(tensors[index]!)));
    });
    return kept;
  }

  evaluate(batch: Batch): BatchScores {
    return scoped("evaluate", () => {
      const { loss, penalty, metrics } = this.#math.scores(batch);
      const added = penalty?.dataSync()[0] ?? 0;
      return { loss: Float64Array.from(loss.dataSync(), (value) => value + added), metrics: metrics.map((metric) => metric.dataSync()) };
    });
  }

  state(): ParameterState {
    return captureState(this.#math.weights, this.#slots);
  }

  restore(state: ParameterState): void {
    restoreState(state, this.#math.weights, this.#slots);
  }

  dispose(): void {
    this.#slots.forEach(({ tensors }) => tensors.forEach((tensor) => tensor.dispose()));
    this.#slots.clear();
    this.#math.dispose();
  }
}

function assign(variable: LayerVariable, value: Tensor): void {
  (variable.read() as Variable).assign(value);
}

/** The squares of numbers beyond 1e19 overflow in single precision. */
function normInDouble(gradients: readonly Tensor[]): number {
  let sum = 0;
  for (const gradient of gradients) for (const value of gradient.dataSync()) sum += value * value;
  return Math.sqrt(sum);
}

/** The norm overflows before the numbers do: only a look at them tells. */
function allFinite(tensors: readonly Tensor[]): boolean {
  const tf = requireTf();
  return tensors.every((tensor) => tf.all(tf.isFinite(tensor)).dataSync()[0] === 1);
}
