/** By what a run is recognised: its options, data, model and the machine, as far as they decide its numbers. */
import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { asContainer, layerEntries, weightEntries } from "../../../models";
import type { LayersModel } from "../../../models";
import { tensorflowVersion } from "../../../tensorflow";
import type { Dataset } from "../../data/data";
import { fusedOpOf } from "../../optimizers";
import type { UpdateRule } from "../../optimizers";
import type { FinetuneOptions } from "../../plan/options.types";
import type { Plan } from "../../plan/plan.types";

/** A value that JSON can hold, or what stands for one that it cannot. */
export type Described = unknown;

export interface Fingerprint {
  /** What was given to `finetune`, by name. */
  options: Record<string, Described>;
  /** Options that JSON cannot hold, so that they must be given again: functions, and data. */
  again: string[];
  /** SHA-256 of the training and the validation data, split and in the model's shapes. */
  data: { training: string; rows: number; validation: string | undefined };
  /** Layer by layer: path, kind, and the shapes of its weights. */
  layers: string[];
  steps: number;
  stepsPerEpoch: number;
  environment: Record<string, string>;
}

/** What changes no number of the run. */
const INCONSEQUENTIAL: ReadonlySet<string> = new Set<keyof FinetuneOptions>(["name", "chart", "watch", "checkpoint", "snapshots", "memoryLimit"]);

export function fingerprint(model: LayersModel, plan: Plan, options: FinetuneOptions): Fingerprint {
  const { steps, stepsPerEpoch, training, validation, stream } = plan;
  return {
    ...describeOptions(options),
    // The batches of a stream have hashes of their own.
    data: stream ? { training: "stream", rows: 0, validation: undefined } : { training: hashOf(training), rows: training.rows, validation: validation && hashOf(validation) },
    layers: layersOf(model),
    steps,
    stepsPerEpoch,
    environment: environment(),
  };
}

export function describeOptions(options: FinetuneOptions | Readonly<Record<string, unknown>>): Pick<Fingerprint, "options" | "again"> {
  const given = Object.entries(options).filter(([name, value]) => value !== undefined && !INCONSEQUENTIAL.has(name));
  const again: string[] = [];
  const described = given.map(([name, value]) => {
    const state = { exact: true };
    const made = describe(value, state);
    if (!state.exact) again.push(name);
    return [name, made] as const;
  });
  return { options: Object.fromEntries(described), again };
}

/**
 * What differs, a sentence each: `differs` makes another run of it, `noted` may change the last bits, or
 * be no difference at all.
 */
export function differences(then: Fingerprint, now: Fingerprint): { differs: string[]; noted: string[] } {
  const differs: string[] = [];
  const noted: string[] = [];
  const text = (value: unknown) => (value === undefined ? "not given" : JSON.stringify(value));
  for (const name of new Set([...Object.keys(then.options), ...Object.keys(now.options)])) {
    const [a, b] = [then.options[name], now.options[name]];
    if (text(a) === text(b)) continue;
    if (withoutFunctions(a) === withoutFunctions(b)) noted.push(`the function in the option ${name} is not written as it was`);
    else differs.push(`${name} was ${short(text(a))} and is ${short(text(b))}`);
  }
  if (then.data.training !== now.data.training) differs.push(`the training data differ (${then.data.rows} rows then, ${now.data.rows} now)`);
  if (then.data.validation !== now.data.validation) differs.push("the validation data differ");
  if (then.steps !== now.steps || then.stepsPerEpoch !== now.stepsPerEpoch) differs.push(`it had ${then.steps} steps, ${then.stepsPerEpoch} an epoch, and would have ${now.steps}, ${now.stepsPerEpoch} an epoch`);
  differs.push(...layerDifferences(then.layers, now.layers));
  for (const [name, value] of Object.entries(then.environment)) {
    if (now.environment[name] !== value) noted.push(`${name} was ${value} and is ${now.environment[name] ?? "unknown"}`);
  }
  return { differs, noted };
}

