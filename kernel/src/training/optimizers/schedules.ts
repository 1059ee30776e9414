/** How the learning rate goes over a run. Pure: a step always has the same rate, so that it can be repeated. */
import { bestOf } from "../runs/monitor";
import type { EpochRecord } from "../runs/run.types";

export interface ScheduleProgress {
  /** Optimizer steps taken before this one, and planned in all. */
  step: number;
  steps: number;
  stepsPerEpoch: number;
  /** The figures of the epochs that ended before this step. */
  history: readonly EpochRecord[];
  /** The figure by which the run is judged: that of early stopping, else the validation loss, else the loss. */
  monitor: { name: string; better: "higher" | "lower" };
}

/** Gives the factor by which the run's learning rate is multiplied at a step. */
export type Schedule = (progress: ScheduleProgress) => number;

export interface WarmUp {
  /** Share of the steps (below 1) or number of steps (from 1 on) over which the rate rises from 0; 0. */
  warmup?: number;
}

/** The same rate throughout, after the warm-up. */
function constant(options: WarmUp = {}): Schedule {
  return withWarmUp(options, () => 1);
}

/** Down to `final` (0) in a straight line. */
function linear(options: WarmUp & { final?: number } = {}): Schedule {
  return withWarmUp(options, (share) => 1 + ((options.final ?? 0) - 1) * share);
}

/** Down to `final` (0) along half a cosine (Loshchilov and Hutter 2017). */
function cosine(options: WarmUp & { final?: number } = {}): Schedule {
  const final = options.final ?? 0;
  return withWarmUp(options, (share) => final + ((1 - final) * (1 + Math.cos(Math.PI * share))) / 2);
}

/** Up from 1/25 to the full rate over `rise` (0.3) of the steps, then down to 1/10,000 of the start (Smith 2018). */
function oneCycle({ rise = 0.3 }: { rise?: number } = {}): Schedule {
  const between = (from: number, to: number, share: number) => to + ((from - to) * (1 + Math.cos(Math.PI * share))) / 2;
  return ({ step, steps }) => {
    const top = Math.max(1, rise * steps - 1);
    const end = Math.max(top + 1, steps - 1);
    return step <= top ? between(1 / 25, 1, step / top) : between(1, 1 / 250_000, (step - top) / (end - top));
  };
}

/** Slanted triangular (Howard and Ruder 2018): up over `rise` (0.1) of the steps, down to 1/`ratio` (32). */
function slantedTriangular({ rise = 0.1, ratio = 32 }: { rise?: number; ratio?: number } = {}): Schedule {
  return ({ step, steps }) => {
    const cut = Math.max(1, Math.floor(steps * rise));
    const share = step < cut ? step / cut : Math.max(0, 1 - (step - cut) / Math.max(1, steps - cut));
    return (1 + share * (ratio - 1)) / ratio;
  };
}

export interface Plateau extends WarmUp {
  /** Epochs without improvement after which the rate is lowered; 2. */
  patience?: number;
  /** By which it is multiplied then; 0.1. */
  factor?: number;
  /** Smaller changes for the better count as none; 1e-4. */
  minDelta?: number;
  /** The smallest factor in all; 0. */
  final?: number;
}

/**
 * Lowered where the figure by which the run is judged stops improving, as Keras' ReduceLROnPlateau does. It
 * follows from the epochs measured so far alone: a run that is rewound or resumed has the same rates again.
 */
function plateau({ patience = 2, factor = 0.1, minDelta = 1e-4, final = 0, ...options }: Plateau = {}): Schedule {
  if (!Number.isInteger(patience) || patience < 1) throw new RangeError(`plateau: patience must be a whole number from 1 on; it is ${patience}`);
  if (!(factor > 0 && factor < 1)) throw new RangeError(`plateau: factor must lie between 0 and 1; it is ${factor}`);
  const warm = withWarmUp(options, () => 1);
  return (progress) => {
    const { history, monitor } = progress;
    let lowered = 1;
    let waitingSince = 0;
    let best: EpochRecord | undefined;
    for (const record of history) {
      const { epoch } = record;
      if (bestOf(best ? [best, record] : [record], monitor.name, monitor.better, minDelta)?.epoch === epoch) {
        best = record;
        waitingSince = epoch;
      } else if (epoch - waitingSince >= patience) {
        lowered = Math.max(final, lowered * factor);
        waitingSince = epoch;
      }
    }
    return lowered * warm(progress);
  };
}

/**
 * Courses of the learning rate, for `finetune`'s `schedule`.
 *
 * @example
 * const options = { learningRate: 1e-3, schedule: schedules.cosine({ warmup: 0.1 }) };
 */
export const schedules = { constant, linear, cosine, oneCycle, slantedTriangular, plateau } as const;

function withWarmUp({ warmup = 0 }: WarmUp, after: (share: number) => number): Schedule {
  if (!(warmup >= 0)) throw new RangeError(`warmup must be a number from 0 on; it is ${warmup}`);
  return ({ step, steps }) => {
    const rising = Math.min(steps, warmup < 1 ? Math.floor(warmup * steps) : warmup);
    if (step < rising) return (step + 1) / (rising + 1);
    return after((step - rising) / Math.max(1, steps - rising));
  };
}
