import { randomUUID } from "node:crypto";
import type { LayersModel, Tensor } from "@tensorflow/tfjs-node";
import type { DataFrame } from "danfojs-node";
import type { RunEventMark, RunState } from "../../display/views";
import { copyModel } from "../../models";
import { brief, callable, whole } from "../plan/checks";
import type { Checkpoints } from "./checkpoint";
import { checkFork, describeChanges, describeKept, type Replan } from "./fork";
import { TrainingLoop } from "./loop";
import type { Instruments } from "../steps/instruments.types";
import { RunComparison, type ComparedRun } from "./comparison";
import type { Batch, Samples } from "../data/data";
import { trainedPaths } from "../freezing/freeze";
import { weightsMatching } from "../freezing/select";
import type { Selector } from "../freezing/select";
import type { Best } from "./monitor";
import type { FinetuneOptions } from "../plan/options.types";
import type { Plan } from "../plan/plan.types";
import type { EpochRecord, ObservableRun, RunEvent, StepColumns } from "./run.types";
import { proofTable } from "../freezing/proof";
import type { WeightProof } from "../freezing/proof";
import { stepOf, type StepRecord } from "./step-record";
import type { Trajectory } from "./trajectory";

/** What diagnosis reads of a run beyond what everyone may. */
export interface RunInside {
  readonly plan: Plan;
  /** The first step that can be gone back to: where the run was forked off. */
  readonly origin: number;
  /** What trains from a step on: the paths of the weights. */
  readonly freezing: readonly { step: number; trained: readonly string[] }[];
  proof(): WeightProof[];
  /** The samples of the update that follows `step` steps, as one batch for the receiver to dispose. @throws where they have streamed by */
  batch(step: number): Batch;
  /** Marks something on the run's chart. */
  mark(mark: RunEventMark): void;
}

export let insideOf: (run: Run) => RunInside;

/**
 * A training run: made by `finetune`, it trains its model in place, as far as it is told. It is exact:
 * what happens at a step follows from the weights, the seed and the step, so the same run gives the
 * same bits again, however it was paused and stepped.
 */
