/** Computations of tfjs as TensorFlow graphs, in sessions of our own: compiled functions and compiled training steps. */
export { compile } from "./compile";
export type { Compiled, CompileOptions } from "./compile";
export { TraceError } from "./errors";
export { graphAddonMissing } from "./native";
export type { TypedArray } from "./native";
export type { OpTime } from "./profile";
export { recording } from "./trace";
export type { Spec, StateOptions } from "./state";
export type { Values } from "./function";
export { TrainingSession } from "./training-session";
export type { GraphOptimizer, StepsFeed, StepsTaken, TrainedWeight, TrainingState, TrainingStep, WeightSquares } from "./training.types";
export type { FusedRule } from "./updates";
