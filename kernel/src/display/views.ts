/**
 * What the kernel sends to be drawn: the payloads of the two MIME types, and the messages of the
 * comm that keeps a running chart alive. Plain JSON, shared by the kernel (which writes it), the
 * picture in the notebook and the JupyterLab extension (which draw it). Imports nothing.
 */

export const RUN_MIME = "application/vnd.thawbook.run.v1+json";
export const LAYERS_MIME = "application/vnd.thawbook.layers.v1+json";
/** The comm target that the kernel registers; a front end opens it with `RunCommOpen`. */
export const RUN_COMM_TARGET = "thawbook.run";

/** `ready`: never started. `interrupted`: by the person (Stop or KeyboardInterrupt). */
export type RunState = "ready" | "running" | "paused" | "finished" | "stopped" | "interrupted" | "failed";

/** One curve. `steps[i]` is the optimizer step after which `values[i]` held; null marks NaN or infinity. */
export interface Series {
  /** As in the history: `loss`, `val_loss`, `accuracy`, `val_accuracy`. */
  name: string;
  /** The family that shares a panel: `loss`, `accuracy`. */
  metric: string;
  role: "training" | "validation";
  /** `step`: measured on each batch as it trained; `epoch`: measured on all of the data at an epoch's end. */
  every: "step" | "epoch";
  steps: number[];
  values: (number | null)[];
}

/** Something that happened at a step and is marked on the chart. */
export interface RunEventMark {
  step: number;
  kind: "thaw" | "freeze" | "fork" | "nan" | "note";
  label: string;
}

/** A training run as drawn: at most 2,000 points a series. */
export interface RunView {
  version: 1;
  id: string;
  /** Names the run for people: the model's name, or what the options say. */
  name: string;
  state: RunState;
  /** Why it ended, in one sentence, where `state` alone does not say. */
  message?: string;
  step: number;
  /** Planned steps over all epochs. */
  steps: number;
  stepsPerEpoch: number;
  epoch: number;
  epochs: number;
  /** Seconds spent training so far, pauses left out. */
  seconds: number;
  /** Over the last few seconds; absent before the first step. */
  stepsPerSecond?: number;
  trainable: number;
  parameters: number;
  series: Series[];
  learningRate: { steps: number[]; values: number[] };
  /** The best epoch by the monitored metric (validation loss unless chosen otherwise). */
  best?: { name: string; epoch: number; step: number; value: number };
  marks: RunEventMark[];
}

/** Front end -> kernel, the data of `comm_open`: what it has already. -1: nothing. */
export interface RunCommOpen {
  run: string;
  lastStep: number;
}

/**
 * Kernel -> front end. `view` replaces everything; `delta` carries the scalars and only new points (see
 * `mergeDelta`). `unknown`: this kernel has no such run, the picture is of an earlier session.
 */
export type RunCommMessage =
  | {
      kind: "view" | "delta";
      view: RunView;
      /** Once the run has ended, the whole output as the notebook should keep it: a MIME bundle. */
      output?: Record<string, unknown>;
    }
  | { kind: "unknown"; run: string };

/** Front end -> kernel. */
export type RunCommCommand = { kind: "pause" | "resume" | "stop" };

/** Whether a layer learns, and whether gradients go through it. */
export type LayerState = "trains" | "frozen, gradients pass" | "frozen, backpropagation never arrives";

export interface LayerRow {
  name: string;
  /** The Keras class name: `Conv2D`, `Dense`. */
  kind: string;
  /** Output shape, null for the batch axis. */
  output: (number | null)[];
  parameters: number;
  trainable: number;
  state: LayerState;
  /** Nesting depth; 0 for the model's own layers. */
  depth: number;
}

/** A model as the layer-freeze diagram draws it; rows from input to output. */
export interface LayersView {
  version: 1;
  name: string;
  layers: LayerRow[];
  parameters: number;
  trainable: number;
  /** Index of the lowest row that trains: backpropagation stops below it. null: nothing trains. */
  cut: number | null;
}