export class Run implements ObservableRun {
  static {
    insideOf = (run) => {
      const trajectory = run.#trajectory;
      const { journal, origin } = trajectory;
      return { plan: run.#plan, origin, freezing: journal.freezing, proof: () => trajectory.proof(), batch: (step) => trajectory.batch(step), mark: (mark) => journal.marks.push(mark) };
    };
  }

  readonly id = randomUUID();
  readonly #plan: Plan;
  readonly #replan: Replan;
  readonly #trajectory: Trajectory;
  readonly #loop: TrainingLoop;
  /** The runs that it was forked from, and at which step. */
  #lineage: ReadonlyMap<string, number> = new Map();

  /** @internal `finetune` and `fork` make runs. `replan` gives the plan with other options, for another model. */
  constructor(plan: Plan, replan: Replan, trajectory: Trajectory, checkpoints?: Checkpoints, trainedFor?: number) {
    this.#plan = plan;
    this.#replan = replan;
    this.#trajectory = trajectory;
    this.#loop = new TrainingLoop(this, trajectory, plan, checkpoints, trainedFor);
    // Tensors are not collected with what holds them; a run that nobody can reach lets go of its own.
    abandoned.register(this, this.#trajectory);
  }

  get name(): string {
    return this.#plan.name;
  }
  /** The model that is trained, its weights as they are now. */
  get model(): LayersModel {
    return this.#trajectory.model;
  }
  get state(): RunState {
    return this.#loop.state;
  }
  get message(): string | undefined {
    return this.#loop.message;
  }
  get plan(): ObservableRun["plan"] {
    const { epochs, stepsPerEpoch, steps, batchSize, accumulate } = this.#plan;
    return { epochs, stepsPerEpoch, steps, batchSize: batchSize * accumulate };
  }
  get currentStep(): number {
    return this.#trajectory.step;
  }
  get currentEpoch(): number {
    const { step } = this.#trajectory;
    return Math.max(Math.min(step, 1), Math.ceil(step / this.#plan.stepsPerEpoch));
  }
  get seconds(): number {
    return this.#loop.seconds;
  }
  /**
   * The figures of each epoch: `loss`, `accuracy`, `val_loss`, … All are measured at the end of the
   * epoch, on the weights of that moment and without dropout, training and validation alike, so that
   * their difference is overfitting and nothing else. (Keras' training loss is a mean over the epoch,
   * on weights that were still changing, under dropout.)
   */
  get history(): readonly EpochRecord[] {
    return this.#trajectory.journal.history;
  }
  /** The figures of each step: `loss` is that of the batch, in training mode, before the update. */
  get steps(): StepColumns {
    return this.#trajectory.journal.columns;
  }
  /** The norm of all gradients together, before clipping, at each step. */
  get gradientNorms(): readonly number[] {
    return this.#trajectory.journal.gradientNorms;
  }
  /** Norms of each layer's gradient, weights and update at every step, where the run is watched (`watch: true`). */
  get instruments(): Instruments | undefined {
    return this.#trajectory.instruments;
  }
  get best(): Best | undefined {
    return this.#trajectory.best;
  }
  get marks(): readonly RunEventMark[] {
    return this.#trajectory.journal.marks;
  }

  /**
   * Trains to the end: all epochs, or until early stopping or `stop()`.
   *
   * @throws NonFiniteError before an update by NaN or infinity is applied; KeyboardInterrupt when the
   *   cell is interrupted. The model keeps the weights of the last sound step.
   */
  async train(): Promise<void> {
    await this.#loop.advance({ verb: "train()", target: this.#plan.steps, watched: false });
  }

  /**
   * Takes `count` optimizer steps and pauses. Resolves to the last one's figures.
   *
   * @throws where it is stopped before the run's first step
   */
  async step(count = 1): Promise<StepRecord> {
    await this.#take(count);
    return this.#lastStep();
  }

  /**
   * Trains to the end of the `count`-th epoch from here and pauses. Resolves to its figures; where it is stopped
   * earlier, to those of the last epoch that was measured.
   *
   * @throws where it is stopped before any epoch was measured
   */
  async epoch(count = 1): Promise<EpochRecord> {
    const epochs = whole("epoch(n)", count, 1);
    const finished = Math.floor(this.currentStep / this.#plan.stepsPerEpoch);
    await this.#loop.advance({ verb: `epoch(${count})`, target: () => (finished + epochs) * this.#plan.stepsPerEpoch, watched: false });
    const record = this.history.at(-1);
    if (!record) throw new Error(`epoch(${count}): ${this.name} was stopped after step ${this.currentStep}, before the end of its first epoch; there are no figures of an epoch yet`);
    return record;
  }

  /** Takes steps until `condition` holds after one, or to the end. */
  async until(condition: (step: StepRecord, run: Run) => boolean): Promise<StepRecord> {
    callable("until(condition)", condition, "run.until((step) => step.loss < 0.1)");
    await this.#loop.advance({ verb: "until(…)", target: this.#plan.steps, watched: true, enough: (step) => condition(step, this) });
    return this.#lastStep();
  }

  /** `for await (const step of run)`: a step each turn of the loop; `pause()` holds the next one until `resume()`, leaving the loop pauses the run. */
  async *[Symbol.asyncIterator](): AsyncGenerator<StepRecord, void, void> {
    this.#loop.following = true;
    try {
      while (!this.#loop.over) {
        const before = this.currentStep;
        await this.#take(1);
        if (this.currentStep > before) yield this.#lastStep();
        if (this.state === "stopped") return;
      }
    } finally {
      this.#loop.following = false;
    }
  }

  async #take(count: number): Promise<void> {
    await this.#loop.advance({ verb: `step(${count})`, target: this.currentStep + whole("step(n)", count, 1), watched: true });
  }

  #lastStep(): StepRecord {
    const { lastStep } = this.#trajectory;
    if (!lastStep) throw new Error(`${this.name} was stopped before its first step; there are no figures of a step yet`);
    return lastStep;
  }

  /**
   * Goes back to a step or to the end of an epoch, exactly: weights, optimizer, figures, what was frozen
   * and the data order are as they were, to the bit. From there the run goes on as before, or otherwise
   * after a `freeze`; for other options see `fork`.
   *
   * @throws when the place lies ahead, or before a fork; and when a step cannot be repeated because the
   *   data or a loss function's randomness has changed
   */
  async rewind(to: { step: number } | { epoch: number }): Promise<void> {
    this.#loop.alive("rewind");
    const { unrepeatable, stepsPerEpoch } = this.#plan;
    if (unrepeatable !== undefined) throw new Error(`${this.name} cannot be rewound: ${unrepeatable}`);
    const step = stepOf(to, stepsPerEpoch);
    const { origin, floor, step: now } = this.#trajectory;
    if (!Number.isInteger(step) || step < floor || step > now) {
      const why = floor > origin ? "; it was taken up from a checkpoint there" : origin > 0 ? "; it was forked there, and what lies before is the first run's" : "";
      throw new RangeError(`rewind({ ${"step" in to ? `step: ${to.step}` : `epoch: ${to.epoch}`} }): ${this.name} can go back to the steps ${floor} to ${now}${why}`);
    }
    await this.#loop.rewind(step);
  }

  /**
   * Another run that begins where this one stands, with a copy of the model and the same past, and other
   * options from here on: `run.fork({ dropout: 0.4 })`. Data, order and random numbers are the same, so
   * that what differs afterwards is what was changed. The same optimizer with other settings keeps what it has gathered.
   *
   * @throws on changes that would shift the data under a run that has begun (batch size, accumulation), and on epochs that
   *   are over
   */
  fork(changes: FinetuneOptions = {}): Run {
    this.#loop.alive("fork");
    const { busy } = this.#loop;
    if (busy) throw new Error(`${this.name} is training (${busy}); pause comes too soon to fork: await that first`);
    if (this.#plan.unrepeatable !== undefined) throw new Error(`${this.name} cannot be forked: ${this.#plan.unrepeatable}`);
    checkFork(changes, this.currentStep, this.#plan.stepsPerEpoch);
    const model = copyModel(this.model);
    const { plan, replan, sameOptimizer } = this.#replan(model, { name: `${this.name}, forked`, ...changes });
    const trajectory = this.#trajectory.branch(model, plan, sameOptimizer);
    trajectory.journal.marks.push({ step: this.currentStep, kind: "fork", label: `forked from ${this.name}${describeChanges(changes)}${describeKept(changes, plan.settings.rule, sameOptimizer, this.currentStep)}` });
    const made = new Run(plan, replan, trajectory);
    made.#lineage = new Map([...this.#lineage, [this.id, this.currentStep]]);
    return made;
  }

  /** Proves what stayed frozen: each weight `locked`, `learning`, `trained, but still` or `moved though frozen`, by hashes since the beginning. */
  proof(): DataFrame {
    return proofTable(this.#trajectory.proof());
  }

  /**
   * The weights as they are now, moving averages too, by path: copies, which the caller disposes.
   *
   * @param selectors which, as for `freeze`: `run.weights("conv*")`, `run.weights(biases)`; none: all
   */
  weights(...selectors: Selector[]): Record<string, Tensor> {
    return Object.fromEntries(weightsMatching(this.model, selectors).map(({ path, variable }) => [path, variable.read().clone()]));
  }

  /**
   * What each layer puts out, by layer path (`encoder/block1` in a nested model), in inference mode with the
   * weights as they are now: [samples, ...] each, which the caller disposes.
   *
   * @param x inputs; those of the batch just taken unless given
   */
  activations(x?: Samples["x"]): Record<string, Tensor> {
    this.#loop.alive("activations");
    return this.#trajectory.activations(x);
  }

  /**
   * What this run and another have not in common: options, figures of each epoch since they parted, what
   * trains, the best epoch. Shows itself as tables.
   *
   * @example
   * const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, activation: "softmax", inputShape: [2] })] });
   * const run = finetune(model, { x: [[0, 0], [0, 1], [1, 0], [1, 1]], y: [0, 0, 1, 1] }, { epochs: 3 });
   * await run.epoch();
   * const fork = run.fork({ learningRate: 0.1 });
   * await fork.train();
   * await run.train();
   * run.compare(fork).forkedAt; // 1
   */
  compare(other: Run): RunComparison {
    if (!(other instanceof Run)) throw new TypeError(`run.compare wants another run, as of run.fork(); it got ${brief(other)}`);
    return new RunComparison(this.#side(), other.#side());
  }

  /** The gradients of the step just taken, by weight path; the caller disposes them. */
  gradients(): Record<string, Tensor> {
    this.#loop.alive("gradients");
    return this.#trajectory.gradients();
  }

  /** A model of its own with the averaged weights as they are now, where the run averages. */
  averaged(): LayersModel {
    this.#loop.alive("averaged");
    return this.#trajectory.averaged();
  }

  /** Holds a call that is training, or `for await`, between two steps, until `resume()`. */
  pause(): void {
    this.#loop.pause();
  }

  /** Lets a call go on that was paused. */
  resume(): void {
    this.#loop.resume();
  }

  /** Ends a call that is training, or `for await`, after the present step; any verb goes on from there. The best or averaged weights are put in place. */
  stop(): void {
    this.#loop.stop();
  }

  /**
   * Calls `listener` with each step, epoch and change of state.
   *
   * @param options `figures: true`: it only reads figures, and acts on the run later than in the call, so
   *   that several steps may be taken and told together
   */
  subscribe(listener: (event: RunEvent) => void, { figures = false }: { figures?: boolean } = {}): () => void {
    return this.#loop.subscribe(listener, figures);
  }

  #side(): ComparedRun {
    const { given, epochs, learningRate, batchSize, seed, settings } = this.#plan;
    const decided = { epochs, batchSize, learningRate, optimizer: settings.rule.name, seed };
    return { id: this.id, name: this.name, state: this.state, step: this.currentStep, history: this.history, best: this.best, lineage: this.#lineage, options: { ...decided, ...given }, trained: this.#trajectory.journal.freezing.at(-1)?.trained ?? trainedPaths(this.model) };
  }

  /** Lets go of slots and snapshots. The model stays; the run cannot go on. @throws while it is training */
  dispose(): void {
    this.#loop.dispose();
    abandoned.unregister(this);
    this.#trajectory.dispose();
  }
}

const abandoned = new FinalizationRegistry<Trajectory>((trajectory) => trajectory.dispose());
