import type { LayersModel, Tensor } from "@tensorflow/tfjs-node";
import type { RunEventMark } from "../display/views";
import { weightEntries } from "../models";
import { batchOf, disposeBatch } from "./data";
import type { Batch } from "./data";
import { EagerStepper } from "./eager-stepper";
import { measure } from "./evaluate";
import { trainedPaths } from "./freeze";
import { bestOf, outOfPatience } from "./monitor";
import type { Best } from "./monitor";
import { epochOrder } from "./order";
import { restoreWeights } from "./parameter-state";
import type { Plan } from "./plan";
import type { EpochRecord, StepColumns } from "./run.types";
import type { ParameterState, Stepper } from "./stepper";

/** The figures of one step: the loss of its batch, in training mode, before the update. */
export interface StepRecord {
  /** From 1. */
  step: number;
  /** From 1. */
  epoch: number;
  learningRate: number;
  loss: number;
  /** Euclidean norm of all gradients together, before clipping. */
  gradientNorm: number;
}

/** A step that was refused: its loss or a gradient is NaN or infinite. The weights are those before it. */
export class NonFiniteError extends Error {
  override readonly name = "NonFiniteError";
}

/** The way of a model's weights, step by step, and what was measured on it. Knows nothing of calls and pauses. */
export class Trajectory {
  readonly model: LayersModel;
  step = 0;
  /** Why it goes no further, where it ended before its time. */
  ended: string | undefined;
  history: EpochRecord[] = [];
  columns: StepColumns = { step: [], learningRate: [], metrics: { loss: [] } };
  gradientNorms: number[] = [];
  marks: RunEventMark[] = [];
  readonly #plan: Plan;
  readonly #stepper: Stepper;
  #order: { epoch: number; rows: Int32Array } | undefined;
  #bestWeights: { step: number; state: ParameterState } | undefined;
  /** The weights before the step just taken, for its gradients. */
  #before: ParameterState | undefined;
  /** Where training stood when the best weights were put back; it goes on from there. */
  #latest: ParameterState | undefined;
  #trained: string[];

  constructor(model: LayersModel, plan: Plan) {
    this.model = model;
    this.#plan = plan;
    this.#stepper = new EagerStepper(model, plan.settings);
    this.#trained = trainedPaths(model);
    for (const label of plan.notes) this.marks.push({ step: 0, kind: "note", label });
  }

  get best(): Best | undefined {
    const { monitor, earlyStopping } = this.#plan;
    return bestOf(this.history, monitor.name, monitor.better, earlyStopping?.minDelta);
  }

  get atEpochEnd(): boolean {
    return this.step > 0 && this.step % this.#plan.stepsPerEpoch === 0;
  }

