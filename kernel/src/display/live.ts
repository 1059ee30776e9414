/**
 * The live chart, seen from the kernel: one display per run that is updated as epochs end, and a comm for
 * each chart in a page that wants every step.
 */

import type { ObservableRun, RunEvent } from "../training/runs/run.types";
import { lastStep } from "./delta";
import type { Comm, Frontend, Shown } from "./frontend";
import { isLive } from "./headline";
import { runBundle, weightCounts } from "./run-bundle";
import { runView } from "./run-view";
import { Speed } from "./speed";
import { RUN_COMM_TARGET, type RunCommCommand, type RunCommMessage, type RunCommOpen } from "./views";

/** Milliseconds between two messages to one chart: at most 4 a second. */
const BETWEEN_DELTAS = 250;
/** Milliseconds between two updates of the notebook's output, at least. */
const BETWEEN_UPDATES = 1000;
/** A picture takes 50 to 150 ms: with 40 times that in between, drawing costs a run at most 2.5%. */
const SHARE = 40;

interface Listener {
  comm: Comm;
  /** The last step of which it has points; -1 for none. */
  has: number;
}

/** One run and all that shows it. */
class FollowedRun {
  readonly displayId: string;
  private readonly listeners = new Set<Listener>();
  private readonly speed = new Speed();
  /** Cells in which a chart of this run stands. */
  private readonly cells = new Set<string>();
  private counts: { trainable: number; parameters: number };
  private toldFailure = false;
  private shown: Shown | undefined;
  private updatedAt = Number.NEGATIVE_INFINITY;
  private updateEvery = BETWEEN_UPDATES;
  private updateTimer: NodeJS.Timeout | undefined;
  private sentAt = Number.NEGATIVE_INFINITY;
  private sendTimer: NodeJS.Timeout | undefined;

  constructor(
    readonly run: ObservableRun,
    private readonly frontend: Frontend,
  ) {
    this.displayId = `thawbook-run-${run.id}`;
    this.counts = weightCounts(run.model);
    run.subscribe((event) => {
      try {
        this.changed(event);
      } catch (error) {
        this.failed(error);
      }
    }, { figures: true });
  }

  /** Puts a chart into the running cell, unless one stands there. */
  place(): void {
    const cell = this.frontend.currentCell?.();
    // Once its cell has ended there is no other one that it could go on in.
    if (cell === undefined ? this.updatedAt !== Number.NEGATIVE_INFINITY : this.cells.has(cell)) return;
    if (cell !== undefined) this.cells.add(cell);
    this.draw(false);
  }

  standsInThisCell(): boolean {
    const cell = this.frontend.currentCell?.();
    return cell !== undefined && this.cells.has(cell);
  }

  listen(comm: Comm, has: number): void {
    const listener: Listener = { comm, has };
    this.listeners.add(listener);
    comm.onClose(() => this.listeners.delete(listener));
    comm.onMessage((data) => this.obey(data as RunCommCommand));
    this.send(listener);
  }

  private obey(command: RunCommCommand): void {
    if (command.kind === "pause") this.run.pause();
    else if (command.kind === "resume") this.run.resume();
    else if (command.kind === "stop") this.run.stop();
  }

  private changed(event: RunEvent): void {
    this.speed.note(this.run.seconds, this.run.currentStep);
    if (event.kind === "state" && !isLive(this.run.state)) {
      this.draw(true);
      this.sendAll();
      return;
    }
    this.sendSoon();
    if (event.kind === "state") {
      // It goes on in another cell: there it gets a chart too. In its own cell one stands already.
      if (this.run.state === "running") this.place();
      else this.updateSoon();
    }
    // The end of the last epoch is the end of the run: its state says so next.
    if (event.kind === "epoch" && event.record.epoch < this.run.plan.epochs) this.updateSoon();
  }

  /**
   * Brings the notebook's output up to date now, if it waits. Called as a cell ends: front ends drop updates
   * that come after.
   */
  flush(): void {
    if (this.updateTimer !== undefined) this.draw(true);
  }

