import type { LayersModel, Tensor } from "@tensorflow/tfjs-node";
import { weightEntries } from "../../models";
import { activationsFor, activationsOf } from "./activations";
import type { Standing } from "./checkpoint";
import { disposeBatch } from "../data/data";
import type { Batch, Samples } from "../data/data";
import { stepperFor } from "../steps/choose-stepper";
import { setTrained, trainedPaths } from "../freezing/freeze";
import { noteFreezing, stepsUntilThaw, thaw } from "../freezing/freeze-journal";
import { fromHost, toHost } from "../steps/host-state";
import type { HostState } from "../steps/host-state";
import { measuredLayers } from "../steps/instruments";
import type { Instruments } from "../steps/instruments.types";
import { Journal } from "./journal";
import { learningRateAt } from "./learning-rate";
import { Judge } from "./judge";
import { bestOf, outOfPatience } from "./monitor";
import type { Best } from "./monitor";
import { restoreWeights } from "../steps/parameter-state";
import type { Plan } from "../plan/plan.types";
import type { EpochRecord } from "./run.types";
import { hashesOf, proofOf } from "../freezing/proof";
import type { WeightProof } from "../freezing/proof";
import { refusal } from "./refusal";
import { Snapshots } from "./snapshots";
import { StepBatches } from "../data/step-batches";
import type { StepSource } from "../data/step-batches";
import { StreamBatches } from "../data/streams/stream-batches";
import { unrepeatable } from "../data/augmentation";
import type { StepRecord } from "./step-record";
import type { ParameterState, Stepper, StepRequest, StepResult } from "../steps/stepper";

/** The way of a model's weights, step by step, and what was measured on it. Knows nothing of calls and pauses. */
export class Trajectory {
  step = 0;
  journal = new Journal();
  /** Why it goes no further, where it ended before its time. */
  ended: string | undefined;
  readonly #model: LayersModel;
  readonly #plan: Plan;
  readonly #stepper: Stepper;
  readonly #batches: StepSource;
  readonly #measured: readonly string[];
  readonly #snapshots: Snapshots;
  #bestWeights: { step: number; state: HostState } | undefined;
  readonly #judge: Judge;
  /** The weights before the step just taken, for its gradients. */
  #before: ParameterState | undefined;
  /** Where training stood when the best weights were put back; it goes on from there. */
  #latest: ParameterState | undefined;
  /** Where it was forked off. */
  #origin = 0;
  /** The first step that can be gone back to: where it was forked off, or taken up from a checkpoint. */
  #floor = 0;
  /** Hashes of the weights where it began, if no snapshot has them. */
  #began: Readonly<Record<string, string>> | undefined;

  /** @param standing where a checkpoint left it; else it begins */
  constructor(model: LayersModel, plan: Plan, standing?: Standing, batchHashes = standing?.journal.batchHashes) {
    this.#model = model;
    this.#plan = plan;
    this.#batches = plan.stream ? new StreamBatches(plan, batchHashes) : new StepBatches(plan);
    this.#snapshots = new Snapshots(plan.snapshots);
    this.#stepper = stepperFor(model, plan, (label) => this.journal.marks.push({ step: this.step, kind: "note", label }));
    this.#measured = plan.watch ? measuredLayers(weightEntries(model)) : [];
    this.#judge = new Judge(model, this.#stepper, plan);
    if (standing) this.#takeUp(standing);
    else for (const label of plan.notes) this.journal.marks.push({ step: 0, kind: "note", label });
  }

  get model(): LayersModel {
    return this.#model;
  }

  get best(): Best | undefined {
    const { monitor, earlyStopping } = this.#plan;
    return bestOf(this.journal.history, monitor.name, monitor.better, earlyStopping?.minDelta);
  }

  /** Whether an epoch has ended that has not been measured. */
  get epochToClose(): boolean {
    return this.step > 0 && this.step % this.#plan.stepsPerEpoch === 0 && this.journal.history.at(-1)?.step !== this.step && this.step > this.#floor;
  }

  get instruments(): Instruments | undefined {
    return this.#plan.watch ? this.journal.instruments.view(this.#measured) : undefined;
  }

  get origin(): number {
    return this.#origin;
  }
  get floor(): number {
    return this.#floor;
  }

