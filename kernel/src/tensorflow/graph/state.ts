/** Named tensors that live in one session, and the graphs that read and change them. */
import type { Tensor, Variable } from "@tensorflow/tfjs-node";
import { nodeBackend } from "../backend";
import { attribute, DataTypes, GraphBuilder } from "./builder";
import { threadsFor } from "./config";
import { TraceError } from "./errors";
import type { Output, TypedArray } from "./native";
import { GraphSession, StateVariable, zeroInitializer } from "./session";
import type { Plan } from "./session";
import { record } from "./trace";
import type { Tracer } from "./trace";

/** The type and shape of a tensor that is fed. */
export interface Spec {
  dtype: "float32" | "int32" | "bool";
  shape: readonly number[];
}

export interface StateOptions {
  /**
   * Threads within one op. "auto": one for a small graph, where threads cost more than they bring,
   * all cores for a larger one; decided by the first graph.
   */
  threads?: number | "auto";
}

/** A graph on its own, as it was recorded, before it joins a session. */
export interface Recorded<T> {
  bytes: Uint8Array;
  result: T;
  /** Placeholder -> what it stands for. */
  inputs: { name: string; index: number }[];
  states: { name: string; state: string }[];
  reference(output: Output): string;
  assigned: Map<string, Output>;
  work: number;
}

/** What a recorded function may ask of the state. */
export interface StateTracer extends Tracer {
  /** The value of a named tensor when the graph begins. */
  state(name: string): Tensor;
}

interface Declared {
  spec: Spec;
  /** null: zeros. */
  initial: TypedArray | null;
  variable?: Variable | undefined;
}

export class StateSession {
  private readonly declared = new Map<string, Declared>();
  private readonly variables = new Map<string, StateVariable>();
  private readonly transfers = new Map<string, Plan>();
  /** Declared, but not yet in the session: they come into it together, in one run. */
  private readonly waiting = new Set<string>();
  private session: GraphSession | undefined;
  private serial = 0;
  private closed = false;

  constructor(private readonly options: StateOptions = {}) {}

  /**
   * Adds a named tensor. Where it mirrors a tfjs variable, graphs that read the variable read the
   * session's value instead.
   *
   * @param initial its first value, not to be written afterwards; zeros unless given
   */
  declare(name: string, spec: Spec, initial: TypedArray | null = null, variable?: Variable): void {
    if (this.declared.has(name)) throw new Error(`"${name}" is declared already`);
    this.declared.set(name, { spec, initial, variable });
    if (this.session) this.waiting.add(name);
  }

  has(name: string): boolean {
    return this.declared.has(name);
  }

  get names(): string[] {
    return [...this.declared.keys()];
  }

  /** The values of named tensors, in one run. */
  read(names: readonly string[] = this.names): Map<string, TypedArray> {
    if (names.length === 0) return new Map();
    if (!this.session) return new Map(names.map((name) => [name, this.initialOf(name)]));
    const fetches = names.map((name) => this.variable(name).fetch);
    const plan = this.remembered(`read ${names.join("\0")}`, (session) => session.plan([], fetches));
    const values = plan.run([]);
    return new Map(names.map((name, index) => [name, values[index]!]));
  }

  /** Of each of these, every `stride`th element from the first: a look at what would take long to read. */
  readEvery(parts: readonly { name: string; stride: number }[]): TypedArray[] {
    if (!this.session) return parts.map(({ name, stride }) => this.initialOf(name).filter((_: unknown, index: number) => index % stride === 0));
    const plan = this.remembered(`every ${parts.map(({ name, stride }) => `${name} ${stride}`).join("\0")}`, (session) => {
      const { graph } = session;
      const list = (...values: number[]) => graph.constant(DataTypes.int32, [values.length], Int32Array.from(values));
      return session.plan([], parts.map(({ name, stride }) => {
        const { dtype, shape, fetch } = this.variable(name);
        const size = shape.reduce((a, b) => a * b, 1);
        const flat = graph.add("Reshape", [fetch, list(size)], [attribute.type("T", dtype), attribute.type("Tshape", DataTypes.int32)])[0]!;
        return graph.add("StridedSlice", [flat, list(0), list(size), list(stride)], [attribute.type("T", dtype), attribute.type("Index", DataTypes.int32)])[0]!;
      }));
    });
    return plan.run([]);
  }

  /** Sets named tensors. */
  write(values: ReadonlyMap<string, TypedArray>): void {
    if (values.size === 0) return;
    const names = [...values.keys()];
    for (const name of names) this.declaration(name);
    if (!this.session) {
      for (const [name, value] of values) this.declaration(name).initial = value.slice();
      return;
    }
    const setters = names.map((name) => this.variable(name).setter);
    const plan = this.remembered(`write ${names.join("\0")}`, (session) => session.plan(setters.map(({ feed }) => feed), [], setters.map(({ target }) => target)));
    plan.run([...values.values()]);
  }

