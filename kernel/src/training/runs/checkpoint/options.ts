import { resolve } from "node:path";

export interface CheckpointOptions {
  /** Where they are written; relative to the notebook's folder. Belongs to this run alone. */
  directory: string;
  /**
   * How often: every so many steps, epochs or seconds, whichever comes first; `{ epochs: 1 }`. The best
   * epoch so far and the end of the run are written in any case.
   */
  every?: { steps?: number; seconds?: number; epochs?: number };
  /** How many are kept, beside the best epoch's; 3. */
  keep?: number;
  /** Most bytes that all kept ones may take together; while one is being written it comes on top. Not bounded unless given. */
  diskBudget?: number;
  /** Removes the checkpoints of another run that lie there; false: they are an error. */
  overwrite?: boolean;
}

/** What a run that is taken up again goes on doing. */
export interface CheckpointHabits {
  every: { steps: number; seconds: number; epochs: number };
  keep: number;
  diskBudget: number;
}

export interface CheckpointPlan extends CheckpointHabits {
  directory: string;
  overwrite: boolean;
}

/** @throws on what makes no sense */
export function checkpointPlan(options: CheckpointOptions | string): CheckpointPlan {
  const { directory, every = { epochs: 1 }, keep = 3, diskBudget = Infinity, overwrite = false } = typeof options === "string" ? { directory: options } : options;
  if (typeof directory !== "string" || directory === "") throw new TypeError('checkpoint wants a directory: checkpoint: { directory: "checkpoints/first" }');
  const { steps = Infinity, seconds = Infinity, epochs = Infinity } = every;
  for (const [name, value] of Object.entries({ steps, epochs })) {
    if (value !== Infinity && (!Number.isInteger(value) || value < 1)) throw new RangeError(`checkpoint.every.${name} must be a whole number from 1 on; it is ${value}`);
  }
  if (!(seconds > 0)) throw new RangeError(`checkpoint.every.seconds must be a number above 0; it is ${seconds}`);
  if (!Number.isInteger(keep) || keep < 1) throw new RangeError(`checkpoint.keep must be a whole number from 1 on; it is ${keep}`);
  if (!(diskBudget > 0)) throw new RangeError(`checkpoint.diskBudget must be a number of bytes above 0; it is ${diskBudget}`);
  return { directory: resolve(directory), every: { steps, seconds, epochs }, keep, diskBudget, overwrite };
}
