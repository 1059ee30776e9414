import type { Variable } from "@tensorflow/tfjs-node";
import type { WeightEntry } from "../../models";
import { requireTf } from "../../tensorflow";
import { TrainingSession } from "../../tensorflow/graph";
import type { GraphOptimizer, TypedArray } from "../../tensorflow/graph";
import type { EagerStepper } from "./eager-stepper";
import { captureState } from "./parameter-state";
import type { SlotStore } from "./parameter-state";
import type { ParameterState } from "./stepper";

/**
 * The weights and optimizer slots of a run that is taken partly in a session and partly op by op. Weights are in the
 * model for whoever reads them; the slots are on one side at a time.
 */
export class SessionParameters {
  readonly #weights: readonly WeightEntry[];
  readonly #optimizer: GraphOptimizer;
  readonly #eager: EagerStepper;
  #session: TrainingSession | undefined;
  #inSession = false;

  constructor(weights: readonly WeightEntry[], optimizer: GraphOptimizer, eager: EagerStepper) {
    this.#weights = weights;
    this.#optimizer = optimizer;
    this.#eager = eager;
  }

  /** Whether the session has the slots. */
  get inSession(): boolean {
    return this.#inSession;
  }

  /** What computes op by op, wherever the slots are: to measure, not to step. */
  get eager(): EagerStepper {
    return this.#eager;
  }

  /** Brings all weights into the model in one go; read one by one they come one by one. */
  pull(): void {
    this.#session?.pull();
  }

  /** The session, with the present slots. */
  enter(): TrainingSession {
    this.#session ??= new TrainingSession(this.#weights.map(({ path, variable }) => ({ name: path, variable: variable.read() as Variable })), this.#optimizer);
    if (!this.#inSession) {
      const state = this.#eager.state();
      const slots = new Map([...state.slots].map(([path, { tensors, count }]) => [path, { values: tensors.map((tensor) => tensor.dataSync() as TypedArray), count }]));
      state.dispose();
      this.#session.restore({ weights: new Map(), slots });
      this.#inSession = true;
    }
    return this.#session;
  }

  /** The stepper that goes op by op, with the present slots. */
  leave(): EagerStepper {
    if (this.#inSession) {
      this.#session!.pull();
      const slots = this.#slots();
      this.#eager.restore({ weights: new Map(), slots, bytes: 0, dispose: () => undefined });
      disposeSlots(slots);
      this.#inSession = false;
    }
    return this.#eager;
  }

  state(): ParameterState {
    if (!this.#inSession) return this.#eager.state();
    this.#session!.pull();
    const slots = this.#slots();
    const state = captureState(this.#weights, slots);
    disposeSlots(slots);
    return state;
  }

  /** What the session has is not asked for: it may be half a step. */
  restore(state: ParameterState): void {
    this.#inSession = false;
    this.#eager.restore(state);
  }

  dispose(): void {
    this.#inSession = false;
    this.#session?.dispose();
    this.#session = undefined;
    this.#eager.dispose();
  }

  #slots(): SlotStore {
    const tf = requireTf();
    const { slots, slotShape } = this.#optimizer;
    const shapes = new Map(this.#weights.map(({ path, shape }) => [path, shape]));
    const shapeOf = (path: string, slot: number) => [...(slotShape?.(slots[slot]!, shapes.get(path)!) ?? shapes.get(path)!)];
    return new Map([...this.#session!.capture([]).slots].map(([path, { values, count }]) => [path, { tensors: values.map((each, slot) => tf.keep(tf.tensor(each as Float32Array, shapeOf(path, slot)))), count }]));
  }
}

function disposeSlots(slots: SlotStore): void {
  slots.forEach(({ tensors }) => tensors.forEach((tensor) => tensor.dispose()));
}
