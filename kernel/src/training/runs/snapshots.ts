import { hostBytes } from "../steps/host-state";
import type { HostState } from "../steps/host-state";
import { SpilledStates } from "./spilled-states";

export interface Snapshot {
  step: number;
  state: HostState;
  /** The best weights so far, where they are kept. */
  best: { step: number; state: HostState } | undefined;
}

export interface SnapshotBudget {
  /** In bytes, of all snapshots in memory together; 256 MiB. */
  memory?: number;
  /** In bytes, of those that memory has no room for, in a temporary folder that goes with the run; 1 GiB. */
  disk?: number;
}

/** @throws on what is no number of bytes */
export function snapshotBudget({ memory = 256 * 2 ** 20, disk = 2 ** 30 }: SnapshotBudget = {}): Required<SnapshotBudget> {
  for (const [name, value] of Object.entries({ memory, disk })) if (!(value >= 0)) throw new RangeError(`snapshots.${name} must be a number of bytes from 0 on; it is ${value}`);
  return { memory, disk };
}

/** In memory with its state, or on the disk without. */
type Kept = { step: number; snapshot: Snapshot } | { step: number; snapshot: undefined; bytes: number };

/** Most snapshots, wherever they lie: more would bring little. */
const MOST = 64;

/** Steps between two, beside those at the beginning of every epoch. */
const EVERY = 100;

/**
 * Where a run can be taken up again: a snapshot now and then within a budget of memory and disk, the rest
 * is replayed. The first is always kept, and the later ones more densely than the early ones.
 */
export class Snapshots {
  #kept: Kept[] = [];
  readonly #budget: Required<SnapshotBudget>;
  readonly #spilled = new SpilledStates();

  constructor(budget?: SnapshotBudget) {
    this.#budget = snapshotBudget(budget);
  }

  get steps(): number[] {
    return this.#kept.map(({ step }) => step);
  }

  /** Whether one is to be made before the step that follows `step` others. */
  due(step: number, stepsPerEpoch: number): boolean {
    const last = this.steps.at(-1);
    return last === undefined || (step > last && (step % stepsPerEpoch === 0 || step - last >= EVERY));
  }

  /** How many steps may be taken until one is due, as far as epochs do not end. */
  room(step: number): number {
    return (this.steps.at(-1) ?? 0) + EVERY - step;
  }

  /** Bytes in memory and on the disk. */
  get bytes(): Required<SnapshotBudget> {
    const held = this.#kept.flatMap(({ snapshot }) => (snapshot ? [snapshot] : []));
    return {
      memory: hostBytes(held.flatMap(({ state, best }) => (best ? [state, best.state] : [state]))),
      disk: this.#kept.reduce((sum, each) => sum + (each.snapshot ? 0 : each.bytes), 0),
    };
  }

  add(snapshot: Snapshot): void {
    this.cut(snapshot.step - 1);
    this.#kept.push({ step: snapshot.step, snapshot });
    if (this.#kept.length > MOST) this.#drop(leastMissed(this.steps));
    while (this.bytes.memory > this.#budget.memory) {
      // The first stays, what the others share with it is not written; the last will be wanted first.
      const held = this.#kept.filter(({ snapshot: own }, index) => own && index > 0 && index < this.#kept.length - 1);
      if (held.length === 0) return;
      if (this.#budget.disk === 0) this.#drop(leastMissed(this.steps));
      else this.#spill(held[0]!);
    }
  }

  /** The last one at or before a step. */
  before(step: number): Snapshot | undefined {
    for (let index = this.#kept.findLastIndex((each) => each.step <= step); index >= 0; index--) {
      const { step: at, snapshot } = this.#kept[index]!;
      if (snapshot) return snapshot;
      try {
        return this.#spilled.read(at);
      } catch {
        // Someone has cleaned the temporary folder: more is replayed from the one before.
        this.#drop(index);
      }
    }
    return undefined;
  }

  /** Forgets what lies beyond a step. */
  cut(step: number): void {
    while ((this.#kept.at(-1)?.step ?? -1) > step) this.#drop(this.#kept.length - 1);
  }

  clear(): void {
    this.#kept = [];
    this.#spilled.clear();
  }

  #spill(kept: Kept): void {
    const bytes = this.#spilled.write(kept.snapshot!, this.#kept[0]!.snapshot!);
    this.#kept[this.#kept.indexOf(kept)] = { step: kept.step, snapshot: undefined, bytes };
    while (this.bytes.disk > this.#budget.disk) {
      const spilled = this.#kept.filter(({ snapshot }) => !snapshot).map(({ step }) => step);
      const missed = leastMissed([this.#kept[0]!.step, ...spilled, this.#kept.at(-1)!.step]);
      this.#drop(this.#kept.findIndex(({ step }) => step === spilled[missed - 1]));
    }
  }

  #drop(index: number): void {
    const [dropped] = this.#kept.splice(index, 1);
    if (dropped && !dropped.snapshot) this.#spilled.remove(dropped.step);
  }
}

/**
 * The index of the snapshot without which replays grow least, measured against how long ago it was;
 * never the first or the last.
 */
export function leastMissed(steps: readonly number[]): number {
  const now = steps.at(-1)!;
  let least = 1;
  let cost = Infinity;
  for (let index = 1; index < steps.length - 1; index++) {
    const gap = (steps[index + 1]! - steps[index - 1]!) / (now - steps[index]! + 1);
    if (gap < cost) [least, cost] = [index, gap];
  }
  return least;
}
