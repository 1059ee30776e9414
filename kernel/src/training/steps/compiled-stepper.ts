import type { LayersModel, Tensor } from "@tensorflow/tfjs-node";
import { TraceError } from "../../tensorflow/graph";
import type { TypedArray } from "../../tensorflow/graph";
import { batchFrom, disposeBatch, tensorsOf } from "../data/data";
import type { Batch } from "../data/data";
import { EagerStepper } from "./eager-stepper";
import type { StepSettings } from "./step-settings";
import { layerNorms } from "./instruments";
import { isOwnMetric } from "../objective/metrics";
import { fusedOpOf } from "../optimizers";
import { fewRows } from "./few-rows";
import type { FewRows } from "./few-rows";
import { rowsApart, withFilled } from "./padding";
import { SessionParameters } from "./session-parameters";
import { differenceOf, expectedStep, strideOf } from "./step-check";
import { StepMath } from "./step-gradients";
import { joined, keyOf, signatureOf, specOf, stepGraph } from "./step-graph";
import type { BatchScores, ParameterState, Stepper, StepRequest, StepResult } from "./stepper";

/** Steps in one call, where they are quick: more would bring nothing, and each is a copy of the graph. */
const STEPS_A_CALL = 8;
/** Longest that such a call may take, in milliseconds: interrupt, pause and messages act between calls. */
const LONGEST_CALL = 20;

export interface CompiledOptions {
  /** Steps at which the graph is held against the step op by op, beside the first that it takes. */
  checks?: ReadonlySet<number>;
  /** Whether each step tells the norms of every layer. */
  measure?: boolean;
  /** Batches are filled up to so many samples, where normalizations allow it: one graph for all of them. */
  rows?: number | undefined;
  /** Steps are checked by so many rows of a batch, where rows have weights and do not touch one another. */
  checkRows?: number | undefined;
  /** Told what cannot be compiled. */
  notice?: (op: string, reason: string) => void;
}

/**
 * Takes steps as compiled graphs: weights and slots live in a session, and the model's variables fetch their values from
 * there when they are read. What cannot be compiled is taken op by op, and told to `notice` once; which way a step is
 * taken depends on what trains, on shapes and on the step alone, so that it is repeated to the bit.
 */
export class CompiledStepper implements Stepper {
  readonly #settings: StepSettings;
  readonly #math: StepMath;
  readonly #parameters: SessionParameters;
  readonly #checks: ReadonlySet<number>;
  readonly #measure: boolean;
  readonly #rows: number | undefined;
  readonly #checkRows: number | undefined;
  readonly #notice: (op: string, reason: string) => void;
  readonly #routes = new Map<string, "compiled" | "eager">();
  /** From this step on the graph was found to do something else than the step op by op. */
  #eagerFrom = Infinity;
  readonly #checked = new Set<number>();
  #evaluation: "compiled" | "eager";
  /** Milliseconds a step, of the last that was taken alone. */
  #pace = { key: "", milliseconds: Infinity };

  constructor(model: LayersModel, settings: StepSettings, { checks = new Set(), measure = false, rows, checkRows, notice = () => {} }: CompiledOptions = {}) {
    this.#settings = settings;
    this.#math = new StepMath(model, settings);
    const { rule } = settings;
    const fused = fusedOpOf(rule);
    this.#parameters = new SessionParameters(this.#math.weights, fused ? { ...rule, fused } : rule, new EagerStepper(model, settings, { measure, math: this.#math }));
    this.#checks = checks;
    this.#measure = measure;
    this.#rows = rows;
    this.#checkRows = checkRows;
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
    if (this.#rows === undefined || !rowsApart(this.#math)) return this.#steps(requests);
    return withFilled(requests.map(({ batches }) => batches), this.#rows, (batches) => {
      const [first, ...rest] = requests.map((request, index): StepRequest => ({ ...request, batches: batches[index]! }));
      return this.#steps([first!, ...rest]);
    });
  }

