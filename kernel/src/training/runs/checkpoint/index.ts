/** A run on the disk: written while it trains, found again after a crash. */
export { Checkpoints } from "./checkpoints";
export type { Standing } from "./content";
export { newestSound } from "./directory";
export { describeOptions, differences, fingerprint, layerDifferences, layersOf } from "./fingerprint";
export { checkpointPlan } from "./options";
export type { CheckpointOptions, CheckpointPlan } from "./options";
