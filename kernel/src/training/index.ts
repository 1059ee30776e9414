/** Training: what is frozen, optimizers, runs. */
export { finetune } from "./finetune";
export { Run } from "./run";
export { NonFiniteError, type StepRecord } from "./trajectory";
export type { FinetuneOptions } from "./plan";
export type { Numbers, Samples, TrainingData } from "./data";
export type { EarlyStopping } from "./monitor";
export type { LossFunction, LossName } from "./losses";
export type { Metric, MetricName } from "./metrics";
export { adam, adamw, lion, optimizerOf, rmsprop, sgd } from "./optimizers";
export type { AdamOptions, LionOptions, OptimizerName, RmspropOptions, SgdOptions, StepScalars, UpdateRule } from "./optimizers";
export { constant, cosine, linear, oneCycle, slantedTriangular } from "./schedules";
export type { Schedule, ScheduleProgress, WarmUp } from "./schedules";
export { freeze, freezeAllBut, trainable, trainedPaths, unfreeze } from "./freeze";
export { below, biases, last, norms } from "./select";
export type { Selector, StructuralSelector, WeightInfo } from "./select";
export { betweenSteps, onRunStarted } from "./hooks";
export { epochOrder } from "./order";
export type { EpochRecord, ObservableRun, RunEvent, StepColumns } from "./run.types";
