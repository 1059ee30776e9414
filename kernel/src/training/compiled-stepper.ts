import type { LayersModel, Tensor, Variable } from "@tensorflow/tfjs-node";
import { requireTf } from "../tensorflow";
import { TraceError, TrainingSession } from "../tensorflow/graph";
import type { Spec, TrainingStep, TypedArray } from "../tensorflow/graph";
import { batchFrom, tensorsOf } from "./data";
import type { Batch } from "./data";
import { EagerStepper } from "./eager-stepper";
import type { StepSettings } from "./eager-stepper";
import { isOwnMetric } from "./metrics";
import { fusedOpOf } from "./optimizers";
import { captureState } from "./parameter-state";
import type { SlotStore } from "./parameter-state";
import { checkStep } from "./step-check";
import { decayOf, StepMath } from "./step-gradients";
import type { BatchScores, ParameterState, Stepper, StepRequest, StepResult } from "./stepper";

/** Steps in one call, where they are quick: more would bring nothing, and each is a copy of the graph. */
const STEPS_A_CALL = 8;
/** Longest that such a call may take, in milliseconds: interrupt, pause and messages act between calls. */
const LONGEST_CALL = 20;

/**
 * Takes steps as compiled graphs. Weights and slots live in a session, and in the model only after
 * `pull`. What cannot be compiled is taken op by op, and told to `notice` once; which way a step is
 * taken depends on what trains and on shapes alone, so that it is repeated to the bit.
 */
export class CompiledStepper implements Stepper {
  readonly #settings: StepSettings;
  readonly #math: StepMath;
  /** Holds the slots while they are not in the session. */
  readonly #eager: EagerStepper;
  readonly #notice: (op: string, reason: string) => void;
  readonly #routes = new Map<string, "compiled" | "eager">();
  #session: TrainingSession | undefined;
  /** Whether the session has the present weights and slots; else the model and `#eager` have them. */
  #inSession = false;
  /** The tensors of the model that the session knows: another one was assigned by someone else. */
  readonly #known = new Map<string, object>();
  #checked = false;
  #evaluation: "compiled" | "eager";
  /** Milliseconds a step, of the last that was taken alone. */
  #pace = { key: "", milliseconds: Infinity };

  constructor(model: LayersModel, settings: StepSettings, notice: (op: string, reason: string) => void = () => {}) {
    this.#settings = settings;
    this.#math = new StepMath(model, settings);
    this.#eager = new EagerStepper(model, settings, this.#math);
    this.#notice = notice;
    // A metric of the user's own may do anything in JavaScript, which a graph would do once.
    this.#evaluation = settings.metrics.some(isOwnMetric) ? "eager" : "compiled";
  }

  get most(): number {
    return this.#pace.milliseconds * STEPS_A_CALL <= LONGEST_CALL ? STEPS_A_CALL : 1;
  }

  step(request: StepRequest): StepResult {
    return this.steps([request])[0]!;
  }

