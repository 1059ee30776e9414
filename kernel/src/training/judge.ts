import type { LayersModel, Tensor } from "@tensorflow/tfjs-node";
import { copyModel, weightEntries } from "../models";
import { averagedWeights } from "./averaging";
import type { Averaging } from "./averaging";
import { EagerStepper } from "./eager-stepper";
import type { StepSettings } from "./eager-stepper";
import { isWeightPath } from "./kept-state";
import { restoreWeights } from "./parameter-state";
import type { ParameterState } from "./stepper";

/**
 * The averaged weights of a run, in a model of their own: what measures never touches the weights that train, so
 * that nothing is lost where the measuring is cut off.
 */
export class Judge {
  readonly #model: LayersModel;
  readonly #averaging: Averaging;
  readonly #settings: StepSettings;
  #copy: { model: LayersModel; stepper: EagerStepper } | undefined;

  constructor(model: LayersModel, averaging: Averaging, settings: StepSettings) {
    this.#model = model;
    this.#averaging = averaging;
    this.#settings = settings;
  }

  /** The model that has the averaged weights of a state until the next call, and what measures it. */
  at(state: ParameterState): { model: LayersModel; measured: EagerStepper } {
    if (!this.#copy) {
      const model = copyModel(this.#model);
      const { regularizers: _terms, averaging: _averaging, ...settings } = this.#settings;
      this.#copy = { model, stepper: new EagerStepper(model, settings) };
    }
    const { model, stepper } = this.#copy;
    const { weights, dispose } = this.weights(state);
    restoreWeights(weights, weightEntries(model));
    dispose();
    return { model, measured: stepper };
  }

  /** A model's weights, averaged where they are. */
  weights(state: ParameterState): { weights: Map<string, Tensor>; dispose(): void } {
    const averaged = averagedWeights(this.#averaging, state.weights);
    return {
      weights: new Map([...state.weights].filter(([path]) => isWeightPath(path)).map(([path, tensor]) => [path, averaged.get(path) ?? tensor])),
      dispose: () => averaged.forEach((tensor) => tensor.dispose()),
    };
  }

  dispose(): void {
    if (!this.#copy) return;
    this.#copy.stepper.dispose();
    weightEntries(this.#copy.model).forEach(({ variable }) => variable.dispose());
    this.#copy = undefined;
  }
}
