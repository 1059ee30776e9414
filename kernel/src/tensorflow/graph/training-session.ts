import type { Scalar, Tensor, Variable } from "@tensorflow/tfjs-node";
import { l2Loss } from "../ops";
import { requireTf } from "../load";
import { TraceError } from "./errors";
import { clipped, isBounded, UpdateGate } from "./gate";
import { StateFunction } from "./function";
import type { Values } from "./function";
import { Mirror } from "./mirror";
import type { TypedArray } from "./native";
import type { OpTime } from "./profile";
import { StateSession } from "./state";
import type { Spec, StateOptions, StateTracer } from "./state";
import { StepProgram } from "./unroll";
import type { StepBody, StepReport } from "./unroll";
import { fusedScalars } from "./updates";
import type { FusedRule, FusedUpdate } from "./updates";
import type { GraphOptimizer, StepsFeed, StepsTaken, TrainedWeight, TrainingState, TrainingStep } from "./training.types";

/** Graphs in one session; beyond this it is begun anew, since a graph of TensorFlow only grows. */
const MOST_GRAPHS = 24;

/**
 * Trains in a session of its own: weights and slots stay there, and only batches go in and losses come out. The variables
 * fetch their values from there when they are read, and what is assigned to them goes there before the next call.
 *
 * @example
 * const session = new TrainingSession([{ name: "dense/kernel", variable }], adam());
 * session.step("all", () => step, { inputs: [x, y], steps: [0], learningRates: [1e-3] });
 * variable.dataSync(); // as it is after the step
 */
export class TrainingSession {
  private readonly state: StateSession;
  private readonly programs = new Map<string, StepProgram>();
  private readonly functions = new Map<string, StateFunction>();
  private readonly counts = new Map<string, number>();
  private readonly trained = new Map<string, readonly TrainedWeight[]>();
  private readonly variables: ReadonlyMap<string, Variable>;
  private readonly names: ReadonlyMap<Variable, string>;
  private readonly mirror: Mirror;
  /** The optimizer's op, where what it makes can be told from norms before it writes. */
  private readonly fused: FusedRule | undefined;
  /** What each program writes: weights and moving averages. */
  private readonly written = new Map<StepProgram, readonly string[]>();
  private serial = 0;

  /** @param weights all variables that steps and evaluations read: frozen ones and moving averages too */
  constructor(
    weights: readonly { name: string; variable: Variable }[],
    private readonly optimizer: GraphOptimizer,
    options: StateOptions = {},
  ) {
    this.state = new StateSession(options);
    this.fused = optimizer.fused && isBounded(optimizer.fused) ? optimizer.fused : undefined;
    this.variables = new Map(weights.map(({ name, variable }) => [name, variable]));
    this.names = new Map(weights.map(({ name, variable }) => [variable, name]));
    for (const { name, variable } of weights) this.state.declare(name, specOf(variable), variable.dataSync() as TypedArray, variable);
    this.mirror = new Mirror(this.variables, (names) => this.state.read(names));
  }

  /**
   * Takes the steps of `feed` in one call. `define` is called when `key` is new, or when how often the weights were
   * updated has come apart (a weight thawed later); the key must name all that the step depends on beside its inputs: what
   * trains, rates, modes, the shapes.
   *
   * @throws TraceError where the step cannot become a graph: take it eagerly then
   */
  step(key: string, define: () => TrainingStep, feed: StepsFeed): StepsTaken {
    this.takeOver();
    const { program, trained } = this.program(key, define);
    return this.taken(program, trained, program.run(this.feed(trained, feed)));
  }

  /** As `step`, on another thread: the event loop goes on. Await it before the next call. */
  async stepAsync(key: string, define: () => TrainingStep, feed: StepsFeed): Promise<StepsTaken> {
    this.takeOver();
    const { program, trained } = this.program(key, define);
    return this.taken(program, trained, await program.runAsync(this.feed(trained, feed)));
  }

  /** Takes the steps as `step` does, for a look at what takes the time. */
  profile(key: string, define: () => TrainingStep, feed: StepsFeed): OpTime[] {
    this.takeOver();
    const { program, trained } = this.program(key, define);
    const times = program.profile(this.feed(trained, feed));
    this.taken(program, trained, { applied: feed.steps.length, reports: [] });
    return times;
  }

  /** A function of tensors that reads the weights: an evaluation, gradients, activations. Recorded once a key. */
  call(key: string, inputs: readonly Spec[], body: (inputs: Tensor[]) => readonly Tensor[], values: readonly TypedArray[]): Values[] {
    this.takeOver();
    let known = this.functions.get(key);
    if (!known) {
      this.makeRoom();
      this.pull();
      known = new StateFunction(this.state, inputs, `function_${this.serial++}`, (_tracer, tensors) => body(tensors));
      this.functions.set(key, known);
    }
    return known.run(values);
  }

