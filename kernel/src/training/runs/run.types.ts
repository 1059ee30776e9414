import type { LayersModel } from "@tensorflow/tfjs-node";
import type { RunEventMark, RunState } from "../../display/views";

/** One epoch's figures, measured in the same mode on the same weights: the end of the epoch. */
export interface EpochRecord {
  /** 1-based. */
  epoch: number;
  /** Optimizer steps taken so far. */
  step: number;
  seconds: number;
  learningRate: number;
  /** `loss`, `accuracy`, `val_loss`, `val_accuracy`, … */
  metrics: Record<string, number>;
}

/** Figures of every step, columnar: `metrics.loss[i]` belongs to `step[i]`. */
export interface StepColumns {
  step: number[];
  learningRate: number[];
  metrics: Record<string, number[]>;
}

export type RunEvent = { kind: "state" } | { kind: "step"; step: number } | { kind: "epoch"; record: EpochRecord };

/** What others (display, diagnosis) read of a run, and the verbs that a front end may call. */
export interface ObservableRun {
  readonly id: string;
  readonly name: string;
  readonly state: RunState;
  /** Why it ended, in one sentence, where `state` alone does not say. */
  readonly message: string | undefined;
  readonly model: LayersModel;
  /** Steps are Infinity until a stream has come to its end for the first time. */
  readonly plan: { epochs: number; stepsPerEpoch: number; steps: number; batchSize: number };
  /** Optimizer steps taken. */
  readonly currentStep: number;
  /** The epoch being trained, from 1; 0 before the first step. */
  readonly currentEpoch: number;
  /** Seconds spent training so far, pauses left out. */
  readonly seconds: number;
  readonly history: readonly EpochRecord[];
  readonly steps: StepColumns;
  readonly best: { name: string; epoch: number; step: number; value: number } | undefined;
  readonly marks: readonly RunEventMark[];
  pause(): void;
  resume(): void;
  /** Ends after the current batch and keeps the model. */
  stop(): void;
  /** @param options `figures`: only figures are read, not the model's weights, so that several steps may be told at once */
  subscribe(listener: (event: RunEvent) => void, options?: { figures?: boolean }): () => void;
}
