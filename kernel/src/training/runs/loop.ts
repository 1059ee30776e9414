import type { RunState } from "../../display/views";
import type { Checkpoints } from "./checkpoint";
import { announce, breathe, guarded } from "./hooks";
import { announceWatched } from "./watched";
import { ProbeError } from "./probes";
import type { Plan } from "../plan/plan.types";
import type { Run } from "./run";
import type { RunEvent } from "./run.types";
import type { StepRecord } from "./step-record";
import type { Trajectory } from "./trajectory";

/** How far a call goes. */
export interface Stretch {
  /** The call in the person's words: `step(3)`. */
  verb: string;
  /** Optimizer steps that will have been taken at its end. */
  target: number | (() => number);
  /** Whether `gradients()` are asked for after the last step. */
  watched: boolean;
  /** Ends it earlier. */
  enough?: (step: StepRecord) => boolean;
}

/** What takes a trajectory further: one call at a time, which can be paused, stopped and interrupted between steps. */
export class TrainingLoop {
  state: RunState = "ready";
  message: string | undefined;
  readonly #run: Run;
  readonly #trajectory: Trajectory;
  readonly #plan: Plan;
  readonly #checkpoints: Checkpoints | undefined;
  readonly #listeners = new Set<(event: RunEvent) => void>();
  /** Those that may look at the model whenever they are told something. */
  readonly #watchers = new Set<(event: RunEvent) => void>();
  /** Milliseconds of finished stretches of training, and the beginning of the present one. */
  #trainedFor = 0;
  #since: number | undefined;
  /** The call that is going on, if one is. */
  #busy: string | undefined;
  #stopAsked = false;
  #wake: (() => void) | undefined;
  #announced = false;
  #disposed = false;
  /** Whether `for await` takes the steps: then a pause between two of them holds the next. */
  following = false;
  #held = false;
  readonly #failing = new WeakSet<(event: RunEvent) => void>();

  /** @param trainedFor seconds before it was taken up from a checkpoint */
  constructor(run: Run, trajectory: Trajectory, plan: Plan, checkpoints: Checkpoints | undefined, trainedFor = 0) {
    this.#run = run;
    this.#trajectory = trajectory;
    this.#plan = plan;
    this.#checkpoints = checkpoints;
    this.#trainedFor = trainedFor * 1000;
    if (trajectory.step > 0) this.state = "paused";
    if (trajectory.step >= plan.steps || trajectory.ended !== undefined) this.#settle();
  }

