/**
 * Records what a tfjs function does as a TensorFlow graph, without doing it: tfjs-node's backend hands
 * every op to `binding.executeOp`; while recording, that adds a node to a graph and answers with the
 * inferred shapes. Nothing is computed, so that a recording costs milliseconds and no memory.
 *
 * Symbolic tensors have ids from -2 downwards: the backend asks nothing of the library for negative ids,
 * and an op that meets one after the recording fails ("not referenced") instead of computing nonsense.
 */
import type { Tensor, TensorInfo, Variable } from "@tensorflow/tfjs-node";
import { requireTf } from "../load";
import { gradientInProgress, liveVariables, nodeBackend } from "../backend";
import type { Binding, DataId, EagerAttribute, NodeBackend, TensorMetadata } from "../backend";
import { DataTypes } from "./builder";
import type { Attribute, GraphBuilder } from "./builder";
import { opDefinition } from "./definitions";
import { TraceError } from "./errors";
import { withSubstitutes } from "./substitutes";
import type { Output, TypedArray } from "./native";
import { Simplifier } from "./simplify";

/** A tensor from outside that the function reads. A variable's value is the one of the moment of the call. */
export type Capture = { output: Output; variable: Variable } | { output: Output; variable?: undefined; tensor: TensorInfo };

export interface Recording<T> {
  result: T;
  captures: Capture[];
  /** Variables that the function assigns, with their new values. */
  assigned: Map<Variable, Output>;
}

/** What the recorded function works with. */
export interface Tracer {
  /** A tensor that stands for an output of the graph. */
  tensor(output: Output): Tensor;
  /** The output that a tensor stands for; a tensor from outside becomes a capture. */
  output(tensor: TensorInfo): Output;
}

export type KnownVariables = (variable: Variable) => Output | undefined;

/** Captured tensors up to this size become constants: tfjs tensors never change. */
const CONSTANT_BYTES = 4096;

let active = false;
/** Never used again, so that a tensor kept from another recording is recognised. -1 means "no id yet" in tfjs-node. */
let nextId = -2;

/** Whether a function is being recorded at this moment: values cannot be read, and randomness must come from inputs. */
export function recording(): boolean {
  return active;
}

/**
 * Records `work` into `graph`.
 *
 * @param known gives variables that have an output in the graph already; the others become captures
 * @throws TraceError naming the op, where something cannot be part of a graph. `graph` then holds
 *   a half of the function and is to be thrown away.
 */
export function record<T>(graph: GraphBuilder, work: (tracer: Tracer) => T, known: KnownVariables = () => undefined): Recording<T> {
  if (active) throw new TraceError("compile", "a function is being recorded already");
  if (gradientInProgress()) throw new TraceError("compile", "a gradient outside of it is being computed");
  return new Recorder(graph, known).run(work);
}

class Recorder implements Tracer {
  private readonly backend: NodeBackend = nodeBackend();
  private readonly binding: Binding = this.backend.binding;
  /** outputs[n] is known to tfjs by the id firstId - n. */
  private readonly outputs: Output[] = [];
  private readonly firstId = nextId;
  private readonly written = new WeakSet<DataId>();
  private readonly captured = new Map<DataId, Output>();
  private readonly captures: Capture[] = [];
  private readonly simplifier: Simplifier;

  constructor(
    private readonly graph: GraphBuilder,
    private readonly known: KnownVariables,
  ) {
    this.simplifier = new Simplifier(graph);
  }

  run<T>(work: (tracer: Tracer) => T): Recording<T> {
    const tf = requireTf();
    const before = new Map(liveVariables().map((variable) => [variable, { dataId: variable.dataId, value: variable.clone() }]));
    const release = this.take();
    const assigned = new Map<Variable, Output>();
    const created: Variable[] = [];
    tf.engine().startScope();
    try {
      const result = withSubstitutes(() => work(this));
      for (const variable of liveVariables()) {
        const known = before.get(variable);
        if (!known) created.push(variable);
        else if (known.dataId !== variable.dataId) assigned.set(variable, this.output(variable));
      }
      if (created[0]) throw new TraceError(`variable ${created[0].name}`, "it is created inside; create variables (and build layers) before");
      return { result, captures: this.captures, assigned };
    } finally {
      tf.engine().endScope();
      release();
      for (const [variable, { dataId, value }] of before) {
        if (variable.dataId !== dataId) variable.assign(value);
        value.dispose();
      }
      for (const variable of created) variable.dispose();
    }
  }