  get lastStep(): StepRecord | undefined {
    if (this.step === 0) return undefined;
    const index = this.step - 1;
    return {
      step: this.step,
      epoch: Math.ceil(this.step / this.#plan.stepsPerEpoch),
      learningRate: this.columns.learningRate[index]!,
      loss: this.columns.metrics["loss"]![index]!,
      gradientNorm: this.gradientNorms[index]!,
    };
  }

  /**
   * @param watched keep what `gradients` needs: a second set of weights and slots in memory
   * @throws NonFiniteError; then nothing has changed
   */
  takeStep(watched: boolean): StepRecord {
    this.#goOn();
    this.#noteFreezing();
    this.#before?.dispose();
    this.#before = undefined;
    const before = watched ? this.#stepper.state() : undefined;
    const learningRate = this.learningRateAt(this.step);
    const batches = this.#batches(this.step);
    try {
      const result = this.#stepper.step({ step: this.step, learningRate, batches });
      if (!result.applied) throw this.#refused(result.loss, result.weights);
      this.step += 1;
      this.columns.step.push(this.step);
      this.columns.learningRate.push(learningRate);
      this.columns.metrics["loss"]!.push(result.loss);
      this.gradientNorms.push(result.gradientNorm);
      this.#before = before;
    } catch (error) {
      before?.dispose();
      throw error;
    } finally {
      batches.forEach(disposeBatch);
    }
    return this.lastStep!;
  }

  /** Measures training and validation data on the weights at an epoch's end. */
  async closeEpoch(seconds: number): Promise<EpochRecord> {
    const { settings, trainingSample, validation, stepsPerEpoch, earlyStopping } = this.#plan;
    const metrics = await measure(this.#stepper, trainingSample, settings);
    if (validation) Object.assign(metrics, await measure(this.#stepper, validation, settings, "val_"));
    const record: EpochRecord = { epoch: this.step / stepsPerEpoch, step: this.step, seconds, learningRate: this.columns.learningRate.at(-1)!, metrics };
    this.history.push(record);
    if (earlyStopping) {
      const { best } = this;
      if (best?.step === this.step) this.#keepBest();
      if (outOfPatience(this.history, best, earlyStopping.patience) && this.step < this.#plan.steps) {
        this.ended = `no better ${this.#plan.monitor.name} for ${earlyStopping.patience} epochs; the best was epoch ${best?.epoch ?? "none"}`;
      }
    }
    return record;
  }

  /** At the end of training: the best weights, if they are to be restored. */
  finish(): void {
    if (!this.#bestWeights || this.#plan.earlyStopping?.restoreBest === false || this.#bestWeights.step === this.step) return;
    this.#latest ??= this.#stepper.state();
    restoreWeights(this.#bestWeights.state.weights, weightEntries(this.model));
    const { best } = this;
    this.marks.push({ step: this.step, kind: "note", label: `weights of epoch ${best?.epoch} restored` });
  }

  gradients(): Record<string, Tensor> {
    if (!this.#before) throw new Error("gradients() are those of the step that run.step() has just taken; take one first");
    const now = this.#stepper.state();
    const batches = this.#batches(this.step - 1);
    try {
      this.#stepper.restore(this.#before);
      const found = this.#stepper.gradients({ step: this.step - 1, learningRate: 0, batches });
      return Object.fromEntries(found);
    } finally {
      this.#stepper.restore(now);
      now.dispose();
      batches.forEach(disposeBatch);
    }
  }

  learningRateAt(step: number): number {
    const { learningRate, schedule, steps, stepsPerEpoch } = this.#plan;
    return learningRate * schedule({ step, steps, stepsPerEpoch });
  }

  dispose(): void {
    this.#stepper.dispose();
    this.#before?.dispose();
    this.#latest?.dispose();
    this.#bestWeights?.state.dispose();
    this.#before = this.#latest = this.#bestWeights = undefined;
  }

  #goOn(): void {
    if (!this.#latest) return;
    this.#stepper.restore(this.#latest);
    this.#latest.dispose();
    this.#latest = undefined;
  }

  #batches(step: number): Batch[] {
    const { training, batchSize, accumulate, stepsPerEpoch, seed, shuffle } = this.#plan;
    const epoch = Math.floor(step / stepsPerEpoch);
    if (this.#order?.epoch !== epoch) this.#order = { epoch, rows: epochOrder(training.rows, epoch, seed, shuffle) };
    const { rows } = this.#order;
    const first = (step % stepsPerEpoch) * batchSize * accumulate;
    const starts = Array.from({ length: accumulate }, (_, index) => first + index * batchSize).filter((start) => start < rows.length);
    return starts.map((start) => batchOf(training, rows.subarray(start, start + batchSize)));
  }

  #keepBest(): void {
    this.#bestWeights?.state.dispose();
    this.#bestWeights = { step: this.step, state: this.#stepper.state() };
  }

  /** A change of what is frozen, made by anyone between two steps, is marked where it takes effect. */
  #noteFreezing(): void {
    const now = trainedPaths(this.model);
    const before = new Set(this.#trained);
    const after = new Set(now);
    const thawed = layersOf(now.filter((path) => !before.has(path)));
    const frozen = layersOf(this.#trained.filter((path) => !after.has(path)));
    if (thawed.length > 0) this.marks.push({ step: this.step, kind: "thaw", label: `thawed ${thawed.join(", ")}` });
    if (frozen.length > 0) this.marks.push({ step: this.step, kind: "freeze", label: `froze ${frozen.join(", ")}` });
    this.#trained = now;
  }

  #refused(loss: number, weights: readonly string[]): NonFiniteError {
    const { stepsPerEpoch } = this.#plan;
    const where = `Step ${this.step + 1} (epoch ${Math.floor(this.step / stepsPerEpoch) + 1}, batch ${(this.step % stepsPerEpoch) + 1} of ${stepsPerEpoch})`;
    const what = Number.isFinite(loss) ? `the gradient of ${weights.slice(0, 3).join(", ")}${weights.length > 3 ? ` and ${weights.length - 3} more` : ""} is not finite` : `the loss is ${loss}`;
    this.marks.push({ step: this.step + 1, kind: "nan", label: what });
    return new NonFiniteError(`${where}: ${what}. The update was not applied; the weights are those of step ${this.step}. Lower learningRate (it was ${this.learningRateAt(this.step)}) or set clipNorm`);
  }
}

function layersOf(paths: readonly string[]): string[] {
  return [...new Set(paths.map((path) => path.slice(0, path.lastIndexOf("/"))))];
}
