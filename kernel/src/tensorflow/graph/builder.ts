import { opDefinition, groupInputs } from "./definitions";
import { TraceError } from "./errors";
import { opOf, outputOf, indexOf, requireGraphAddon } from "./native";
import type { NativeAttribute, NativeGraph, NativeOutput, Output, TypedArray } from "./native";

/** TensorFlow's numbers for the types that tfjs has. */
export const DataTypes = { float32: 1, int32: 3, string: 7, complex64: 8, bool: 10 } as const;
export type DataTypeName = keyof typeof DataTypes;

export type Attribute = NativeAttribute;
export const attribute = {
  type: (name: string, value: number): Attribute => ({ name, kind: "type", value }),
  int: (name: string, value: number): Attribute => ({ name, kind: "int", value }),
  bool: (name: string, value: boolean): Attribute => ({ name, kind: "bool", value }),
  string: (name: string, value: string): Attribute => ({ name, kind: "string", value }),
  shape: (name: string, value: readonly number[]): Attribute => ({ name, kind: "shape", value }),
};

/** Constants up to this size are shared between their uses: shapes, axes, scalars. */
const SHARED_BYTES = 64;

export interface AddOptions {
  /** Must be new in the graph; made up unless given. */
  name?: string;
  /** Ops that must have run before. */
  controls?: readonly number[];
}

/** A TensorFlow graph under construction; shapes are known as soon as an op is added. */
export class GraphBuilder {
  readonly native: NativeGraph;
  /** Multiply-adds of the products and convolutions so far: an estimate of the work of one run. */
  work = 0;
  private count = 0;
  private readonly described: NativeOutput[][] = [];
  private readonly names: string[] = [];
  private readonly constants = new Map<string, Output>();
  private readonly contents = new Map<Output, TypedArray>();

  constructor() {
    this.native = requireGraphAddon().createGraph();
  }

  /** How many ops were added one by one. */
  get size(): number {
    return this.count;
  }

  /**
   * Adds an op and returns its outputs.
   *
   * @param inputs flat, as an eager call takes them
   * @throws Error with TensorFlow's message where op, inputs and attributes do not fit
   */
  add(type: string, inputs: readonly Output[] = [], attributes: readonly Attribute[] = [], options: AddOptions = {}): Output[] {
    const { op, outputs } = this.addOp(type, inputs, attributes, options);
    return Array.from({ length: outputs }, (_, index) => outputOf(op, index));
  }

  private addOp(type: string, inputs: readonly Output[], attributes: readonly Attribute[], { name, controls = [] }: AddOptions): { op: number; outputs: number } {
    const addon = requireGraphAddon();
    const definition = opDefinition(this.native, type);
    // An eager call may give attributes that belong to no definition; a graph takes the defined ones.
    const given = attributes.filter(({ name: each }) => definition.attributes.has(each));
    const grouped = groupInputs(definition, inputs, (attributeName) => {
      const found = given.find((each) => each.name === attributeName);
      return typeof found?.value === "number" ? found.value : Array.isArray(found?.value) ? found.value.length : undefined;
    });
    // The lengths and types of lists follow from the inputs, and would be given twice.
    const counts = new Set(definition.inputs.flatMap((argument) => (argument.kind === "one" ? [] : [argument.attribute])));
    const opName = name ?? `${type}_${this.count}`;
    const { op, outputs } = addon.addOp(this.native, type, opName, grouped, controls, given.filter(({ name: each }) => !counts.has(each)));
    this.count++;
    this.described[op] = outputs;
    this.names[op] = opName;
    this.work += multiplyAdds(type, inputs.map((input) => this.described[opOf(input)]?.[indexOf(input)]?.shape ?? []), outputs[0]?.shape ?? [], given);
    return { op, outputs: outputs.length };
  }

  /** Adds an op that is run for its effect. @returns its number, as `controls` takes it */
  operation(type: string, inputs: readonly Output[] = [], attributes: readonly Attribute[] = [], options: AddOptions = {}): number {
    return this.addOp(type, inputs, attributes, options).op;
  }

  placeholder(name: string, dtype: number, shape: readonly number[]): Output {
    return this.add("Placeholder", [], [attribute.type("dtype", dtype), attribute.shape("shape", shape)], { name })[0]!;
  }

  constant(dtype: number, shape: readonly number[], values: TypedArray): Output {
    const key = values.byteLength <= SHARED_BYTES ? `${dtype}[${shape.join()}]${Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("latin1")}` : undefined;
    const shared = key === undefined ? undefined : this.constants.get(key);
    if (shared !== undefined) return shared;
    const output = this.add("Const", [], [attribute.type("dtype", dtype), { name: "value", kind: "tensor", value: { dtype, shape, values } }])[0]!;
    if (key !== undefined) this.constants.set(key, output);
    this.contents.set(output, values.slice());
    return output;
  }

  /** The values of a constant, or undefined for everything else. */
  constantValues(output: Output): TypedArray | undefined {
    return this.contents.get(output);
  }

  /** Adds a serialized graph; see NativeAddon.importGraph. */
  import(bytes: Uint8Array, prefix: string, mapped: ReadonlyMap<string, Output>, returns: readonly string[]): Output[] {
    const outputs = requireGraphAddon().importGraph(this.native, bytes, prefix, [...mapped.keys()], [...mapped.values()], [], returns);
    for (const output of outputs) this.described[opOf(output)] = [];
    return outputs;
  }

  serialize(): Uint8Array {
    return requireGraphAddon().serializeGraph(this.native);
  }

  dtype(output: Output): number {
    return this.describe(output).dtype;
  }

  /** @throws TraceError where only a run would tell */
  shape(output: Output): readonly number[] {
    const { shape } = this.describe(output);
    if (shape === null) throw new TraceError(this.name(output), "the shape of its result depends on values that only a run knows");
    return shape;
  }

  /** The name of the op behind an output, and the output's index, as TensorFlow writes them. */
  reference(output: Output): string {
    return `${this.name(output)}:${indexOf(output)}`;
  }

  name(output: Output): string {
    return this.names[opOf(output)] ?? String(output);
  }

  private describe(output: Output): NativeOutput {
    const description = this.described[opOf(output)]?.[indexOf(output)];
    if (!description) throw new Error(`output ${output} is not of this graph`);
    return description;
  }
}

const product = (sizes: readonly number[]) => sizes.reduce((a, b) => a * b, 1);

function multiplyAdds(type: string, inputs: readonly (readonly number[])[], output: readonly number[], attributes: readonly Attribute[]): number {
  const transposed = attributes.some(({ name, value }) => (name === "transpose_a" || name === "adj_x") && value === true);
  switch (type) {
    case "MatMul":
    case "BatchMatMulV2":
      return product(output) * (inputs[0]!.at(transposed ? -2 : -1) ?? 1);
    case "Conv2D":
      return product(output) * product(inputs[1]!.slice(0, 3));
    case "DepthwiseConv2dNative":
      return product(output) * product(inputs[1]!.slice(0, 2));
    case "Conv2DBackpropInput":
      return product(inputs[2]!) * product(inputs[1]!.slice(0, 3));
    case "Conv2DBackpropFilter":
      return product(inputs[2]!) * product(output.slice(0, 3));
    default:
      return 0;
  }
}
