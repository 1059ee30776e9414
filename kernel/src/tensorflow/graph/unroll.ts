/**
 * One or several training steps as one call of a session. The step is recorded once; for `count` steps its
 * graph is added `count` times, each copy reading the variables after the one before has written them. An update
 * happens only after its guard has seen finite numbers: what is not finite ends the call there, and neither that step nor
 * a later one changes anything.
 */
import type { Tensor } from "@tensorflow/tfjs-node";
import { attribute, DataTypes } from "./builder";
import { opOf } from "./native";
import type { Output, TypedArray } from "./native";
import type { OpTime } from "./profile";
import type { GraphSession, Plan } from "./session";
import type { Recorded, Spec, StateSession, StateTracer } from "./state";
import type { FusedUpdate } from "./updates";
import { emitUpdate } from "./updates";

export interface StepBody {
  /** Scalars that each step reports. */
  report: readonly Tensor[];
  /** New values of named state. */
  assign: ReadonlyMap<string, Tensor>;
  /** Updates in place. */
  updates: readonly FusedUpdate[];
  /** Scalars that must be finite for the step to happen. */
  guard: readonly Tensor[];
  /** State whose change is reported, after `report`: half the sum of its squares. */
  measured?: readonly string[];
}

export interface StepSpec {
  /** What each step is fed. */
  inputs: readonly Spec[];
  /** How many float32 scalars each step is fed beside them. */
  scalars: number;
  /** Called once, to be recorded. `step` is an int32 scalar. */
  body(tracer: StateTracer, inputs: readonly Tensor[], scalars: readonly Tensor[], step: Tensor): StepBody;
}

export interface StepFeed {
  /** For each input, the values of all steps one after the other. */
  inputs: readonly TypedArray[];
  /** The scalars of all steps one after the other. */
  scalars: Float32Array;
  /** The steps' numbers, int32. */
  steps: Int32Array;
}

export interface StepReport {
  /** How many of the steps were taken; less than asked for where a guard stopped the call. */
  applied: number;
  /** Of each step taken, its scalars. */
  reports: Float32Array[];
}

const GUARD = "thawbook guard";
const FLOAT = attribute.type("T", DataTypes.float32);

interface Traced {
  report: readonly Output[];
  assign: ReadonlyMap<string, Output>;
  updates: readonly (Omit<FusedUpdate, "gradient" | "scalars"> & { gradient: Output; scalars: readonly Output[] })[];
  guard: readonly Output[];
  measured: readonly string[];
}

interface Unrolled {
  plan: Plan;
  /** Reads how far a call came, and the reports so far. */
  progress: Plan;
}

/** How a graph of one step refers to what a session has. */
type Fetched = (output: Output) => Output;

export class StepProgram {
  private readonly recorded: Recorded<Traced>;
  private readonly unrolled = new Map<number, Unrolled>();
  private readonly reported: number;

  /** @throws TraceError where the body cannot become a graph */
  constructor(
    private readonly state: StateSession,
    private readonly spec: StepSpec,
    private readonly id: string,
  ) {
    const inputs: Spec[] = [...spec.inputs, { dtype: "int32", shape: [] }, ...Array.from({ length: spec.scalars }, (): Spec => ({ dtype: "float32", shape: [] }))];
    this.recorded = state.record(inputs, (tracer, tensors): Traced => {
      const given = tensors.slice(0, spec.inputs.length);
      const [step, ...scalars] = tensors.slice(spec.inputs.length);
      const body = spec.body(tracer, given, scalars, step!);
      return {
        report: body.report.map((tensor) => tracer.output(tensor)),
        assign: new Map([...body.assign].map(([name, tensor]) => [name, tracer.output(tensor)])),
        updates: body.updates.map((update) => ({ ...update, gradient: tracer.output(update.gradient), scalars: update.scalars.map((scalar) => tracer.output(scalar)) })),
        guard: body.guard.map((tensor) => tracer.output(tensor)),
        measured: body.measured ?? [],
      };
    });
    this.reported = this.recorded.result.report.length + this.recorded.result.measured.length;
  }