  /** A chart that cannot be drawn is told once; the training goes on. */
  private failed(error: unknown): void {
    if (this.toldFailure) return;
    this.toldFailure = true;
    this.frontend.stream("stderr", `The chart of ${this.run.name} cannot be drawn: ${error instanceof Error ? error.message : String(error)}\n`);
  }

  private draw(update: boolean): void {
    clearTimeout(this.updateTimer);
    this.updateTimer = undefined;
    // Nobody to see it: run.step() in a timer of a cell that never showed the run.
    if (update && this.updatedAt === Number.NEGATIVE_INFINITY) return;
    const before = performance.now();
    this.counts = weightCounts(this.run.model);
    this.shown = runBundle(this.run, this.speed.stepsPerSecond);
    this.frontend.display(this.shown, { displayId: this.displayId, update });
    this.updatedAt = performance.now();
    this.updateEvery = Math.max(BETWEEN_UPDATES, SHARE * (this.updatedAt - before));
  }

  private updateSoon(): void {
    if (this.updateTimer !== undefined) return;
    const wait = this.updatedAt + this.updateEvery - performance.now();
    if (wait <= 0) return this.draw(true);
    this.updateTimer = setTimeout(() => this.draw(true), wait).unref();
  }

  private sendSoon(): void {
    if (this.listeners.size === 0 || this.sendTimer !== undefined) return;
    const wait = this.sentAt + BETWEEN_DELTAS - performance.now();
    if (wait <= 0) return this.sendAll();
    this.sendTimer = setTimeout(() => this.sendAll(), wait).unref();
  }

  private sendAll(): void {
    clearTimeout(this.sendTimer);
    this.sendTimer = undefined;
    this.sentAt = performance.now();
    for (const listener of this.listeners) this.send(listener);
  }

  private send(listener: Listener): void {
    // A run that was rewound has fewer steps than the chart: it is told all anew.
    const whole = listener.has < 0 || listener.has > this.run.currentStep;
    const speed = this.speed.stepsPerSecond;
    const view = runView(this.run, { ...this.counts, ...(speed !== undefined && { stepsPerSecond: speed }), ...(!whole && { since: listener.has }) });
    listener.has = Math.max(whole ? -1 : listener.has, lastStep(view));
    const message: RunCommMessage = { kind: whole ? "view" : "delta", view };
    // The chart's output may have missed its last update: the page puts this in its place.
    if (!isLive(view.state) && this.shown) message.output = this.shown.data;
    listener.comm.send(message);
  }
}

/** Follows the runs of one kernel for one front end. */
export class LiveRuns {
  /** Held weakly, so that a run that the person has dropped is not kept by its chart; the run's listener holds it. */
  private readonly followed = new Map<string, WeakRef<FollowedRun>>();

  constructor(private readonly frontend: Frontend) {
    frontend.registerCommTarget(RUN_COMM_TARGET, (comm, data) => this.opened(comm, data));
  }

  /** A run has started: its chart appears in the running cell. */
  started(run: ObservableRun): void {
    this.follow(run).place();
  }

  /**
   * A run is shown as a value. True where a live chart took care of it: one stands in this cell already, or the
   * run goes on and got one that goes on with it.
   */
  placed(run: ObservableRun): boolean {
    const followed = this.follow(run);
    if (followed.standsInThisCell()) return true;
    if (!isLive(run.state)) return false;
    followed.place();
    return true;
  }

  /** A cell ends: charts that wait for their next update get it now. */
  flush(): void {
    for (const reference of this.followed.values()) reference.deref()?.flush();
  }

  private follow(run: ObservableRun): FollowedRun {
    const known = this.followed.get(run.id)?.deref();
    if (known) return known;
    const followed = new FollowedRun(run, this.frontend);
    for (const [id, reference] of this.followed) if (reference.deref() === undefined) this.followed.delete(id);
    this.followed.set(run.id, new WeakRef(followed));
    return followed;
  }

  private opened(comm: Comm, data: unknown): void {
    const { run, lastStep: has } = (data ?? {}) as Partial<RunCommOpen>;
    const followed = typeof run === "string" ? this.followed.get(run)?.deref() : undefined;
    if (followed) followed.listen(comm, typeof has === "number" ? has : -1);
    else comm.send({ kind: "unknown", run: String(run) } satisfies RunCommMessage);
  }
}
