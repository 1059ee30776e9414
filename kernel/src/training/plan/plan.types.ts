import type { Augment } from "../data/augmentation";
import type { CheckpointPlan } from "../runs/checkpoint/options";
import type { Dataset } from "../data/data";
import type { StepSettings } from "../steps/step-settings";
import type { EarlyStopping } from "../runs/monitor";
import type { FinetuneOptions } from "./options.types";
import type { BoundProbe } from "../runs/probes";
import type { BatchStage } from "../objective/regularization";
import type { Schedule } from "../optimizers/schedules";
import type { BoundStream } from "../data/streams";
import type { SnapshotBudget } from "../runs/snapshots";
import type { ThawSchedule } from "../freezing/thaw";

/** What a run is told, checked and completed. */
export interface Plan {
  name: string;
  chart: boolean;
  epochs: number;
  batchSize: number;
  accumulate: number;
  /** Of a stream that has not come to an end yet: Infinity. */
  stepsPerEpoch: number;
  steps: number;
  learningRate: number;
  schedule: Schedule;
  shuffle: boolean;
  seed: number;
  settings: StepSettings;
  compile: "auto" | "off";
  watch: boolean;
  checkpoint: CheckpointPlan | undefined;
  thaw: ThawSchedule | undefined;
  snapshots: SnapshotBudget;
  /** What the person said. */
  given: FinetuneOptions;
  cache: "auto" | "off" | "disk";
  cacheMemory: number | undefined;
  monitor: { name: string; better: "higher" | "lower" };
  earlyStopping: EarlyStopping | undefined;
  /** Of a stream: its first samples, as soon as they are read. */
  training: Dataset;
  stream: BoundStream | undefined;
  augment: readonly Augment[];
  /** Why no step can be taken again, where none can. */
  unrepeatable: string | undefined;
  /** Samples that are measured at the end of an epoch, at most. */
  sampleSize: number;
  probes: readonly BoundProbe[];
  /** What is done to the samples of each batch, in this order. */
  stages: readonly BatchStage[];
  /** The same, where the size of a batch is known later. */
  stagesFor(batchSize: number): readonly BatchStage[];
  /** What the end of an epoch is measured on; `training` itself where it is small. */
  trainingSample: Dataset;
  validation: Dataset | undefined;
  /** Said once, to the person: what was decided for them. */
  notes: string[];
}