  tensor(output: Output): Tensor {
    const tensor = this.backend.createOutputTensor(this.describe(output));
    // `1 - rate` with a tensor would be NaN, silently.
    const refuse = (): never => {
      throw new TraceError("JavaScript arithmetic", "an input of the graph is used like a number; use tf.mul, tf.sub, …");
    };
    return Object.defineProperty(tensor, Symbol.toPrimitive, { value: refuse });
  }

  output(tensor: TensorInfo): Output {
    return this.at(this.backend.getInputTensorIds([tensor])[0]!);
  }

  /** Puts the recorder between tfjs and the library. @returns what undoes it */
  private take(): () => void {
    const { backend, binding } = this;
    const recorderBinding = Object.create(binding) as Binding;
    const replace = (name: string, value: unknown) => Object.defineProperty(recorderBinding, name, { value });
    replace("executeOp", (type: string, attributes: EagerAttribute[], inputs: number[]) => this.execute(type, attributes, inputs));
    replace("createTensor", (shape: number[], dtype: number, values: TypedArray | Uint8Array[]) => this.create(shape, dtype, values));
    replace("deleteTensor", (id: number) => (id >= 0 ? binding.deleteTensor(id) : undefined));
    const { move, getInputTensorIds, readSync } = backend;
    const overrides: Partial<NodeBackend> = {
      binding: recorderBinding,
      move: (dataId, values, shape, dtype, refCount) => {
        this.written.add(dataId);
        move.call(backend, dataId, values, shape, dtype, refCount);
      },
      getInputTensorIds: (tensors) => tensors.map((tensor) => this.idOf(tensor, getInputTensorIds)),
      readSync: (dataId) => this.read(dataId) ?? readSync.call(backend, dataId),
    };
    Object.assign(backend, overrides);
    // Random numbers of JavaScript would be the same in every run of the graph. An accessor, because code that seeds
    // Math.random for a while assigns it.
    const random = Object.getOwnPropertyDescriptor(Math, "random")!;
    const refuse = (): never => {
      throw new TraceError("Math.random", "JavaScript would draw these random numbers once and for all; use the stateless random ops of TensorFlow");
    };
    Object.defineProperty(Math, "random", { configurable: true, get: () => refuse, set: () => undefined });
    active = true;
    return () => {
      active = false;
      Object.defineProperty(Math, "random", random);
      backend.binding = binding;
      for (const name of ["move", "getInputTensorIds", "readSync"]) delete (backend as unknown as Record<string, unknown>)[name];
    };
  }

  private idOf(tensor: TensorInfo, original: NodeBackend["getInputTensorIds"]): number {
    const entry = this.backend.tensorMap.get(tensor.dataId);
    if (!entry) return original.call(this.backend, [tensor])[0]!; // an int64 scalar, or disposed: the original says so
    if (this.written.has(tensor.dataId)) return original.call(this.backend, [tensor])[0]!;
    if (entry.values === null && entry.id < 0) return entry.id;
    return this.idFor(this.capture(tensor));
  }

  private capture(tensor: TensorInfo): Output {
    const known = this.captured.get(tensor.dataId);
    if (known !== undefined) return known;
    const dtype = this.backend.tensorMap.get(tensor.dataId)!.dtype;
    // A copy of a model shares its tensors with the first until one of them moves.
    const sharing = liveVariables().filter(({ dataId }) => dataId === tensor.dataId);
    const variable = sharing.find((each) => this.known(each) !== undefined) ?? sharing[0];
    if (dtype !== DataTypes.float32 && dtype !== DataTypes.int32 && dtype !== DataTypes.bool) {
      throw new TraceError(variable ? `variable ${variable.name}` : "tensor", `${tensor.dtype} from outside cannot enter a graph`);
    }
    let output: Output;
    const elements = tensor.shape.reduce((a, b) => a * b, 1);
    const own = variable && this.known(variable);
    if (own !== undefined) output = own;
    else if (!variable && elements * 4 <= CONSTANT_BYTES) {
      output = this.graph.constant(dtype, tensor.shape, this.eagerValues(tensor.dataId));
    } else {
      output = this.graph.placeholder(`capture_${this.captures.length}`, dtype, tensor.shape);
      this.captures.push(variable ? { output, variable } : { output, tensor });
    }
    this.captured.set(tensor.dataId, output);
    return output;
  }

