export { augmented, unrepeatable, type Augment, type AugmentBatch } from "./augment";
export { augmentations, type FlipOptions, type NoiseOptions, type RotateOptions, type ShiftOptions, type ZoomOptions } from "./images";
export type { AugmentRandom } from "./random";
