import type { LayersModel, Tensor } from "@tensorflow/tfjs-node";
import { copyModel, weightEntries } from "../../models";
import { averagedWeights } from "../steps/averaging";
import type { Averaging } from "../steps/averaging";
import { EagerStepper } from "../steps/eager-stepper";
import { measure } from "./evaluate";
import { isWeightPath } from "../steps/kept-state";
import { restoreWeights } from "../steps/parameter-state";
import type { Plan } from "../plan/plan.types";
import { probeFigures } from "./probes";
import type { ParameterState, Stepper } from "../steps/stepper";

interface Judged {
  model: LayersModel;
  /** Measures the weights that `model` has. */
  measured: Stepper;
}

/**
 * By which weights a run is judged, and how good they are. Averaged weights are measured in a model of their own: what
 * measures never touches the weights that train, so that nothing is lost where the measuring is cut off.
 */
export class Judge {
  readonly #model: LayersModel;
  readonly #stepper: Stepper;
  readonly #plan: Plan;
  #copy: Judged | undefined;

  constructor(model: LayersModel, stepper: Stepper, plan: Plan) {
    this.#model = model;
    this.#stepper = stepper;
    this.#plan = plan;
  }

  /** Whether figures, best weights and the end are of averaged weights. */
  get averages(): boolean {
    const { averaging } = this.#plan.settings;
    return averaging !== undefined && averaging.evaluate !== "raw";
  }

  /** Training and validation data and probes, on the present weights. */
  async figures(): Promise<Record<string, number>> {
    const { settings, trainingSample, validation, probes } = this.#plan;
    const { model, measured } = this.#judged();
    const figures = await measure(measured, trainingSample, settings);
    if (validation) Object.assign(figures, await measure(measured, validation, settings, "val_"));
    return Object.assign(figures, await probeFigures(probes, measured, model, settings));
  }

  /** What probes give before anything is trained: what there is to forget. */
  async beginning(): Promise<Record<string, number>> {
    return probeFigures(this.#plan.probes, this.#stepper, this.#model, this.#plan.settings);
  }

  /** Does `work` with the weights by which a state is judged. */
  weights<T>(state: ParameterState, work: (weights: ReadonlyMap<string, Tensor>) => T): T {
    return this.averages ? this.#averaged(state, work) : work(state.weights);
  }

  /** A model of its own with the averaged weights of a state. */
  averaged(state: ParameterState): LayersModel {
    const made = copyModel(this.#model);
    this.#averaged(state, (weights) => restoreWeights(weights, weightEntries(made)));
    return made;
  }

  dispose(): void {
    if (!this.#copy) return;
    this.#copy.measured.dispose();
    weightEntries(this.#copy.model).forEach(({ variable }) => variable.dispose());
    this.#copy = undefined;
  }

  #judged(): Judged {
    if (!this.averages) return { model: this.#model, measured: this.#stepper };
    if (!this.#copy) {
      const model = copyModel(this.#model);
      const { regularizers: _terms, averaging: _averaging, ...settings } = this.#plan.settings;
      this.#copy = { model, measured: new EagerStepper(model, settings) };
    }
    const { model } = this.#copy;
    const state = this.#stepper.state();
    this.#averaged(state, (weights) => restoreWeights(weights, weightEntries(model)));
    state.dispose();
    return this.#copy;
  }

  #averaged<T>({ weights }: ParameterState, work: (weights: ReadonlyMap<string, Tensor>) => T): T {
    const averaging = this.#plan.settings.averaging as Averaging | undefined;
    if (!averaging) throw new Error('averaged() wants a run that averages: finetune(…, { averaging: { kind: "ema" } })');
    const averaged = averagedWeights(averaging, weights);
    const result = work(new Map([...weights].filter(([path]) => isWeightPath(path)).map(([path, tensor]) => [path, averaged.get(path) ?? tensor])));
    averaged.forEach((tensor) => tensor.dispose());
    return result;
  }
}