  #steps(requests: readonly [StepRequest, ...StepRequest[]]): StepResult[] {
    const [first] = requests;
    const key = keyOf(this.#math, first.batches);
    const route = first.step >= this.#eagerFrom ? "eager" : this.#routes.get(key);
    if (route === "eager") return [this.#takeEagerly(first)];
    if (route === undefined) return [this.#explore(key, first)];
    if (this.#due(first.step)) return [this.#takeChecked(key, first)];
    const plain = requests.length === STEPS_A_CALL && !requests.some(({ step }) => this.#due(step) || step >= this.#eagerFrom);
    const taken = this.#take(key, plain ? requests : [first]);
    // Tells what is not finite, as it does of itself; where it finds nothing, it takes the step.
    return taken.length > 0 ? taken : [this.#takeEagerly(first)];
  }

  evaluate(batch: Batch): BatchScores {
    if (!this.#parameters.inSession || this.#evaluation === "eager") return this.#parameters.eager.evaluate(batch);
    const inputs = tensorsOf(batch);
    try {
      const key = `evaluate ${signatureOf(batch)}`;
      const body = (tensors: Tensor[]) => {
        const { loss, penalty, metrics } = this.#math.scores(batchFrom(tensors, batch));
        return [loss, ...metrics, ...(penalty ? [penalty] : [])];
      };
      const found = this.#parameters.enter().call(key, inputs.map(specOf), body, inputs.map(valuesOf)).map(({ values }) => values as Float32Array);
      const added = found.length > 1 + this.#settings.metrics.length ? found.pop()![0]! : 0;
      const [loss, ...metrics] = found;
      return { loss: Float64Array.from(loss!, (value) => value + added), metrics };
    } catch (error) {
      this.#evaluation = "eager";
      this.#tell("evaluation", error);
      return this.#parameters.eager.evaluate(batch);
    }
  }

  gradients(request: StepRequest): Map<string, Tensor> {
    return this.#parameters.eager.gradients(request);
  }

  state(): ParameterState {
    return this.#parameters.state();
  }

  restore(state: ParameterState): void {
    this.#parameters.restore(state);
  }

  dispose(): void {
    this.#parameters.dispose();
    this.#routes.clear();
  }

  #due(step: number): boolean {
    return this.#checks.has(step) && !this.#checked.has(step);
  }

  /** The first step of its kind: whether it can be compiled; and at the very first, whether it then does the same. */
  #explore(key: string, request: StepRequest): StepResult {
    return this.#orEagerly(request, (before) => {
      this.#routes.set(key, "eager");
      const taken = this.#checked.size === 0 || this.#due(request.step) ? this.#compare(key, request, before) : (this.#take(key, [request])[0] ?? this.#takeEagerly(request));
      if (taken.applied) this.#routes.set(key, "compiled");
      else this.#routes.delete(key);
      this.#pace = { key, milliseconds: Infinity };
      return taken;
    });
  }

  /** What JavaScript decides anew at every step shows at later ones only. */
  #takeChecked(key: string, request: StepRequest): StepResult {
    return this.#orEagerly(request, (before) => this.#compare(key, request, before));
  }

  #orEagerly(request: StepRequest, take: (before: ParameterState) => StepResult): StepResult {
    const before = this.state();
    try {
      return take(before);
    } catch (error) {
      this.#tell("the step", error);
      // A call that failed half-way may have written a half of the step.
      this.restore(before);
      return this.#takeEagerly(request);
    } finally {
      before.dispose();
    }
  }

  /** Takes a step, having computed op by op what it should come to. @throws TraceError where it does not: from here on no step is compiled */
  #compare(key: string, request: StepRequest, before: ParameterState): StepResult {
    const few = this.#checkRows === undefined || !rowsApart(this.#math) ? undefined : fewRows(request.batches, this.#checkRows);
    try {
      const [taken] = this.#held(key, request, before, few ?? { alone: request.batches, among: request.batches });
      if (!taken) return this.#takeEagerly(request);
      this.#checked.add(request.step);
      if (!few) return taken;
    } finally {
      if (few) [...few.alone, ...few.among].forEach(disposeBatch);
    }
    // That step counted those rows only.
    this.restore(before);
    return this.#take(key, [request])[0] ?? this.#takeEagerly(request);
  }

  /** Takes a step on `among`, and holds it against the step op by op on `alone`. @returns nothing where it is not finite */
  #held(key: string, request: StepRequest, before: ParameterState, { alone, among }: FewRows): StepResult[] {
    const expected = expectedStep(this.#math, this.#settings, { ...request, batches: alone }, before.slots);
    const [taken] = expected ? this.#take(key, [{ ...request, batches: among }]) : [];
    if (!expected || !taken?.applied) return [];
    const difference = differenceOf(expected, taken, this.#parameters.enter().every(this.#math.weights.map((weight) => ({ name: weight.path, stride: strideOf(weight) }))));
    if (!difference) return [taken];
    this.#eagerFrom = request.step;
    throw new TraceError(`step ${request.step + 1}`, difference);
  }

  /** @returns fewer than asked for where one is not finite */
  #take(key: string, requests: readonly StepRequest[]): StepResult[] {
    const perStep = requests.map(({ batches }) => batches.flatMap(tensorsOf).map(valuesOf));
    const began = performance.now();
    const { applied, loss, gradientNorm, squares } = this.#parameters.enter().step(key, () => stepGraph(this.#math, this.#settings, requests[0]!.batches, this.#measure), {
      inputs: perStep[0]!.map((_, index) => joined(perStep.map((values) => values[index]!))),
      steps: requests.map(({ step }) => step),
      learningRates: requests.map(({ learningRate }) => learningRate),
    });
    if (requests.length === 1) this.#pace = { key, milliseconds: this.#pace.key === key ? performance.now() - began : Infinity };
    const trained = squares && this.#math.trained();
    return Array.from({ length: applied }, (_, index) => ({ applied: true, loss: loss[index]!, gradientNorm: gradientNorm[index]!, norms: trained && layerNorms(trained, squares![index]!) }));
  }

  #takeEagerly(request: StepRequest): StepResult {
    this.#pace = { key: "", milliseconds: Infinity };
    return this.#parameters.leave().step(request);
  }

  #tell(what: string, error: unknown): void {
    if (error instanceof TraceError) this.#notice(error.op, error.reason);
    else this.#notice(what, error instanceof Error ? error.message.split("\n", 1)[0]! : String(error));
  }
}

const valuesOf = (tensor: Tensor): TypedArray => tensor.dataSync();
