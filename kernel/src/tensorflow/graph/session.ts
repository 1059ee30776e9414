/** A session of our own: it owns resource variables, and every graph that is added to it works on them. */
import { lowPriorityThreads } from "../load";
import { attribute, DataTypes, GraphBuilder } from "./builder";
import { sessionConfig } from "./config";
import type { SessionConfig } from "./config";
import { requireGraphAddon } from "./native";
import { opTimes } from "./profile";
import type { OpTime } from "./profile";
import type { NativePlan, NativeSession, Output, TypedArray } from "./native";

/** A call that is resolved once and run often. */
export interface Plan {
  /** @param values one for each feed, in its order; @returns one for each fetch */
  run(values: readonly TypedArray[]): TypedArray[];
  /** As `run`, on another thread: the event loop goes on meanwhile. */
  runAsync(values: readonly TypedArray[]): Promise<TypedArray[]>;
  /** Runs it once and says what took the time. */
  profile(values: readonly TypedArray[]): OpTime[];
}

export class GraphSession {
  readonly graph = new GraphBuilder();
  private native: NativeSession | undefined;
  private ended = false;

  /** @param config asked for when the first plan is made: by then the graph tells how much work it is */
  constructor(private readonly config: () => SessionConfig) {}

  /** @param targets ops run for their effect */
  plan(feeds: readonly Output[], fetches: readonly Output[], targets: readonly number[] = []): Plan {
    const addon = requireGraphAddon();
    if (this.ended) throw new Error("the session is closed");
    this.native ??= lowPriorityThreads(() => addon.createSession(this.graph.native, sessionConfig(this.config())));
    const plan: NativePlan = addon.preparePlan(this.native, feeds, fetches, targets);
    return { run: (values) => addon.runPlan(plan, values), runAsync: (values) => addon.runPlanAsync(plan, values), profile: (values) => opTimes(addon.profilePlan(plan, values)) };
  }

  get closed(): boolean {
    return this.ended;
  }

  /** Frees the graphs and variables; a run in flight on another thread ends first. */
  close(): void {
    if (this.native) requireGraphAddon().closeSession(this.native);
    this.native = undefined;
    this.ended = true;
  }
}

/** A tensor that lives in a session, between runs. */
export class StateVariable {
  private readonly handle: Output;
  private readonly value: Output;
  private readonly readOp: Output;
  private readonly assignOp: number;

  constructor(
    private readonly session: GraphSession,
    readonly name: string,
    readonly dtype: number,
    readonly shape: readonly number[],
    serial: number,
  ) {
    const { graph } = session;
    const id = `variable_${serial}`;
    this.handle = graph.add("VarHandleOp", [], [attribute.type("dtype", dtype), attribute.shape("shape", shape), attribute.string("shared_name", id)], { name: id })[0]!;
    this.value = graph.placeholder(`${id}_value`, dtype, shape);
    this.assignOp = this.assign(this.value, []);
    this.readOp = this.read([]);
  }

  /** Adds an op that reads the variable once `controls` have run. */
  read(controls: readonly number[]): Output {
    return this.session.graph.add("ReadVariableOp", [this.handle], [attribute.type("dtype", this.dtype)], { controls })[0]!;
  }

  /** Adds an op that sets the variable. @returns the op */
  assign(value: Output, controls: readonly number[]): number {
    return this.session.graph.operation("AssignVariableOp", [this.handle, value], [attribute.type("dtype", this.dtype)], { controls });
  }

  /** The resource, for ops that update in place. */
  get resource(): Output {
    return this.handle;
  }

  /** The op that plans fetch to read the value as it is. */
  get fetch(): Output {
    return this.readOp;
  }

  /** What a plan feeds and runs to set the variable from outside. */
  get setter(): { feed: Output; target: number } {
    return { feed: this.value, target: this.assignOp };
  }
}

/** Adds an op that sets a variable to zeros, without a copy of them in JavaScript. */
export function zeroInitializer({ graph }: GraphSession, variable: StateVariable): number {
  const { dtype } = variable;
  const shape = graph.constant(DataTypes.int32, [variable.shape.length], Int32Array.from(variable.shape));
  const zero = graph.constant(dtype, [], dtype === DataTypes.float32 ? Float32Array.of(0) : dtype === DataTypes.int32 ? Int32Array.of(0) : Uint8Array.of(0));
  const zeros = graph.add("Fill", [shape, zero], [attribute.type("T", dtype), attribute.type("index_type", DataTypes.int32)])[0]!;
  return variable.assign(zeros, []);
}