  /** How many scalars each step reports. */
  get width(): number {
    return this.reported;
  }

  /** State that the body assigned by itself. */
  get assigned(): string[] {
    return [...this.recorded.assigned.keys()];
  }

  /** Takes `feed.steps.length` steps in one call. */
  run(feed: StepFeed): StepReport {
    const { plan, progress } = this.unroll(feed.steps.length);
    try {
      return this.finished(feed, plan.run(values(feed)));
    } catch (error) {
      return this.stopped(error, progress);
    }
  }

  /** As `run`, on another thread. The next call must wait for this one. */
  async runAsync(feed: StepFeed): Promise<StepReport> {
    const { plan, progress } = this.unroll(feed.steps.length);
    try {
      return this.finished(feed, await plan.runAsync(values(feed)));
    } catch (error) {
      return this.stopped(error, progress);
    }
  }

  /** Takes the steps and says what took the time. */
  profile(feed: StepFeed): OpTime[] {
    return this.unroll(feed.steps.length).plan.profile(values(feed));
  }

  private finished(feed: StepFeed, [flat]: TypedArray[]): StepReport {
    return { applied: feed.steps.length, reports: cut(flat as Float32Array, this.reported, feed.steps.length) };
  }

  private stopped(error: unknown, progress: Plan): StepReport {
    if (!(error instanceof Error && error.message.includes(GUARD))) throw error;
    const [done, flat] = progress.run([]) as [Int32Array, Float32Array];
    return { applied: done[0]!, reports: cut(flat, this.reported, done[0]!) };
  }

  private unroll(count: number): Unrolled {
    const known = this.unrolled.get(count);
    if (known) return known;
    const session = this.state.open(this.recorded.work);
    const { graph } = session;
    const prefix = `${this.id}_${count}`;
    const feeds = [
      ...this.spec.inputs.map((spec, index) => graph.placeholder(`${prefix}_input_${index}`, DataTypes[spec.dtype], count === 1 ? spec.shape : [count, ...spec.shape])),
      graph.placeholder(`${prefix}_scalars`, DataTypes.float32, [count * this.spec.scalars]),
      graph.placeholder(`${prefix}_step`, DataTypes.int32, [count]),
    ];
    const inputsOf = this.spec.inputs.map((spec, index) => (count === 1 ? [feeds[index]!] : unpack(session, feeds[index]!, count, DataTypes[spec.dtype])));
    const scalars = this.spec.scalars === 0 ? [] : unpack(session, feeds.at(-2)!, count * this.spec.scalars, DataTypes.float32);
    const steps = unpack(session, feeds.at(-1)!, count, DataTypes.int32);
    const log = this.declareLog(count);
    const zero = graph.constant(DataTypes.int32, [], Int32Array.of(0));
    let before: number[] = [log.done.assign(zero, [])];
    const reports: Output[] = [];
    for (let k = 0; k < count; k++) {
      const given = [...inputsOf.map((each) => each[k]!), steps[k]!, ...scalars.slice(k * this.spec.scalars, (k + 1) * this.spec.scalars)];
      const { report, applied } = this.addStep(session, `${prefix}_${k}`, given, before);
      reports.push(report);
      const written = log.reports[k]!.assign(report, applied);
      const counted = log.done.assign(graph.constant(DataTypes.int32, [], Int32Array.of(k + 1)), [...applied, written]);
      before = [graph.operation("NoOp", [], [], { controls: [...applied, written, counted] })];
    }
    const all = graph.add("Pack", reports, [attribute.int("axis", 0), FLOAT])[0]!;
    const logged = graph.add("Pack", log.reports.map((each) => each.fetch), [attribute.int("axis", 0), FLOAT])[0]!;
    const made = { plan: session.plan(feeds, [all], before), progress: session.plan([], [log.done.fetch, logged]) };
    this.unrolled.set(count, made);
    return made;
  }

