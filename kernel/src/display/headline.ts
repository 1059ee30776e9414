/** What a chart's header says. Pure; shared by the picture and the live chart. */

import { count, duration, figure, metricTitle, trainableOf } from "./words";
import type { RunState, RunView } from "./views";

export interface Headline {
  name: string;
  state: string;
  tone: "live" | "good" | "quiet" | "bad";
  /** 0 to 1. */
  progress: number;
  /** `epoch 3 of 5`, `step 230 of 575`, `92 steps/s`, `12 s left`. */
  facts: string[];
  /** `best validation loss 0.2134 (epoch 4)` */
  best?: string;
  trainable: string;
  message?: string;
}

const STATES: Record<RunState, [string, Headline["tone"]]> = {
  ready: ["ready", "quiet"],
  running: ["training", "live"],
  paused: ["paused", "quiet"],
  finished: ["finished", "good"],
  stopped: ["stopped", "quiet"],
  interrupted: ["interrupted", "quiet"],
  failed: ["failed", "bad"],
};

/** Whether a run may still go on by itself, so that a front end should listen. */
export const isLive = (state: RunState): boolean => state === "ready" || state === "running" || state === "paused";

const pace = (speed: number): string =>
  speed >= 10 ? `${count(speed)} steps/s` : speed >= 1 ? `${speed.toFixed(1)} steps/s` : `${duration(1 / speed)} a step`;

export function headline(view: RunView): Headline {
  const [state, tone] = STATES[view.state];
  const speed = view.stepsPerSecond ?? (view.seconds > 0 ? view.step / view.seconds : undefined);
  const facts: string[] = [];
  if (view.epochs > 1) facts.push(view.state === "finished" && view.epoch >= view.epochs ? `${view.epochs} epochs` : `epoch ${Math.max(1, view.epoch)} of ${view.epochs}`);
  facts.push(view.steps === 0 ? `step ${count(view.step)}` : view.step >= view.steps ? `${count(view.steps)} steps` : `step ${count(view.step)} of ${count(view.steps)}`);
  if (view.step > 0 && speed !== undefined) facts.push(pace(speed));
  if (view.state === "running" && view.step > 0 && view.steps > 0 && speed) facts.push(`${duration((view.steps - view.step) / speed)} left`);
  else if (view.seconds > 0) facts.push(`took ${duration(view.seconds)}`);
  return {
    name: view.name,
    state,
    tone,
    progress: view.steps > 0 ? Math.min(1, view.step / view.steps) : 0,
    facts,
    ...(view.best && { best: `best ${metricTitle(view.best.name)} ${figure(view.best.value)} (epoch ${view.best.epoch})` }),
    trainable: trainableOf(view.trainable, view.parameters),
    ...(view.message !== undefined && { message: view.message }),
  };
}