  /**
   * Records a function into a graph of its own.
   *
   * @throws TraceError where it cannot become a graph
   */
  record<T>(inputs: readonly Spec[], body: (tracer: StateTracer, inputs: Tensor[]) => T): Recorded<T> {
    this.refuseClosed();
    const scratch = new GraphBuilder();
    const placeholders = inputs.map((spec, index) => scratch.placeholder(`input_${index}`, DataTypes[spec.dtype], spec.shape));
    const states = new Map<string, Output>();
    const stateOutput = (name: string): Output => {
      const known = states.get(name);
      if (known !== undefined) return known;
      const { spec } = this.declaration(name);
      const output = scratch.placeholder(`state_${states.size}`, DataTypes[spec.dtype], spec.shape);
      states.set(name, output);
      return output;
    };
    const variables = new Map([...this.declared].flatMap(([name, { variable }]) => (variable ? [[variable, name] as const] : [])));
    const { result, captures, assigned } = record(scratch, (tracer) => {
      const stateTracer: StateTracer = { tensor: (output) => tracer.tensor(output), output: (tensor) => tracer.output(tensor), state: (name) => tracer.tensor(stateOutput(name)) };
      return body(stateTracer, placeholders.map((output) => tracer.tensor(output)));
    }, (variable) => {
      const name = variables.get(variable);
      return name === undefined ? undefined : stateOutput(name);
    });
    for (const capture of captures) {
      // What is not declared is a tensor too large for a constant: it becomes state that nobody writes.
      if (capture.variable) throw new TraceError(`variable ${capture.variable.name}`, "it is read, but not part of the session's state");
      const name = `captured ${this.serial++}`;
      const dtype = scratch.dtype(capture.output);
      const spec: Spec = { dtype: dtype === DataTypes.float32 ? "float32" : dtype === DataTypes.int32 ? "int32" : "bool", shape: capture.tensor.shape };
      this.declare(name, spec, nodeBackend().readSync(capture.tensor.dataId));
      states.set(name, capture.output);
    }
    const named = new Map<string, Output>();
    for (const [variable, output] of assigned) {
      const name = variables.get(variable);
      if (name === undefined) throw new TraceError(`variable ${variable.name}`, "it is assigned, but not part of the session's state");
      named.set(name, output);
    }
    return {
      bytes: scratch.serialize(),
      result,
      inputs: placeholders.map((_, index) => ({ name: `input_${index}`, index })),
      states: [...states].map(([state, output]) => ({ name: scratch.name(output), state })),
      reference: (output) => scratch.reference(output),
      assigned: named,
      work: scratch.work,
    };
  }

  /** The session, begun when the first graph tells how many threads it wants. */
  open(work: number): GraphSession {
    this.refuseClosed();
    if (!this.session) {
      const { threads = "auto" } = this.options;
      this.session = new GraphSession(() => ({ threads: threadsFor(threads, work) }));
      for (const name of this.declared.keys()) this.waiting.add(name);
    }
    return this.session;
  }

  variable(name: string): StateVariable {
    this.declaration(name);
    this.createWaiting();
    return this.variables.get(name)!;
  }

  /** Throws the graphs away and keeps the values: a graph of TensorFlow only grows. */
  restart(): void {
    if (!this.session) return;
    const values = this.read();
    for (const [name, declared] of this.declared) declared.initial = values.get(name)!;
    this.session.close();
    this.session = undefined;
    this.variables.clear();
    this.transfers.clear();
  }

  /** Frees the graphs and the values. */
  dispose(): void {
    this.session?.close();
    this.session = undefined;
    this.variables.clear();
    this.transfers.clear();
    this.declared.clear();
    this.closed = true;
  }

  /** Plans of the last few combinations of names. */
  private remembered(key: string, make: (session: GraphSession) => Plan): Plan {
    const plan = this.transfers.get(key) ?? make(this.session!);
    this.transfers.delete(key);
    this.transfers.set(key, plan);
    if (this.transfers.size > 16) this.transfers.delete(this.transfers.keys().next().value!);
    return plan;
  }

  private createWaiting(): void {
    if (this.waiting.size === 0 || !this.session) return;
    const names = [...this.waiting];
    this.waiting.clear();
    const feeds: Output[] = [];
    const values: TypedArray[] = [];
    const targets: number[] = [];
    for (const name of names) {
      const declared = this.declaration(name);
      const { spec, initial } = declared;
      const variable = new StateVariable(this.session, name, DataTypes[spec.dtype], spec.shape, this.serial++);
      this.variables.set(name, variable);
      if (initial) {
        feeds.push(variable.setter.feed);
        values.push(initial);
        targets.push(variable.setter.target);
      } else targets.push(zeroInitializer(this.session, variable));
      declared.initial = null;
    }
    this.session.plan(feeds, [], targets).run(values);
  }

  private initialOf(name: string): TypedArray {
    const { spec, initial } = this.declaration(name);
    if (initial) return initial.slice();
    const size = spec.shape.reduce((a, b) => a * b, 1);
    return spec.dtype === "float32" ? new Float32Array(size) : spec.dtype === "int32" ? new Int32Array(size) : new Uint8Array(size);
  }

  private declaration(name: string): Declared {
    this.refuseClosed();
    const declared = this.declared.get(name);
    if (!declared) throw new Error(`"${name}" is not part of the session's state`);
    return declared;
  }

  private refuseClosed(): void {
    if (this.closed) throw new Error("the session is disposed");
  }
}