  /** One copy of the step, beginning after `before`. */
  private addStep(session: GraphSession, prefix: string, given: readonly Output[], before: readonly number[]): { report: Output; applied: number[] } {
    const { graph } = session;
    const { bytes, states, result, reference, assigned } = this.recorded;
    const touched = new Set([...states.map(({ state }) => state), ...result.assign.keys(), ...assigned.keys(), ...result.updates.flatMap(({ variable, slots }) => [variable, ...slots])]);
    const reads = new Map([...touched].map((name) => [name, this.state.variable(name).read(before)]));
    const mapped = new Map<string, Output>(this.recorded.inputs.map(({ name, index }) => [name, given[index]!]));
    for (const { name, state } of states) mapped.set(name, reads.get(state)!);
    const wanted = [...new Set([...result.report, ...result.assign.values(), ...assigned.values(), ...result.guard, ...result.updates.flatMap(({ gradient, scalars }) => [gradient, ...scalars])])];
    const imported = graph.import(bytes, prefix, mapped, wanted.map(reference));
    const found = new Map(wanted.map((output, index) => [output, imported[index]!]));
    const at: Fetched = (output) => found.get(output)!;
    const guard = result.guard.length === 0 ? [] : [guardOp(session, result.guard.map(at), prefix)];
    // Nothing is written before all has been read: two reads of one variable in a step see the same value.
    const controls = [...guard, ...[...reads.values()].map((read) => opOf(read))];
    const applied = new Map([...result.assign, ...assigned].map(([name, output]) => [name, this.state.variable(name).assign(at(output), controls)]));
    for (const { scalars, gradient, ...update } of result.updates) {
      const variable = this.state.variable(update.variable);
      applied.set(update.variable, emitUpdate(graph, update, { variable, read: reads.get(update.variable)!, slots: update.slots.map((name) => this.state.variable(name)), gradient: at(gradient), scalars: scalars.map(at) }, controls));
    }
    const changes = result.measured.map((name) => {
      const after = this.state.variable(name).read([applied.get(name)!]);
      return graph.add("L2Loss", graph.add("Sub", [after, reads.get(name)!], [FLOAT]), [FLOAT])[0]!;
    });
    const report = graph.add("Pack", [...result.report.map(at), ...changes], [attribute.int("axis", 0), FLOAT])[0]!;
    return { report, applied: [...applied.values(), ...guard, ...changes.map(opOf)] };
  }

  /** How far a call came: what tells of the steps before one that was not finite. */
  private declareLog(count: number) {
    const width = this.reported;
    const done = `log ${width} done`;
    const reports = Array.from({ length: count }, (_, k) => `log ${width} report ${k}`);
    if (!this.state.has(done)) this.state.declare(done, { dtype: "int32", shape: [] });
    for (const name of reports) if (!this.state.has(name)) this.state.declare(name, { dtype: "float32", shape: [width] });
    return { done: this.state.variable(done), reports: reports.map((name) => this.state.variable(name)) };
  }
}

function guardOp({ graph }: GraphSession, scalars: readonly Output[], name: string): number {
  const together = scalars.length === 1 ? scalars[0]! : graph.add("Pack", scalars, [attribute.int("axis", 0), FLOAT])[0]!;
  return graph.operation("CheckNumerics", [together], [FLOAT, attribute.string("message", GUARD)], { name: `${name}_guard` });
}

function unpack({ graph }: GraphSession, packed: Output, count: number, dtype: number): Output[] {
  return graph.add("Unpack", [packed], [attribute.int("num", count), attribute.int("axis", 0), attribute.type("T", dtype)]);
}

const values = (feed: StepFeed): TypedArray[] => [...feed.inputs, feed.scalars, feed.steps];

function cut(flat: Float32Array, width: number, count: number): Float32Array[] {
  return Array.from({ length: count }, (_, index) => flat.slice(index * width, (index + 1) * width));
}

