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

/** Calls `listener` with each run as it takes its first step. @returns ends the calls */
export function onRunStarted(listener: (run: ObservableRun) => void): () => void {
  followers.add(listener);
  return () => followers.delete(listener);
}

export function announce(run: ObservableRun): void {
  followers.forEach((listener) => listener(run));
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
