/** The inner doors of tfjs-node 4.22 that recording needs; they have no types of their own. */
import type { DataType, Tensor, TensorInfo, Variable } from "@tensorflow/tfjs-node";
import type { TypedArray } from "./graph/native";
import { requireTf } from "./load";


export interface TensorMetadata {
  id: number;
  shape: number[];
  dtype: number;
}

export interface EagerAttribute {
  name: string;
  type: number;
  value: unknown;
}

export interface Binding {
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
  createTensor(shape: number[], dtype: number, values: TypedArray | Uint8Array[]): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): TypedArray;
  executeOp(name: string, attributes: EagerAttribute[], inputs: number[], outputs: number): TensorMetadata[];
}

export type DataId = object;

/** What the backend keeps of a tensor; values wait here until an op needs them. */
export interface TensorEntry {
  shape: number[];
  dtype: number;
  values: TypedArray | Uint8Array[] | null;
  id: number;
  refCount: number;
}

export interface NodeBackend {
  binding: Binding;
  tensorMap: { get(id: DataId): TensorEntry | undefined; has(id: DataId): boolean };
  getDTypeInteger(dtype: DataType): number;
  createOutputTensor(metadata: TensorMetadata): Tensor;
  getInputTensorIds(tensors: TensorInfo[]): number[];
  readSync(dataId: DataId): TypedArray;
  move(dataId: DataId, values: TypedArray, shape: number[], dtype: DataType, refCount: number): void;
  executeSingleOutput(name: string, attributes: EagerAttribute[], inputs: TensorInfo[]): Tensor;
}

interface Engine {
  registeredVariables: Record<string, Variable>;
  state: { gradientDepth: number; activeTape: unknown };
}

export function nodeBackend(): NodeBackend {
  return requireTf().backend() as unknown as NodeBackend;
}

function engine(): Engine {
  return requireTf().engine() as unknown as Engine;
}

/** All tfjs variables that live, models' weights included. */
export function liveVariables(): Variable[] {
  return Object.values(engine().registeredVariables);
}

/** Whether a gradient is being computed: ops are noted down for it. */
export function gradientInProgress(): boolean {
  return engine().state.gradientDepth > 0;
}