  /** Fetches all that the variables have not fetched yet, in one go. Reading them does so too, one by one, and so does recording. */
  pull(): void {
    this.mirror.settle();
  }

  /** Of each of these weights every `stride`th element, without fetching them. */
  every(parts: readonly { name: string; stride: number }[]): TypedArray[] {
    this.takeOver();
    return this.state.readEvery(parts);
  }

  /** A copy of slots and weights, or of some weights. */
  capture(weights: readonly string[] = [...this.variables.keys()]): TrainingState {
    this.takeOver();
    const { slots } = this.optimizer;
    const slotNames = [...this.counts.keys()].flatMap((name) => slots.map((slot) => slotName(name, slot)));
    const values = this.state.read([...weights, ...slotNames]);
    return {
      weights: new Map(weights.map((name) => [name, values.get(name)!])),
      slots: new Map([...this.counts].map(([name, count]) => [name, { values: slots.map((slot) => values.get(slotName(name, slot))!), count }])),
    };
  }

  /** Puts weights and slots back, to the bit. */
  restore({ weights, slots }: TrainingState): void {
    const values = new Map(weights);
    for (const name of this.counts.keys()) if (!slots.has(name)) this.forget(name, values);
    for (const [name, { values: given, count }] of slots) {
      this.ensureSlots(name);
      this.optimizer.slots.forEach((slot, index) => values.set(slotName(name, slot), given[index]!));
      this.counts.set(name, count);
    }
    this.state.write(values);
    this.mirror.changed(weights.keys());
  }

  /** Frees the session. The model keeps its values. */
  dispose(): void {
    this.pull();
    this.state.dispose();
    this.programs.clear();
    this.written.clear();
    this.functions.clear();
  }

  /** Brings what somebody else has assigned to the variables into the session. */
  private takeOver(): void {
    const names = this.mirror.assigned();
    if (names.length === 0) return;
    this.state.write(new Map(names.map((name) => [name, this.variables.get(name)!.dataSync() as TypedArray])));
    this.mirror.accept(names);
  }

  private program(key: string, define: () => TrainingStep): { program: StepProgram; trained: readonly TrainedWeight[] } {
    let trained = this.trained.get(key);
    let made = trained && this.programs.get(this.fullKey(key, trained));
    if (!made) {
      this.makeRoom();
      this.pull();
      const step = define();
      trained = step.trained;
      for (const { name } of trained) {
        if (!this.variables.has(name)) throw new Error(`"${name}" is not a weight of this session`);
        this.ensureSlots(name);
      }
      made = this.record(step);
      this.trained.set(key, trained);
      this.programs.set(this.fullKey(key, trained), made);
    }
    return { program: made, trained: trained! };
  }

  /** Weights that share their scalars share them in the graph; which ones do is part of it. */
  private fullKey(key: string, trained: readonly TrainedWeight[]): string {
    return `${key}|${this.groups(trained).of.join()}`;
  }

  private groups(trained: readonly TrainedWeight[]): { of: number[]; first: TrainedWeight[] } {
    const known = new Map<string, number>();
    const first: TrainedWeight[] = [];
    const of = trained.map((weight) => {
      const key = `${this.counts.get(weight.name) ?? 0}/${weight.rate}/${weight.decay}/${weight.constrain !== undefined}`;
      if (!known.has(key)) {
        known.set(key, first.length);
        first.push(weight);
      }
      return known.get(key)!;
    });
    return { of, first };
  }

  private record(step: TrainingStep): StepProgram {
    const { of, first } = this.groups(step.trained);
    const widths = first.map((weight) => this.scalarsOf(weight, 1, 0).length);
    const ends = widths.map((_, index) => widths.slice(0, index + 1).reduce((a, b) => a + b, 0));
    const averages: string[] = [];
    const program = new StepProgram(this.state, {
      inputs: step.inputs,
      scalars: ends.at(-1)!,
      body: (tracer, inputs, scalars, count) => {
        const { loss, gradients, statistics = new Map<Variable, Tensor>() } = step.gradients(inputs, count as Scalar);
        const { norm, scaled, halves } = clipped(gradients, step.clipNorm);
        const assign = new Map<string, Tensor>();
        const updates: FusedUpdate[] = [];
        const weights = step.trained.map(({ name }) => l2Loss(this.variables.get(name)!));
        const gate = new UpdateGate(this.fused);
        step.trained.forEach((weight, index) => {
          const end = ends[of[index]!]!;
          const own = scalars.slice(end - widths[of[index]!]!, end);
          const moved = this.update(tracer, weight, scaled[index]!, own, assign, updates);
          if (moved) gate.computed(moved);
          else gate.inPlace(of[index]!, own, { weight: weights[index]!, gradient: scaled[index]!, slots: this.optimizer.slots.map((slot) => () => tracer.state(slotName(weight.name, slot))) });
        });
        for (const [variable, value] of statistics) {
          const name = this.names.get(variable);
          if (name === undefined) throw new TraceError(`variable ${variable.name}`, "it is a moving average that the session does not know");
          assign.set(name, value);
          averages.push(name);
        }
        const report = [loss, norm];
        const guard = [...report, ...gate.scalars()];
        if (!step.measure) return { report, assign, updates, guard } satisfies StepBody;
        return { report: [...report, ...halves, ...weights], assign, updates, guard, measured: step.trained.map(({ name }) => name) } satisfies StepBody;
      },
    }, `step_${this.serial++}`);
    this.written.set(program, [...step.trained.map(({ name }) => name), ...averages, ...program.assigned]);
    return program;
  }

