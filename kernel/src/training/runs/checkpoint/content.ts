/** What a checkpoint says, as files: numbers as safetensors, the rest as JSON. */
import { decodeSafetensors, encodeSafetensors } from "../../../models";
import type { SafetensorType, StoredTensor } from "../../../models";
import type { HostState, HostTensor } from "../../steps/host-state";
import { Journal } from "../journal";
import type { Fingerprint } from "./fingerprint";
import type { Parts } from "./files";
import type { CheckpointHabits } from "./options";

/** Everything that decides how a run goes on. */
export interface Standing {
  step: number;
  state: HostState;
  /** The best weights so far, where they are kept. */
  best: { step: number; state: HostState } | undefined;
  /** Why it goes no further, where it ended before its time. */
  ended: string | undefined;
  journal: Journal;
  /** Where it was forked off, and the hashes of the weights there. */
  origin: number;
  began: Readonly<Record<string, string>>;
}

/** What a checkpoint tells beside that. */
export interface About {
  name: string;
  seconds: number;
  fingerprint: Fingerprint;
  /** The model as tfjs writes it, without weights. */
  topology: unknown;
  checkpoint: CheckpointHabits;
}

export const STATE_FILE = "state.safetensors";
export const RUN_FILE = "run.json";
const FORMAT = "thawbook checkpoint 1";

export function encode({ step, state, best, ended, journal, origin, began }: Standing, about: About): Record<string, Parts> {
  const tensors = new Map([...named(state, best?.state)].map(([name, tensor]) => [name, stored(tensor)]));
  journal.figures().forEach((values, name) => tensors.set(`figures/${name}`, { dtype: "F64", shape: [values.length], bytes: new Uint8Array(Float64Array.from(values).buffer) }));
  const counts = Object.fromEntries([...state.slots].map(([path, { count, tensors: own }]) => [path, { count, tensors: own.length }]));
  const { history, marks, freezing, thawing } = journal;
  const json = { format: FORMAT, step, ended, origin, began, best: best?.step, counts, journal: { history, marks, freezing, thawing }, ...about };
  return { [STATE_FILE]: encodeSafetensors(tensors, { format: "tf" }), [RUN_FILE]: [Buffer.from(JSON.stringify(json, writeNumber))] };
}

export function decode(files: Readonly<Record<string, Buffer>>, name: string): { standing: Standing; about: About } {
  const { tensors } = decodeSafetensors(files[STATE_FILE]!, `${name}/${STATE_FILE}`);
  const json = JSON.parse(files[RUN_FILE]!.toString("utf8"), readNumber) as Omit<Standing, "state" | "best" | "journal"> & About & {
    format: string;
    best?: number;
    counts: Record<string, { count: number; tensors: number }>;
    journal: Pick<Journal, "history" | "marks" | "freezing" | "thawing">;
  };
  if (json.format !== FORMAT) throw new Error(`it is of the format ${JSON.stringify(json.format)}, and this version reads ${JSON.stringify(FORMAT)}`);
  const weights: HostState["weights"] = new Map();
  const best: HostState["weights"] = new Map();
  const journal = Object.assign(new Journal(), json.journal);
  for (const [path, tensor] of tensors) {
    const [kind, name_] = split(path);
    if (kind === "weights") weights.set(name_, loaded(tensor));
    else if (kind === "best") best.set(name_, loaded(tensor));
    else if (kind === "figures") for (const value of new Float64Array(copied(tensor.bytes))) journal.column(name_).push(value);
  }
  journal.columns.step = Array.from({ length: json.step }, (_, index) => index + 1);
  const slots: HostState["slots"] = new Map(
    Object.entries(json.counts).map(([path, { count, tensors: own }]) => [path, { count, tensors: Array.from({ length: own }, (_, index) => loaded(tensors.get(`slots/${index}/${path}`)!)) }]),
  );
  const { step, ended, origin, began, name: run, seconds, fingerprint, topology, checkpoint } = json;
  return {
    standing: { step, ended, origin, began, journal, state: { weights, slots }, best: json.best === undefined ? undefined : { step: json.best, state: { weights: best, slots: new Map() } } },
    about: { name: run, seconds, fingerprint, topology, checkpoint },
  };
}

/** Every tensor of a state, and of the best one, under a name of its own. */
export function named(state: HostState, best: HostState | undefined): Map<string, HostTensor> {
  const found = new Map<string, HostTensor>();
  state.weights.forEach((tensor, path) => found.set(`weights/${path}`, tensor));
  state.slots.forEach((slot, path) => slot.tensors.forEach((tensor, index) => found.set(`slots/${index}/${path}`, tensor)));
  best?.weights.forEach((tensor, path) => found.set(`best/${path}`, tensor));
  return found;
}

const TYPES = { float32: "F32", int32: "I32", bool: "BOOL" } as const satisfies Record<HostTensor["dtype"], SafetensorType>;
const ARRAYS = { F32: [Float32Array, "float32"], I32: [Int32Array, "int32"], BOOL: [Uint8Array, "bool"] } as const;

export function stored({ values, shape, dtype }: HostTensor): StoredTensor {
  return { dtype: TYPES[dtype], shape, bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) };
}

export function loaded({ dtype, shape, bytes }: StoredTensor): HostTensor {
  const [array, type] = ARRAYS[dtype as keyof typeof ARRAYS];
  return { values: new array(copied(bytes)), shape: [...shape], dtype: type };
}

/** In memory of its own: a view would hold on to the whole file, and may begin at any byte. */
function copied(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

function split(path: string): [string, string] {
  const at = path.indexOf("/");
  return [path.slice(0, at), path.slice(at + 1)];
}

/** JSON has no NaN and no infinity; a metric may be both. */
function writeNumber(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? { $number: String(value) } : value;
}

function readNumber(_key: string, value: unknown): unknown {
  return typeof value === "object" && value !== null && "$number" in value ? Number(value.$number) : value;
}
