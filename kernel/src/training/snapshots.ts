import { hostBytes } from "./host-state";
import type { HostState } from "./host-state";

export interface Snapshot {
  step: number;
  state: HostState;
  /** The best weights so far, where they are kept. */
  best: { step: number; state: HostState } | undefined;
}

/**
 * Where a run can be taken up again: a snapshot now and then within a budget of memory, the rest is
 * replayed. The first is always kept, and the later ones more densely than the early ones.
 */
export class Snapshots {
  #kept: Snapshot[] = [];
  readonly #budget: number;

  /** @param budget in bytes, of all snapshots together */
  constructor(budget = 256 * 2 ** 20) {
    this.#budget = budget;
  }

  get steps(): number[] {
    return this.#kept.map(({ step }) => step);
  }

  add(snapshot: Snapshot): void {
    this.#kept = [...this.#kept.filter(({ step }) => step < snapshot.step), snapshot];
    while (this.#kept.length > 2 && (this.#kept.length > 64 || this.#bytes() > this.#budget)) this.#kept.splice(leastMissed(this.steps), 1);
  }

  /** The last one at or before a step. */
  before(step: number): Snapshot | undefined {
    return this.#kept.findLast((snapshot) => snapshot.step <= step);
  }

  /** Forgets what lies beyond a step. */
  cut(step: number): void {
    this.#kept = this.#kept.filter((snapshot) => snapshot.step <= step);
  }

  clear(): void {
    this.#kept = [];
  }

  #bytes(): number {
    return hostBytes(this.#kept.flatMap(({ state, best }) => (best ? [state, best.state] : [state])));
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