  /** @returns the new weight, unless an op writes it in place */
  private update(tracer: StateTracer, { name, decay, constrain }: TrainedWeight, gradient: Tensor, scalars: readonly Tensor[], assign: Map<string, Tensor>, updates: FusedUpdate[]): Tensor | undefined {
    const tf = requireTf();
    const { optimizer } = this;
    const slots = optimizer.slots.map((slot) => slotName(name, slot));
    if (this.fused && !constrain) {
      updates.push({ rule: this.fused, variable: name, decays: decay > 0, slots, gradient, scalars });
      return undefined;
    }
    const weight = this.variables.get(name)!;
    const [keep, ...rest] = scalars;
    const given = Object.fromEntries(Object.keys(optimizer.scalars(1, 0)).map((key, index) => [key, rest[index]!])) as unknown as Record<string, number>;
    const result = optimizer.update(gradient, slots.map((slot) => tracer.state(slot)), given, weight);
    const moved = tf.sub(decay > 0 ? tf.mul(weight, keep!) : weight, result.step);
    const made = constrain ? constrain(moved) : moved;
    assign.set(name, made);
    slots.forEach((slot, index) => assign.set(slot, result.slots[index]!));
    return made;
  }

  private scalarsOf({ rate, decay, constrain }: TrainedWeight, count: number, learningRate: number): number[] {
    const own = learningRate * rate;
    const keep = 1 - own * decay;
    const { fused } = this;
    return fused && !constrain ? fusedScalars(fused, count, own, keep) : [keep, ...Object.values(this.optimizer.scalars(count, own))];
  }

  private feed(trained: readonly TrainedWeight[], { inputs, steps, learningRates }: StepsFeed) {
    if (steps.length === 0 || steps.length !== learningRates.length) throw new Error(`${steps.length} steps and ${learningRates.length} learning rates: give one of each for every step, at least one`);
    const { first } = this.groups(trained);
    const scalars = learningRates.flatMap((learningRate, index) => first.flatMap((weight) => this.scalarsOf(weight, (this.counts.get(weight.name) ?? 0) + index + 1, learningRate)));
    return { inputs, scalars: Float32Array.from(scalars), steps: Int32Array.from(steps) };
  }

  private taken(program: StepProgram, trained: readonly TrainedWeight[], { applied, reports }: StepReport): StepsTaken {
    for (const { name } of trained) this.counts.set(name, (this.counts.get(name) ?? 0) + applied);
    // What is frozen stays the model's own tensor.
    if (applied > 0) this.mirror.changed(this.written.get(program)!);
    const made: StepsTaken = { applied, loss: reports.map(([loss]) => loss!), gradientNorm: reports.map(([, norm]) => norm!) };
    const count = trained.length;
    if (program.width === 2) return made;
    return { ...made, squares: reports.map((report) => ({ gradient: report.subarray(2, 2 + count), weight: report.subarray(2 + count, 2 + 2 * count), update: report.subarray(2 + 2 * count) })) };
  }

  private ensureSlots(name: string): void {
    const spec = specOf(this.variables.get(name)!);
    for (const slot of this.optimizer.slots) if (!this.state.has(slotName(name, slot))) this.state.declare(slotName(name, slot), { ...spec, shape: this.slotShape(name, slot) });
  }

  private slotShape(name: string, slot: string): readonly number[] {
    const { shape } = this.variables.get(name)!;
    return this.optimizer.slotShape?.(slot, shape) ?? shape;
  }

  /** A weight that had not been trained yet where a state was captured begins again from zeros. */
  private forget(name: string, values: Map<string, TypedArray>): void {
    for (const slot of this.optimizer.slots) values.set(slotName(name, slot), new Float32Array(this.slotShape(name, slot).reduce((product, n) => product * n, 1)));
    this.counts.delete(name);
  }

  private makeRoom(): void {
    if (this.programs.size + this.functions.size < MOST_GRAPHS) return;
    this.state.restart();
    this.programs.clear();
    this.written.clear();
    this.functions.clear();
  }
}

const slotName = (weight: string, slot: string) => `${weight}:${slot}`;

function specOf({ dtype, shape, name }: Variable): Spec {
  if (dtype !== "float32" && dtype !== "int32" && dtype !== "bool") throw new TraceError(`variable ${name}`, `a variable of type ${dtype} cannot live in a session`);
  return { dtype, shape };
}