  steps(requests: readonly [StepRequest, ...StepRequest[]]): StepResult[] {
    const [first] = requests;
    const key = this.#key(first.batches);
    const route = this.#routes.get(key);
    if (route === undefined) return [this.#explore(key, first)];
    if (route === "eager") return [this.#takeEagerly(first)];
    this.#enter();
    const taken = this.#take(key, requests.length === STEPS_A_CALL ? requests : [first]);
    // Tells what is not finite, as it does of itself; where it finds nothing, it takes the step.
    return taken.length > 0 ? taken : [this.#takeEagerly(first)];
  }

  evaluate(batch: Batch): BatchScores {
    if (!this.#inSession || this.#evaluation === "eager") return this.#evaluateEagerly(batch);
    this.#enter();
    const inputs = tensorsOf(batch);
    try {
      const key = `evaluate ${inputs.map(({ shape }) => shape.join()).join(" ")}`;
      const body = (tensors: Tensor[]) => {
        const { loss, penalty, metrics } = this.#math.scores(batchFrom(tensors, batch));
        return [loss, ...metrics, ...(penalty ? [penalty] : [])];
      };
      const found = this.#session!.call(key, inputs.map(specOf), body, inputs.map(valuesOf)).map(({ values }) => values as Float32Array);
      const added = found.length > 1 + this.#settings.metrics.length ? found.pop()![0]! : 0;
      const [loss, ...metrics] = found;
      return { loss: Float64Array.from(loss!, (value) => value + added), metrics };
    } catch (error) {
      this.#evaluation = "eager";
      this.#tell("evaluation", error);
      return this.#evaluateEagerly(batch);
    }
  }

  gradients(request: StepRequest): Map<string, Tensor> {
    this.pull();
    return this.#eager.gradients(request);
  }

  pull(): void {
    if (!this.#inSession) return;
    this.#noteAssigned();
    this.#session!.pull();
    this.#remember();
  }

  state(): ParameterState {
    if (!this.#inSession) return this.#eager.state();
    this.pull();
    const slots = this.#slots();
    const state = captureState(this.#math.weights, slots);
    disposeSlots(slots);
    return state;
  }

  restore(state: ParameterState): void {
    this.pull();
    this.#inSession = false;
    this.#eager.restore(state);
  }

  dispose(): void {
    this.pull();
    this.#inSession = false;
    this.#session?.dispose();
    this.#session = undefined;
    this.#routes.clear();
    this.#eager.dispose();
  }

  /** Names what a step depends on beside its numbers. */
  #key(batches: readonly Batch[]): string {
    const trained = this.#math.trained().map(({ path }) => path);
    return [...trained, ...batches.map((batch) => tensorsOf(batch).map(({ shape, dtype }) => `${dtype}[${shape.join()}]`).join(" "))].join("\n");
  }

  /** The first step of its kind: whether it can be compiled; and at the very first, whether it then does the same. */
  #explore(key: string, request: StepRequest): StepResult {
    const before = this.state();
    let expected: { result: StepResult; weights: Map<string, TypedArray> } | undefined;
    try {
      if (!this.#checked) {
        const result = this.#takeEagerly(request);
        if (!result.applied) return result;
        expected = { result, weights: this.#values() };
        this.restore(before);
      }
      const start = expected && this.#values();
      this.#enter();
      const [taken] = this.#take(key, [request]);
      if (!taken) return this.#takeEagerly(request);
      if (expected) {
        this.pull();
        checkStep({ ...expected, start: start! }, { result: taken, weights: this.#values() });
        this.#checked = true;
      }
      this.#pace = { key, milliseconds: Infinity };
      this.#routes.set(key, "compiled");
      return taken;
    } catch (error) {
      this.#routes.set(key, "eager");
      this.#tell("the step", error);
      // A call that failed half-way may have written a half of the step.
      this.#inSession = false;
      this.#eager.restore(before);
      return this.#takeEagerly(request);
    } finally {
      before.dispose();
    }
  }

  /** @returns fewer than asked for where one is not finite */
  #take(key: string, requests: readonly StepRequest[]): StepResult[] {
    const inputs = requests[0]!.batches.flatMap(tensorsOf);
    const perStep = requests.map(({ batches }) => batches.flatMap(tensorsOf).map(valuesOf));
    const began = performance.now();
    const { applied, loss, gradientNorm } = this.#session!.step(key, () => this.#define(inputs, requests[0]!.batches), {
      inputs: inputs.map((_, index) => joined(perStep.map((values) => values[index]!))),
      steps: requests.map(({ step }) => step),
      learningRates: requests.map(({ learningRate }) => learningRate),
    });
    if (requests.length === 1) this.#pace = { key, milliseconds: this.#pace.key === key ? performance.now() - began : Infinity };
    return Array.from({ length: applied }, (_, index) => ({ applied: true, loss: loss[index]!, gradientNorm: gradientNorm[index]! }));
  }

  #define(inputs: readonly Tensor[], batches: readonly Batch[]): TrainingStep {
    const tf = requireTf();
    const trained = this.#math.trained();
    const { clipNorm, rateOf } = this.#settings;
    return {
      inputs: inputs.map(specOf),
      trained: trained.map((entry) => ({ name: entry.path, rate: rateOf(entry.path), decay: decayOf(entry, this.#settings) })),
      clipNorm,
      gradients: (tensors, step) => {
        let at = 0;
        const given = batches.map((batch) => batchFrom(tensors.slice(at, (at += tensorsOf(batch).length)), batch));
        const { losses, tensors: gradients, statistics } = this.#math.gradients(step, given, trained);
        // What the layers kept is let go with the recording.
        const moved = new Map([...statistics].map(([variable, value]) => [variable.read() as Variable, tf.clone(value)]));
        statistics.forEach((value) => value.dispose());
        return { loss: losses.length === 1 ? losses[0]! : tf.addN(losses), gradients, statistics: moved };
      },
    };
  }

  #takeEagerly(request: StepRequest): StepResult {
    this.#leave();
    this.#pace = { key: "", milliseconds: Infinity };
    return this.#eager.step(request);
  }

  #evaluateEagerly(batch: Batch): BatchScores {
    this.pull();
    return this.#eager.evaluate(batch);
  }

  /** Brings weights and slots into the session. */
  #enter(): void {
    if (!this.#session) {
      const { rule } = this.#settings;
      const fused = fusedOpOf(rule);
      this.#session = new TrainingSession(this.#math.weights.map(({ path, variable }) => ({ name: path, variable: variable.read() as Variable })), fused ? { ...rule, fused } : rule);
      this.#remember();
    }
    this.#separate();
    this.#noteAssigned();
    if (this.#inSession) return;
    const state = this.#eager.state();
    const slots = new Map([...state.slots].map(([path, { tensors, count }]) => [path, { values: tensors.map(valuesOf), count }]));
    state.dispose();
    this.#session.restore({ weights: new Map(), slots });
    this.#inSession = true;
  }

  /** Brings weights and slots out of the session. */
  #leave(): void {
    if (!this.#inSession) return;
    this.pull();
    const slots = this.#slots();
    this.#eager.restore({ weights: new Map(), slots, bytes: 0, dispose: () => undefined });
    disposeSlots(slots);
    this.#inSession = false;
  }

  #slots(): SlotStore {
    const tf = requireTf();
    const { rule } = this.#settings;
    const shapes = new Map(this.#math.weights.map(({ path, shape }) => [path, shape]));
    const shapeOf = (path: string, slot: number) => [...(rule.slotShape?.(rule.slots[slot]!, shapes.get(path)!) ?? shapes.get(path)!)];
    return new Map([...this.#session!.capture([]).slots].map(([path, { values, count }]) => [path, { tensors: values.map((each, slot) => tf.keep(tf.tensor(each as Float32Array, shapeOf(path, slot)))), count }]));
  }

  /** A recording tells weights apart by their tensors: two that were set to one tensor get one each. */
  #separate(): void {
    const taken = new Set<object>();
    for (const { path, variable } of this.#math.weights) {
      const data = dataOf(variable);
      if (taken.has(data)) {
        const tf = requireTf();
        const weight = variable.read() as Variable;
        tf.tidy(() => weight.assign(tf.tensor(weight.dataSync().slice() as Float32Array, weight.shape, weight.dtype as "float32") as never));
        if (this.#known.get(path) === data) this.#known.set(path, dataOf(variable));
      }
      taken.add(dataOf(variable));
    }
  }

  #noteAssigned(): void {
    const assigned = this.#math.weights.filter(({ path, variable }) => this.#known.get(path) !== dataOf(variable)).map(({ path }) => path);
    if (assigned.length === 0) return;
    this.#session!.push(assigned);
    this.#remember();
  }

  #remember(): void {
    for (const { path, variable } of this.#math.weights) this.#known.set(path, dataOf(variable));
  }

  #values(): Map<string, TypedArray> {
    return new Map(this.#math.weights.map(({ path, variable }) => [path, variable.read().dataSync().slice()]));
  }

  #tell(what: string, error: unknown): void {
    if (error instanceof TraceError) this.#notice(error.op, error.reason);
    else this.#notice(what, error instanceof Error ? error.message.split("\n", 1)[0]! : String(error));
  }
}

const dataOf = (variable: { read(): Tensor }): object => variable.read().dataId;
const valuesOf = (tensor: Tensor): TypedArray => tensor.dataSync();
const specOf = ({ dtype, shape }: Tensor): Spec => ({ dtype: dtype as Spec["dtype"], shape });

function joined(parts: readonly TypedArray[]): TypedArray {
  const [first] = parts;
  if (parts.length === 1) return first!;
  const { length } = first!;
  const made = first instanceof Int32Array ? new Int32Array(length * parts.length) : new Float32Array(length * parts.length);
  parts.forEach((part, index) => made.set(part as Float32Array, index * length));
  return made;
}

function disposeSlots(slots: SlotStore): void {
  slots.forEach(({ tensors }) => tensors.forEach((tensor) => tensor.dispose()));
}
