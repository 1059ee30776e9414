/** The addon in kernel/native: graphs and sessions of the TensorFlow library that tfjs-node has loaded. */
import { resolve } from "node:path";
import { requireTf } from "../load";

declare const graphBrand: unique symbol;
declare const sessionBrand: unique symbol;
declare const planBrand: unique symbol;

export interface NativeGraph {
  readonly [graphBrand]: true;
}
export interface NativeSession {
  readonly [sessionBrand]: true;
}
export interface NativePlan {
  readonly [planBrand]: true;
}

/** An output of an op, as one number: the op times 2^20, plus the output's index. */
export type Output = number & { readonly output?: never };

const OUTPUTS_PER_OP = 2 ** 20;
export const outputOf = (op: number, index = 0): Output => op * OUTPUTS_PER_OP + index;
export const opOf = (output: Output): number => Math.floor(output / OUTPUTS_PER_OP);
export const indexOf = (output: Output): number => output % OUTPUTS_PER_OP;

export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array | Int16Array | Int8Array | BigInt64Array | Uint16Array | Uint32Array | BigUint64Array;

export type NativeAttribute = { name: string } & (
  | { kind: "type" | "int" | "float"; value: number }
  | { kind: "bool"; value: boolean }
  | { kind: "string"; value: string }
  | { kind: "ints" | "floats" | "shape" | "types"; value: readonly number[] }
  | { kind: "bools"; value: readonly boolean[] }
  | { kind: "tensor"; value: { dtype: number; shape: readonly number[]; values: TypedArray } }
);

export interface NativeOutput {
  /** TensorFlow's number for the type: 1 float32, 3 int32, 10 bool. */
  dtype: number;
  /** null where the graph alone does not determine it. */
  shape: number[] | null;
}

export interface NativeAddon {
  tensorflowVersion(): string;
  createGraph(): NativeGraph;
  /** A serialized OpDef. */
  opDefinition(graph: NativeGraph, type: string): Uint8Array;
  addOp(graph: NativeGraph, type: string, name: string, inputs: readonly (Output | readonly Output[])[], controls: readonly number[], attributes: readonly NativeAttribute[]): { op: number; outputs: NativeOutput[] };
  /** Adds a serialized GraphDef. `names[i]` is an op in it whose first output is replaced by `outputs[i]`; `returns` are "op:index". */
  importGraph(graph: NativeGraph, bytes: Uint8Array, prefix: string, names: readonly string[], outputs: readonly Output[], controls: readonly number[], returns: readonly string[]): Output[];
  serializeGraph(graph: NativeGraph): Uint8Array;
  createSession(graph: NativeGraph, config: Uint8Array): NativeSession;
  closeSession(session: NativeSession): void;
  preparePlan(session: NativeSession, feeds: readonly Output[], fetches: readonly Output[], targets: readonly number[]): NativePlan;
  runPlan(plan: NativePlan, values: readonly TypedArray[]): TypedArray[];
  /** Runs it once. A serialized RunMetadata, with the time of every op. */
  profilePlan(plan: NativePlan, values: readonly TypedArray[]): Uint8Array;
  runPlanAsync(plan: NativePlan, values: readonly TypedArray[]): Promise<TypedArray[]>;
}

const FILE = resolve(__dirname, "../../native/graph.node");

let addon: NativeAddon | undefined;
let missing: string | undefined;

/**
 * The addon, loaded once and after tfjs-node, so that both run on one copy of the library.
 *
 * @throws when it has not been built, with what to do.
 */
export function requireGraphAddon(): NativeAddon {
  if (addon) return addon;
  requireTf();
  try {
    addon = require(FILE) as NativeAddon;
  } catch (cause) {
    missing = cause instanceof Error ? (cause.message.split("\n", 1)[0] ?? "") : String(cause);
    throw new Error(`The addon for compiled steps cannot be loaded (${missing}). Run "npm run setup" in the checkout.`, { cause });
  }
  return addon;
}

/** Why steps cannot be compiled here, or undefined where they can. */
export function graphAddonMissing(): string | undefined {
  if (addon) return undefined;
  try {
    requireGraphAddon();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
