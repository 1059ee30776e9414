/** What a run will take, told before it begins. */
import type { LayersModel } from "@tensorflow/tfjs-node";
import { copyModel } from "../../models";
import { megabytes } from "../steps/feature-store";
import { finetune } from "../finetune";
import { leastOf, memoryAvailable, needsOf } from "./memory-needs";
import type { MemoryNeeds } from "./memory-needs";
import type { FinetuneData, FinetuneOptions } from "./options.types";
import { planOf } from "./plan";

/** Shows itself as a table. */
export class Estimate {
  constructor(
    readonly parameters: number,
    /** How many of them train when the run begins. */
    readonly trainable: number,
    /** Infinity where a stream does not tell. */
    readonly steps: number,
    readonly bytes: Readonly<MemoryNeeds>,
    /** Bytes that a step needs at least, all of the above but `data` and what only grows up to a budget. */
    readonly least: number,
    /** Bytes that the machine, or the container, has. */
    readonly available: number,
    /** Measured on a copy, where that was asked for. */
    readonly secondsPerStep: number | undefined,
  ) {}

  /** For all steps, evaluations left out. */
  get seconds(): number | undefined {
    return this.secondsPerStep === undefined ? undefined : this.secondsPerStep * this.steps;
  }

  toString(): string {
    const { parameters, trainable, steps, bytes, least, available, secondsPerStep, seconds } = this;
    const rows = Object.entries({ ...bytes, "a step, at least": least, available }).map(([name, value]) => `${name.padEnd(18)}${megabytes(value).padStart(10)}`);
    const time = secondsPerStep === undefined ? [] : [`${(1000 * secondsPerStep).toPrecision(2)} ms a step${Number.isFinite(steps) ? `, ${seconds!.toPrecision(2)} s in all, without evaluations` : ""}`];
    return [`${trainable.toLocaleString("en-US")} of ${parameters.toLocaleString("en-US")} parameters train${Number.isFinite(steps) ? `, ${steps.toLocaleString("en-US")} steps` : ""}`, ...rows, ...time].join("\n");
  }

  [Symbol.for("Jupyter.display")](): Record<string, string> {
    return { "text/plain": this.toString() };
  }
}

export interface EstimateOptions extends FinetuneOptions {
  /** Steps that are taken on a copy of the model, to measure the time; 0: none. The first two, which prepare the others, are on top. */
  measureSteps?: number;
}

/**
 * The memory that a run will take, part by part, and the time of a step. `finetune` looks at the same numbers, and refuses to
 * begin where they cannot fit (`memoryLimit`).
 *
 * @param options those of the run, and `measureSteps`
 * @example
 * const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, activation: "softmax", inputShape: [3] })] });
 * const needs = await estimate(model, { x: [[0, 0, 1], [1, 0, 0]], y: [0, 1] }, { epochs: 4, optimizer: "adam" });
 * needs.parameters; // 8
 * needs.bytes.slots; // 64
 * needs.steps; // 4
 */
export async function estimate(model: LayersModel, data: FinetuneData, { measureSteps = 0, ...options }: EstimateOptions = {}): Promise<Estimate> {
  const plan = planOf(model, data, options);
  const { parameters, trainable, bytes } = needsOf(model, plan);
  const seconds = measureSteps > 0 ? await timeOf(model, data, options, measureSteps) : undefined;
  return new Estimate(parameters, trainable, plan.steps, bytes, leastOf(bytes), memoryAvailable(), seconds);
}

/** Seconds a step. */
async function timeOf(model: LayersModel, data: FinetuneData, { checkpoint: _own, earlyStopping: _end, ...options }: FinetuneOptions, steps: number): Promise<number> {
  const copy = copyModel(model);
  const run = finetune(copy, data, { ...options, epochs: Math.max(options.epochs ?? 5, steps + 2), chart: false, watch: false, trainingSample: 1, probes: {} });
  try {
    await run.step(2);
    const times: number[] = [];
    for (let step = 0; step < steps; step++) {
      const began = performance.now();
      await run.step();
      times.push((performance.now() - began) / 1000);
    }
    return times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!;
  } finally {
    run.dispose();
    copy.dispose();
  }
}