  get lastStep(): StepRecord | undefined {
    if (this.step === 0) return undefined;
    const index = this.step - 1;
    const { columns, gradientNorms } = this.journal;
    return {
      step: this.step,
      epoch: Math.max(1, Math.ceil(this.step / this.#plan.stepsPerEpoch)),
      learningRate: columns.learningRate[index]!,
      loss: columns.metrics["loss"]![index]!,
      gradientNorm: gradientNorms[index]!,
    };
  }

  /** Computes what the next step takes of the frozen prefix. @param between called now and then with how many samples are known, and of how many */
  async fillPrefix(between: (known: number, rows: number) => Promise<void>): Promise<void> {
    const { training, stages, augment } = this.#plan;
    const rows = stages.length + augment.length > 0 ? undefined : this.#batches.rowsOf?.(this.step);
    if (rows) await this.#stepper.prepare?.({ data: training, rows }, between);
  }

  /**
   * Takes one step, or up to `limit` in one call where that is quicker; at most to the epoch's end.
   *
   * @param watched take one, and keep what `gradients` needs: a second set of weights and slots in memory
   * @returns how many
   * @throws NonFiniteError; then nothing has changed
   */
  takeSteps(limit: number, watched: boolean): number {
    this.#goOn();
    thaw(this.journal, this.#plan, this.#model, this.step);
    noteFreezing(this.journal, this.#model, this.step);
    this.#snapshot();
    this.#before?.dispose();
    this.#before = watched ? this.#stepper.state() : undefined;
    const { journal } = this;
    const request = (step: number): StepRequest => ({ step, learningRate: learningRateAt(this.#plan, step, this.journal.history), batches: this.#batches.of(step) });
    const requests: [StepRequest, ...StepRequest[]] = [request(this.step)];
    try {
      const count = watched ? 1 : this.#together(limit);
      while (requests.length < count) requests.push(request(this.step + requests.length));
      const results = this.#stepper.steps(requests);
      results.forEach((result, index) => {
        if (!result.applied) throw this.#refused(requests[index]!, result);
        const hash = this.#batches.hashOf?.(this.step);
        if (hash !== undefined) journal.batchHashes.push(hash);
        this.step += 1;
        journal.columns.step.push(this.step);
        journal.columns.learningRate.push(requests[index]!.learningRate);
        journal.columns.metrics["loss"]!.push(result.loss);
        journal.gradientNorms.push(result.gradientNorm);
        if (result.norms) journal.instruments.record(this.step - 1, this.#measured, result.norms);
      });
      return results.length;
    } catch (error) {
      this.#before?.dispose();
      this.#before = undefined;
      throw error;
    } finally {
      requests.forEach(({ batches }) => batches.forEach(disposeBatch));
    }
  }

  /** Measures training and validation data on the weights at an epoch's end. */
  async closeEpoch(seconds: number): Promise<EpochRecord> {
    const { stepsPerEpoch } = this.#plan;
    const metrics = await this.#judge.figures();
    const record: EpochRecord = { epoch: this.step / stepsPerEpoch, step: this.step, seconds, learningRate: learningRateAt(this.#plan, this.step - 1, this.journal.history), metrics };
    this.#record(record);
    return record;
  }

  /** Has the samples of the next steps at hand, where they have to be read; at most of so many as one call takes. */
  async prepare(limit: number): Promise<void> {
    await this.#batches.ready?.(this.step, Math.min(limit, this.#stepper.most));
    this.#batches.prefetch?.(this.step, 2 * this.#stepper.most);
  }

  /** What was going on is lost. */
  cutOff(): void {
    this.#batches.cutOff?.();
  }

  /** The first samples of a stream; and what probes give before anything is trained, as an epoch 0. */
  async open(): Promise<void> {
    await this.#batches.open?.();
    const reason = this.#plan.unrepeatable === undefined ? unrepeatable(this.#plan) : undefined;
    if (reason !== undefined) {
      this.#plan.unrepeatable = reason;
      this.journal.marks.push({ step: this.step, kind: "note", label: `no rewind and no fork: ${reason}` });
    }
    const { history } = this.journal;
    if (this.#plan.probes.length === 0 || this.step > 0 || history.length > 0) return;
    history.push({ epoch: 0, step: 0, seconds: 0, learningRate: learningRateAt(this.#plan, 0, []), metrics: await this.#judge.beginning() });
  }

  /** A model of its own with the averaged weights. */
  averaged(): LayersModel {
    const state = this.#latest ?? this.#stepper.state();
    try {
      return this.#judge.averaged(state);
    } finally {
      if (state !== this.#latest) state.dispose();
    }
  }

  /** At the end of training: the best weights, if they are to be restored; else the averaged ones, if there are some. */
  finish(): void {
    const best = this.#plan.earlyStopping?.restoreBest === false ? undefined : this.#bestWeights;
    if (!best && this.#judge.averages && this.step > 0) {
      this.#latest ??= this.#stepper.state();
      this.#judge.weights(this.#latest, (weights) => restoreWeights(weights, weightEntries(this.#model)));
      this.journal.marks.push({ step: this.step, kind: "note", label: "averaged weights put in place" });
    }
    if (!best || (best.step === this.step && !this.#judge.averages)) return;
    this.#latest ??= this.#stepper.state();
    const state = fromHost({ weights: best.state.weights, slots: new Map() });
    restoreWeights(state.weights, weightEntries(this.#model));
    state.dispose();
    this.journal.marks.push({ step: this.step, kind: "note", label: `weights of epoch ${this.best?.epoch} restored` });
  }

  /**
   * Goes back to where `step` steps had been taken, to the bit: the snapshot before it, and the steps
   * from there once more. Where that fails or is interrupted, everything is as it was.
   *
   * @param replayed called between replayed steps
   * @throws when a replayed step does not give the loss that it gave before
   */
  async rewind(step: number, replayed: (step: number) => Promise<void>): Promise<void> {
    const past = this.journal;
    const here = { state: this.#stepper.state(), step: this.step, best: this.#bestWeights, ended: this.ended, trained: trainedPaths(this.#model) };
    this.ended = undefined;
    try {
      const snapshot = this.#snapshots.before(step)!;
      this.#restore(snapshot.state);
      this.step = snapshot.step;
      this.#bestWeights = snapshot.best;
      this.journal = past.upTo(snapshot.step);
      while (this.step < step) {
        await this.prepare(step - this.step);
        await this.#repeat(past, step);
        await replayed(this.step);
      }
    } catch (error) {
      this.#stepper.restore(here.state);
      [this.step, this.#bestWeights, this.ended, this.journal] = [here.step, here.best, here.ended, past];
      setTrained(this.#model, new Set(here.trained));
      throw error;
    } finally {
      here.state.dispose();
    }
    this.#latest?.dispose();
    this.#before?.dispose();
    this.#latest = this.#before = undefined;
    this.#snapshots.cut(step);
    this.journal = past.upTo(step);
    const trained = this.journal.freezing.at(-1)?.trained;
    if (trained) setTrained(this.#model, new Set(trained));
  }

  /**
   * A trajectory of another model that begins where this one stands, and has its past.
   *
   * @param model has the same weights by path
   * @param keepSlots whether the optimizer is the same
   */
  branch(model: LayersModel, plan: Plan, keepSlots: boolean): Trajectory {
    if (plan.stream) {
      const { training, trainingSample, validation, batchSize, stages, stepsPerEpoch } = this.#plan;
      // What is known of the stream by now; the options may have changed how many epochs there are.
      Object.assign(plan, { training, trainingSample, validation, batchSize, stepsPerEpoch, steps: stepsPerEpoch * plan.epochs }, stages.length > 0 && { stages: plan.stagesFor(batchSize) });
    }
    const made = new Trajectory(model, plan, undefined, this.journal.batchHashes);
    made.#stepper.share?.(this.#stepper);
    const state = this.#latest ?? this.#stepper.state();
    made.#stepper.restore(keepSlots ? state : { ...state, slots: new Map() });
    if (state !== this.#latest) state.dispose();
    made.step = made.#origin = made.#floor = this.step;
    made.journal = this.journal.copy();
    if (plan.thaw !== this.#plan.thaw) made.journal.thawing = undefined;
    made.#bestWeights = this.#bestWeights;
    return made;
  }

  /** Every weight's way since the run began, or was forked. */
  proof(): WeightProof[] {
    const now = hashesOf(this.#host());
    const since = this.journal.freezing.filter(({ step }, index, all) => step >= this.#origin || (all[index + 1]?.step ?? Infinity) > this.#origin);
    return proofOf(this.#beginning() ?? now, now, new Set(since.flatMap(({ trained }) => trained)), this.#plan.settings.frozenBatchNorm === "training");
  }

  /** Where it stands, in memory of the host: what a checkpoint holds. */
  standing(): Standing {
    const { step, ended, journal } = this;
    const state = this.#latest ? toHost(this.#latest) : this.#host();
    return { step, ended, journal, state, best: this.#bestWeights, origin: this.#origin, began: this.#beginning() ?? hashesOf(state) };
  }

  gradients(): Record<string, Tensor> {
    if (!this.#before) throw new Error("gradients() are those of the step that run.step() has just taken; take one first");
    const now = this.#stepper.state();
    const batches = this.#batches.of(this.step - 1);
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

  batch(step: number): Batch {
    return this.#batches.whole(step);
  }

  /** The output of each layer, in inference mode. @param x of the batch just taken, unless given */
  activations(x?: Samples["x"]): Record<string, Tensor> {
    if (x === undefined && this.step === 0) throw new Error("activations() are those of the batch that was just trained on; take a step first, or give inputs: run.activations(x)");
    if (x !== undefined) return activationsFor(this.#model, x);
    const batch = this.#batches.whole(this.step - 1);
    try {
      return activationsOf(this.#model, batch.inputs);
    } finally {
      disposeBatch(batch);
    }
  }

  dispose(): void {
    this.#stepper.dispose();
    this.#judge.dispose();
    this.#before?.dispose();
    this.#latest?.dispose();
    this.#snapshots.clear();
    this.#batches.close?.();
    this.#before = this.#latest = this.#bestWeights = undefined;
  }

  #takeUp({ step, state, best, ended, journal, origin, began }: Standing): void {
    this.#restore(state);
    [this.step, this.#bestWeights, this.ended, this.journal] = [step, best, ended, journal];
    [this.#origin, this.#floor, this.#began] = [origin, step, began];
    const trained = journal.freezing.at(-1)?.trained;
    if (trained) setTrained(this.#model, new Set(trained));
  }

  #beginning(): Readonly<Record<string, string>> | undefined {
    const first = this.#began ? undefined : this.#snapshots.before(this.#origin);
    return this.#began ?? (first && hashesOf(first.state));
  }

  #host(): HostState {
    const state = this.#stepper.state();
    const host = toHost(state);
    state.dispose();
    return host;
  }

  #goOn(): void {
    if (!this.#latest) return;
    this.#stepper.restore(this.#latest);
    this.#latest.dispose();
    this.#latest = undefined;
  }

  /** Takes steps once more, as the journal says that they were taken; at most up to `goal`. */
  async #repeat(past: Journal, goal: number): Promise<void> {
    const first = this.step;
    setTrained(this.#model, new Set(past.trainedAt(first)));
    const change = past.freezing.find(({ step }) => step > first)?.step ?? Infinity;
    this.takeSteps(Math.min(goal, change) - first, false);
    const before = past.columns.metrics["loss"]!;
    const now = this.journal.columns.metrics["loss"]!;
    for (let index = first; index < this.step; index++) {
      if (!Object.is(now[index], before[index])) throw new Error(`Step ${index + 1} cannot be repeated: its loss was ${before[index]} and is ${now[index]} now. Has the data been changed, or does the loss function draw random numbers of its own?`);
    }
    const record = past.history.find((each) => each.step === this.step);
    if (record) this.#record(record);
  }

  /** How many steps to take in one call: all of one shape, in one epoch, none of them due for a snapshot but the first. */
  #together(limit: number): number {
    const room = Math.min(limit, this.#batches.alike(this.step), this.#snapshots.room(this.step));
    const { most } = this.#stepper;
    return most <= room && stepsUntilThaw(this.journal, this.#plan, this.step, most) === most ? most : 1;
  }

  #restore(host: HostState): void {
    const state = fromHost(host);
    this.#stepper.restore(state);
    state.dispose();
  }

  #snapshot(): void {
    if (!this.#snapshots.due(this.step, this.#plan.stepsPerEpoch)) return;
    this.#snapshots.add({ step: this.step, state: this.#host(), best: this.#bestWeights });
  }

  #record(record: EpochRecord): void {
    const { earlyStopping, monitor, steps } = this.#plan;
    this.journal.history.push(record);
    if (!earlyStopping) return;
    const { best } = this;
    if (best?.step === this.step) this.#keepBest();
    if (outOfPatience(this.journal.history, best, earlyStopping.patience) && this.step < steps) {
      this.ended = `no better ${monitor.name} for ${earlyStopping.patience} epochs; the best was epoch ${best?.epoch ?? "none"}`;
    }
  }

  #keepBest(): void {
    const state = this.#stepper.state();
    this.#bestWeights = { step: this.step, state: this.#judge.weights(state, (weights) => toHost({ weights, slots: new Map() })) };
    state.dispose();
  }

  #refused(request: StepRequest, result: StepResult & { applied: false }): Error {
    const { label, error } = refusal(this.model, this.#plan, request, result);
    this.journal.marks.push({ step: this.step + 1, kind: "nan", label });
    return error;
  }
}
