import { setImmediate as nextTurn } from "node:timers/promises";
import type { ObservableRun } from "./run.types";

type Hook = () => void | Promise<void>;

const hooks = new Set<Hook>();
const followers = new Set<(run: ObservableRun) => void>();

/**
 * Calls `hook` between any two steps of any run, and while a run is paused. What it throws ends the
 * training call: the kernel throws KeyboardInterrupt here.
 *
 * @returns ends the calls
 */
export function betweenSteps(hook: Hook): () => void {
  hooks.add(hook);
  return () => hooks.delete(hook);
}

const inside = new Set<() => void>();

/**
 * Does `work` of a run; `cutOff` is called instead of its return if V8 terminates it, where no `finally` runs.
 */
export async function guarded<T>(work: () => T | Promise<T>, cutOff: () => void): Promise<T> {
  inside.add(cutOff);
  try {
    return await work();
  } finally {
    inside.delete(cutOff);
  }
}

/** Tells that V8 has terminated whatever ran: a run that was inside a step will not come back from it. */
export function terminated(): void {
  const lost = [...inside];
  inside.clear();
  for (const cutOff of lost) cutOff();
}

/** Calls `listener` with each run as it takes its first step. @returns ends the calls */
export function onRunStarted(listener: (run: ObservableRun) => void): () => void {
  followers.add(listener);
  return () => followers.delete(listener);
}

let quiet = 0;

export function announce(run: ObservableRun): void {
  if (quiet === 0) followers.forEach((listener) => listener(run));
}

/** Runs that start while `work` goes on are not followed: twenty charts are no comparison. */
export async function quietly<T>(work: () => Promise<T>): Promise<T> {
  quiet += 1;
  try {
    return await work();
  } finally {
    quiet -= 1;
  }
}

/** The longest that messages wait while a model trains, in milliseconds, as far as steps are shorter. */
const TURN = 10;
let lastTurn = 0;

/** Between two steps: hooks, and at least every 10 ms a turn of the event loop, so that messages act. */
export async function breathe(): Promise<void> {
  for (const hook of hooks) {
    const pending = hook();
    if (pending) await pending;
  }
  if (performance.now() - lastTurn < TURN - 2) return;
  await nextTurn();
  lastTurn = performance.now();
}