  get seconds(): number {
    return (this.#trainedFor + (this.#since === undefined ? 0 : performance.now() - this.#since)) / 1000;
  }
  get busy(): string | undefined {
    return this.#busy;
  }
  /** Whether no verb can take it further. One that was stopped or interrupted by hand can go on. */
  get over(): boolean {
    return this.state === "finished" || this.state === "failed" || this.#trajectory.ended !== undefined;
  }

  async advance({ verb, target, watched, enough }: Stretch): Promise<void> {
    this.alive(verb);
    if (this.over) throw new Error(`${this.#run.name} has ended (${this.message ?? this.state}); make another with finetune, or go back with run.rewind`);
    this.#begin(verb);
    this.#stopAsked = false;
    // How long an epoch of a stream is may become known on the way.
    const goalNow = () => Math.min(typeof target === "function" ? target() : target, this.#plan.steps);
    const trajectory = this.#trajectory;
    try {
      this.change(this.#held ? "paused" : "running");
      this.#held = false;
      if (!this.#announced && this.#plan.chart) announce(this.#run);
      if (!this.#announced && this.#plan.watch) announceWatched(this.#run);
      this.#announced = true;
      await guarded(() => trajectory.open(), () => this.#cutOff());
      if (this.state === "paused") await this.#paused();
      // An interrupt may have come while an epoch was being measured.
      await this.#closeEpoch();
      let satisfied = false;
      while (!satisfied && !this.#stopAsked && trajectory.step < goalNow() && !trajectory.ended) {
        const goal = goalNow();
        await breathe();
        if (this.state === "paused") await this.#paused();
        if (this.#stopAsked) break;
        const attended = enough !== undefined || this.#watchers.size > 0;
        // The step whose gradients may be asked for is taken alone.
        const limit = attended ? 1 : Math.min(Math.max(1, goal - trajectory.step - (watched ? 1 : 0)), this.#checkpoints?.room(trajectory.step) ?? Infinity);
        await guarded(() => trajectory.prepare(limit), () => this.#cutOff());
        await guarded(() => this.#fillPrefix(), () => this.#cutOff());
        if (this.#stopAsked) break;
        const withGradients = watched && (enough !== undefined || trajectory.step === goal - 1);
        const taken = await guarded(() => trajectory.takeSteps(limit, withGradients), () => this.#cutOff());
        const last = trajectory.step;
        for (let step = last - taken + 1; step <= last; step++) this.#tell({ kind: "step", step });
        // Whether this was the last of the epoch, only the next sample tells.
        if (this.#plan.stepsPerEpoch === Infinity) await guarded(() => trajectory.prepare(1), () => this.#cutOff());
        await this.#closeEpoch();
        await this.#checkpoint(false);
        satisfied = enough?.(trajectory.lastStep!) ?? false;
      }
      if (this.#stopAsked || trajectory.step >= this.#plan.steps || trajectory.ended !== undefined) await this.#checkpoint(true);
      this.#settle();
    } catch (error) {
      const interrupted = error instanceof Error && error.name === "KeyboardInterrupt";
      if (interrupted) trajectory.finish();
      // A probe is no part of training: with another, or none that fails, it goes on from here.
      this.change(interrupted ? "interrupted" : error instanceof ProbeError ? "paused" : "failed", interrupted ? `interrupted after step ${trajectory.step}` : error instanceof Error ? error.message : String(error));
      throw error;
    } finally {
      this.#busy = undefined;
    }
  }

  /** @throws where it has let go of what a verb needs */
  alive(verb: string): void {
    if (this.#disposed) throw new Error(`${verb}: ${this.#run.name} has been disposed, and its optimizer and snapshots with it; make another with finetune(run.model, …)`);
  }

  dispose(): void {
    if (this.#busy) throw new Error(`${this.#run.name} is training (${this.#busy}); call run.stop() and await that before run.dispose()`);
    this.#disposed = true;
  }

  /** Goes back. What interrupts or prevents it leaves the run where it was. */
  async rewind(step: number): Promise<void> {
    this.alive(`rewind to step ${step}`);
    this.#begin(`rewind to step ${step}`);
    const { state, message } = this;
    try {
      await guarded(() => this.#trajectory.rewind(step, (at) => this.#replayed(at, step)), () => this.#cutOff());
      this.#checkpoints?.rewound();
      this.change(step === 0 ? "ready" : "paused");
    } catch (error) {
      this.change(state, message);
      throw error;
    } finally {
      this.#busy = undefined;
    }
  }

  pause(): void {
    if (this.state === "running") this.change("paused");
    else if (this.following && !this.#busy && this.state === "paused") this.#held = true;
  }

  resume(): void {
    this.#held = false;
    if (this.state !== "paused" || !this.#busy) return;
    this.change("running");
    this.#wake?.();
  }

  stop(): void {
    this.#stopAsked = true;
    this.#held = false;
    // Between two calls there is no step to wait for.
    if (!this.#busy && !this.over && this.#trajectory.step > 0) this.#settle();
    this.#wake?.();
  }

  subscribe(listener: (event: RunEvent) => void, figures: boolean): () => void {
    this.#listeners.add(listener);
    if (!figures) this.#watchers.add(listener);
    return () => {
      this.#listeners.delete(listener);
      this.#watchers.delete(listener);
    };
  }

  change(state: RunState, message?: string): void {
    if (this.#since !== undefined) this.#trainedFor += performance.now() - this.#since;
    this.#since = state === "running" ? performance.now() : undefined;
    this.state = state;
    this.message = message;
    this.#tell({ kind: "state" });
  }

  async #closeEpoch(): Promise<void> {
    if (!this.#trajectory.epochToClose) return;
    this.#tell({ kind: "epoch", record: await guarded(() => this.#trajectory.closeEpoch(this.seconds), () => this.#cutOff()) });
  }

  /** @param last whether training ends here: then what is not on the disk is written */
  async #checkpoint(last: boolean): Promise<void> {
    const checkpoints = this.#checkpoints;
    if (!checkpoints) return;
    const { step, best, journal } = this.#trajectory;
    if (!checkpoints.due(step, last || best?.step === step)) return;
    try {
      await checkpoints.write(this.#trajectory.model, this.#trajectory.standing(), { name: this.#run.name, seconds: this.seconds }, best?.step);
    } catch (error) {
      // A disk that is full after hours is no reason to lose them; one that takes nothing at all is.
      if (!checkpoints.any) throw error;
      const label = `no checkpoint at step ${step}: ${error instanceof Error ? error.message : String(error)}`;
      journal.marks.push({ step, kind: "note", label });
      process.stderr.write(`${this.#run.name}: ${label}\n`);
    }
  }

  /** Between replayed steps: hooks, and now and then a word on how far it is. */
  async #replayed(at: number, goal: number): Promise<void> {
    this.#tellProgress(`replaying step ${at} of ${goal}`);
    await breathe();
  }

  /** What the next step takes of the frozen prefix is computed in pieces, so that stop and interrupt act, and told. */
  async #fillPrefix(): Promise<void> {
    let filling = false;
    await this.#trajectory.fillPrefix(async (known, rows) => {
      filling = true;
      this.#tellProgress(`caching ${known}/${rows}`);
      await breathe();
    });
    if (!filling && this.message?.startsWith("caching")) this.message = undefined;
  }

  #tellProgress(message: string): void {
    this.message = message;
    const now = performance.now();
    if (now - this.#toldAt <= 250) return;
    this.#toldAt = now;
    this.#tell({ kind: "state" });
  }
  #toldAt = 0;

  /** A step took so long that V8 ended it from outside. What it had not written yet is lost; the run's verbs work again. */
  #cutOff(): void {
    this.#busy = undefined;
    this.#trajectory.cutOff();
    this.change("interrupted", `cut off within step ${this.#trajectory.step + 1}`);
  }

  #begin(verb: string): void {
    if (this.#busy) throw new Error(`${this.#run.name} is training already (${this.#busy}); await that first, or call run.stop()`);
    this.#busy = verb;
  }

  #settle(): void {
    const { ended, step } = this.#trajectory;
    if (ended !== undefined) {
      this.#trajectory.finish();
      this.change("stopped", ended);
    } else if (step >= this.#plan.steps) {
      this.#trajectory.finish();
      this.change("finished");
    } else if (this.#stopAsked) {
      this.#trajectory.finish();
      this.change("stopped", `stopped by hand after step ${step}`);
    } else this.change("paused");
  }

  /** Until resume or stop; hooks go on being called, so that the cell can be interrupted. */
  async #paused(): Promise<void> {
    while (this.state === "paused" && !this.#stopAsked) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 50);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
      await breathe();
    }
  }

  #tell(event: RunEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        // Who looks on does not end the training.
        if (this.#failing.has(listener)) continue;
        this.#failing.add(listener);
        process.stderr.write(`${this.#run.name}: a listener of run.subscribe failed (${error instanceof Error ? (error.stack ?? error.message) : String(error)}); training goes on, and it is told further events\n`);
      }
    }
  }
}
