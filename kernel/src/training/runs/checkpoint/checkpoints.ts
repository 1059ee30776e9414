import type { LayersModel } from "../../../models";
import { encode } from "./content";
import type { About, Standing } from "./content";
import { checkpointName, listCheckpoints, prune } from "./directory";
import { openDirectory, writeFolder } from "./files";
import type { Fingerprint } from "./fingerprint";
import type { CheckpointPlan } from "./options";

/** Writes a run's checkpoints when they are due. */
export class Checkpoints {
  readonly #plan: CheckpointPlan;
  readonly #run: { readonly stepsPerEpoch: number };
  readonly #fingerprint: () => Fingerprint;
  #known: Fingerprint | undefined;
  #topology: unknown;
  #sequence: number;
  #last: { step: number; time: number };
  #writing: Promise<void> | undefined;

  /**
   * @param goesOn whether the directory's checkpoints are this run's own
   * @throws where they are another's
   */
  constructor(plan: CheckpointPlan, run: { readonly stepsPerEpoch: number }, fingerprint: () => Fingerprint, goesOn: { step: number } | undefined) {
    this.#plan = plan;
    this.#run = run;
    this.#fingerprint = fingerprint;
    openDirectory(plan.directory);
    const there = listCheckpoints(plan.directory);
    if (there.length > 0 && !goesOn) {
      const [newest] = there.slice(-1);
      if (!plan.overwrite) {
        throw new Error(`checkpoint.directory: ${plan.directory} has checkpoints already, the last of step ${newest!.step}. Go on from there with finetune.resume("${plan.directory}", …), name another directory, or say overwrite: true`);
      }
      prune(plan.directory, { keep: 1, budget: 0, best: undefined, beyond: -1 });
    }
    this.#sequence = goesOn ? (there.at(-1)?.sequence ?? -1) + 1 : 0;
    this.#last = { step: goesOn?.step ?? 0, time: performance.now() };
  }

  /** Whether one has been written. */
  get any(): boolean {
    return this.#sequence > 0;
  }

  /** Steps that may be taken before one is due. */
  room(step: number): number {
    const { steps } = this.#plan.every;
    return steps === Infinity ? Infinity : steps - (step % steps);
  }

  /** @param wanted in any case: the best epoch so far, the end */
  due(step: number, wanted: boolean): boolean {
    if (step === this.#last.step) return false;
    const { steps, epochs, seconds } = this.#plan.every;
    if (wanted || step % steps === 0) return true;
    const { stepsPerEpoch } = this.#run;
    if (step % stepsPerEpoch === 0 && (step / stepsPerEpoch) % epochs === 0) return true;
    return performance.now() - this.#last.time >= seconds * 1000;
  }

  /** The run went back: what it writes from here on is another future. */
  rewound(): void {
    this.#last = { ...this.#last, step: -1 };
  }

  /** The file is on the disk when it resolves. */
  async write(model: LayersModel, standing: Standing, about: Pick<About, "name" | "seconds">, bestStep: number | undefined): Promise<void> {
    await this.#writing;
    this.#writing = this.#write(model, standing, about, bestStep);
    await this.#writing;
  }

  async #write(model: LayersModel, standing: Standing, about: Pick<About, "name" | "seconds">, bestStep: number | undefined): Promise<void> {
    const { directory, every, keep, diskBudget } = this.#plan;
    // Of a stream, how long an epoch is becomes known on the way.
    if (!this.#known || this.#known.stepsPerEpoch !== this.#run.stepsPerEpoch) this.#known = this.#fingerprint();
    this.#topology ??= topologyOf(model);
    const files = encode(standing, { ...about, fingerprint: this.#known, topology: this.#topology, checkpoint: { every, keep, diskBudget } });
    await writeFolder(directory, checkpointName(this.#sequence, standing.step), files);
    this.#sequence += 1;
    this.#last = { step: standing.step, time: performance.now() };
    prune(directory, { keep, budget: diskBudget, best: bestStep, beyond: standing.step });
  }
}

/** As tfjs writes it into model.json; undefined where a layer cannot be written. */
function topologyOf(model: LayersModel): unknown {
  try {
    return { ...(model.toJSON(undefined, false) as object) };
  } catch {
    return undefined;
  }
}