export function layerDifferences(then: readonly string[], now: readonly string[]): string[] {
  const missing = then.filter((layer) => !now.includes(layer));
  const added = now.filter((layer) => !then.includes(layer));
  if (missing.length === 0 && added.length === 0) return then.join() === now.join() ? [] : ["the model's layers are in another order"];
  return [`the model differs: it had ${list(missing)}, and has ${list(added)}`];
}

export function layersOf(model: LayersModel): string[] {
  const weights = weightEntries(model);
  return layerEntries(model).map(({ path, kind, layer }) => {
    const own = weights.filter(({ owner }) => owner.layer === layer).map((weight) => `${weight.path.slice(path.length + 1)}[${weight.shape.join(", ")}]`);
    return `${path} (${[kind, ...own].join(" ")})`;
  });
}

function environment(): Record<string, string> {
  const { version } = require("../../../../package.json") as { version: string };
  const threads = ["TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"].filter((name) => process.env[name]).map((name) => `${name}=${process.env[name]}`);
  return {
    Thawbook: version,
    TensorFlow: tensorflowVersion(),
    "Node.js": process.version,
    platform: `${process.platform} ${process.arch}`,
    "number of threads": [availableParallelism(), ...threads].join(", "),
  };
}

interface Exactness {
  exact: boolean;
}

function describe(value: unknown, state: Exactness): Described {
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "function") return inexact(state, { $function: digest(String(value)) });
  if (typeof value !== "object") return inexact(state, String(value));
  if (isRule(value)) return inexact(state, ruleOf(value));
  if (ArrayBuffer.isView(value)) return inexact(state, { $data: hashOf(value) });
  if ("dataSync" in value) return inexact(state, { $data: hashOf((value as { dataSync(): ArrayBufferView }).dataSync()) });
  if (asContainer(value as LayersModel)) return inexact(state, { $model: layersOf(value as LayersModel) });
  if (Array.isArray(value)) return value.length > 1000 ? inexact(state, { $data: digest(JSON.stringify(value)) }) : value.map((each) => describe(each, state));
  if (Object.getPrototypeOf(value) !== Object.prototype) return inexact(state, { $object: value.constructor?.name });
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined).map(([name, each]) => [name, describe(each, state)]));
}

function inexact(state: Exactness, value: Described): Described {
  state.exact = false;
  return value;
}

function isRule(value: object): value is UpdateRule {
  return "update" in value && "scalars" in value && "slots" in value;
}

/** Its settings are in its functions; what these give tells them apart. */
function ruleOf(rule: UpdateRule): Described {
  const { name, definition, slots } = rule;
  return { name, definition, slots, scalars: [rule.scalars(1, 1), rule.scalars(7, 0.5)], fused: fusedOpOf(rule) };
}

function withoutFunctions(value: Described): string {
  return JSON.stringify(value ?? null, (key, each: unknown) => (key === "$function" ? true : each));
}

/** SHA-256 of all numbers in it, and how they lie. */
function hashOf(value: Dataset | ArrayBufferView): string {
  const hash = createHash("sha256");
  const visit = (each: unknown): void => {
    if (ArrayBuffer.isView(each)) hash.update(`${each.constructor.name} ${each.byteLength}`).update(new Uint8Array(each.buffer, each.byteOffset, each.byteLength));
    else if (typeof each === "object" && each !== null) {
      for (const [name, own] of Object.entries(each)) {
        hash.update(name);
        visit(own);
      }
    } else hash.update(String(each));
  };
  visit(value);
  return hash.digest("hex");
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

function short(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}

function list(layers: readonly string[]): string {
  if (layers.length === 0) return "nothing else";
  return layers.length <= 3 ? layers.join(", ") : `${layers.slice(0, 3).join(", ")} and ${layers.length - 3} more`;
}