  private eagerValues(dataId: DataId): TypedArray {
    const entry = this.backend.tensorMap.get(dataId)!;
    return entry.values === null ? this.binding.tensorDataSync(entry.id) : (entry.values as TypedArray);
  }

  /** What `dataSync` inside the function gives; undefined where the backend itself may answer. */
  private read(dataId: DataId): TypedArray | undefined {
    const entry = this.backend.tensorMap.get(dataId);
    if (!entry) return undefined;
    if (entry.values === null && entry.id < 0) {
      const output = this.at(entry.id);
      const values = this.graph.constantValues(output);
      if (!values) throw new TraceError(this.graph.name(output), "its value is read while the function is recorded; keep values as tensors");
      return values.slice();
    }
    const variable = liveVariables().find((each) => each.dataId === dataId);
    if (variable && !this.written.has(dataId)) throw new TraceError(`variable ${variable.name}`, "its value is read while the function is recorded; keep values as tensors");
    return this.eagerValues(dataId);
  }

  private create(shape: number[], dtype: number, values: TypedArray | Uint8Array[]): number {
    if (Array.isArray(values) || (dtype !== DataTypes.float32 && dtype !== DataTypes.int32 && dtype !== DataTypes.bool)) {
      throw new TraceError("Const", `a tensor of TensorFlow's type ${dtype} cannot be a constant of a graph`);
    }
    return this.idFor(this.graph.constant(dtype, shape, values));
  }

  private execute(type: string, attributes: readonly EagerAttribute[], inputs: readonly number[]): TensorMetadata[] {
    const outputs = inputs.map((id) => this.at(id));
    const converted = attributes.map((each) => this.attribute(type, each));
    let results: Output[];
    try {
      if (opDefinition(this.graph.native, type).stateful) throw new TraceError(type, "it keeps a state of its own between calls");
      results = this.simplifier.add(type, outputs, converted) ?? this.graph.add(type, outputs, converted);
    } catch (error) {
      if (error instanceof TraceError) throw error;
      throw new TraceError(type, error instanceof Error ? error.message : String(error));
    }
    return results.map((output) => this.describe(output));
  }

  private attribute(op: string, { name, type, value }: EagerAttribute): Attribute {
    const { TF_ATTR_STRING, TF_ATTR_INT, TF_ATTR_FLOAT, TF_ATTR_BOOL, TF_ATTR_TYPE, TF_ATTR_SHAPE } = this.binding;
    const list = Array.isArray(value);
    switch (type) {
      case TF_ATTR_TYPE:
        return { name, kind: "type", value: value as number };
      case TF_ATTR_INT:
        return list ? { name, kind: "ints", value } : { name, kind: "int", value: value as number };
      case TF_ATTR_FLOAT:
        return list ? { name, kind: "floats", value } : { name, kind: "float", value: value as number };
      case TF_ATTR_BOOL:
        return list ? { name, kind: "bools", value } : { name, kind: "bool", value: value as boolean };
      case TF_ATTR_STRING:
        return { name, kind: "string", value: value as string };
      case TF_ATTR_SHAPE:
        return { name, kind: "shape", value: value as number[] };
      default:
        throw new TraceError(op, `its attribute ${name} is of an unknown kind (${type})`);
    }
  }

  private idFor(output: Output): number {
    this.outputs.push(output);
    nextId--;
    return nextId + 1;
  }

  private at(id: number): Output {
    const output = this.outputs[this.firstId - id];
    if (output === undefined) throw new TraceError("tensor", `it was made by another recording, or is disposed (id ${id})`);
    return output;
  }

  private describe(output: Output): TensorMetadata {
    return { id: this.idFor(output), shape: [...this.graph.shape(output)], dtype: this.graph.dtype(output) };
  }
}
