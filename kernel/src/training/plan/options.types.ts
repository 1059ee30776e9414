/** What a run may be told. */
import type { Augment } from "../data/augmentation";
import type { Averaging } from "../steps/averaging";
import type { CheckpointOptions } from "../runs/checkpoint/options";
import type { ClassWeights } from "../data/class-weights";
import type { PairLoss } from "../objective/contrastive";
import type { LossFunction, LossName } from "../objective/losses";
import type { Metric, MetricName } from "../objective/metrics";
import type { EarlyStopping } from "../runs/monitor";
import type { FrozenBatchNorm } from "../freezing/modes";
import type { OptimizerName, UpdateRule } from "../optimizers";
import type { Probe } from "../runs/probes";
import type { Regularizer } from "../objective/regularization";
import type { TrainingData } from "../data/data";
import type { FrameData, TableData } from "../data/frame-data";
import type { Schedule } from "../optimizers/schedules";
import type { StreamData, StreamSource } from "../data/streams";
import type { SnapshotBudget } from "../runs/snapshots";
import type { ThawSchedule } from "../freezing/thaw";

/** Samples in memory, a frame with a column of labels, or a stream. */
export type FinetuneData = TrainingData | FrameData | TableData | StreamData | StreamSource;

export interface FinetuneOptions {
  /** Passes over the training data; 5. */
  epochs?: number;
  /** Samples a step; 32, or all where there are fewer. Of a stream of batches: as many as the first has. */
  batchSize?: number;
  /** The step size; the optimizer's usual one unless given (Adam 1e-3). */
  learningRate?: number;
  /** How the rate goes over the run, as a factor of `learningRate`: `schedules.cosine({ warmup: 0.1 })`. */
  schedule?: Schedule;
  /** `"adam"` unless given; or one made by its function: `optimizers.sgd({ momentum: 0.9 })`. */
  optimizer?: OptimizerName | UpdateRule;
  /** Inferred from the model's end and the targets unless given. */
  loss?: LossName | LossFunction | PairLoss;
  /** Measured beside the loss; accuracy for classes unless given. */
  metrics?: readonly (MetricName | Metric)[];
  /** Decoupled decay of kernels and embeddings, a step; 0 (AdamW 0.01). Biases and norms are spared. */
  weightDecay?: number;
  /** Share of the certainty that crossentropy spreads over all classes; 0. */
  labelSmoothing?: number;
  /** Sets the rate of the model's dropout layers for this run: one for all, or by name pattern. */
  dropout?: number | Readonly<Record<string, number>>;
  /**
   * What the samples of each class count in training (not where loss and metrics are measured): by number,
   * or `"balanced"`.
   */
  classWeights?: ClassWeights;
  /**
   * What keeps the model from learning by heart, or from forgetting what it knew; several add up:
   * `[regularizers.l2sp(0.01), regularizers.mixup(0.2)]`.
   */
  regularize?: readonly Regularizer[];
  /**
   * Measured before the run and at each epoch's end, as `probe/<name>` in its history: an old task's samples, or a
   * function that measures the model. What falls is forgotten.
   */
  probes?: Readonly<Record<string, Probe>>;
  /**
   * Changes the samples of each training batch, at random: a function, or several in turn:
   * `[augmentations.flip(), ({ x }, random) => ({ x: x.add(random.normal(x.shape)) })]`. After replay and mixup; where loss and
   * metrics are measured the samples are as they are. What frozen layers give is then not cached.
   */
  augment?: Augment | readonly Augment[];
  /**
   * Of a stream: how many steps an epoch has. Unless given, as many as the stream gives until it ends, which is known when the first
   * epoch has ended (of a tf.data.Dataset with a size and of an array: at the start).
   */
  stepsPerEpoch?: number;
  /**
   * Most bytes that a step may need, as far as that can be told before (`estimate`): a run that needs more does not begin. What the machine or
   * its container has; Infinity: no limit.
   */
  memoryLimit?: number;
  /** Averages weights: `{ kind: "ema", decay: 0.999 }`, or `{ kind: "wise", alpha: 0.5 }`. */
  averaging?: Averaging;
  /** Learning rates of parts, as factors by name pattern: `{ "conv*": 0.1 }`. The last that fits counts. */
  rates?: Readonly<Record<string, number>>;
  /** Gradients together are scaled down to this norm; not unless given. */
  clipNorm?: number;
  /** Batches whose gradients are added up for one step; 1. */
  accumulate?: number;
  /** Ends the run when the watched metric stops improving. */
  earlyStopping?: EarlyStopping;
  /** A new order each epoch; true. A stream trains in its own order. */
  shuffle?: boolean;
  /** Decides order, dropout and the validation split; 0. The same seed gives the same numbers, to the bit. */
  seed?: number;
  /** For people; the model's name unless given. */
  name?: string;
  /** Whether the run draws its chart where it starts; true. It can be shown at any time: `run` at the end of a cell. */
  chart?: boolean;
  /**
   * Most training samples on which loss and metrics are measured at the end of an epoch, a fixed
   * seeded choice; 2,000. Of a stream: its first ones.
   */
  trainingSample?: number;
  /**
   * `"auto"`: steps run as one compiled graph where that is possible, and op by op where not, which is
   * said once; a run of fewer than 24 steps goes op by op. `"off"`: op by op. The two differ by rounding; each repeats
   * itself to the bit.
   *
   * The first compiled step is held against the same step op by op. With layers, constraints or a loss of your own three later ones
   * are, too (the second, the second epoch's first, one at random): JavaScript in them runs while the graph is
   * recorded, so let what they compute follow from tensors alone.
   */
  compile?: "auto" | "off";
  /**
   * `"auto"`: what the layers below the lowest one that trains give is computed once for each sample and kept, so that from
   * the second epoch on only the rest of the model is computed. `"disk"`: kept on disk; `"off"`: not kept. It is
   * told on the chart what is kept, or why not. Samples go through the frozen layers 16 at a time, in their order
   * in the data, whatever the batches: a run repeats itself to the bit with the cache as without it, and the two
   * differ by rounding.
   */
  cache?: "auto" | "off" | "disk";
  /** Most bytes of memory for what `cache` keeps; the disk takes what is more. A quarter of the machine's memory. */
  cacheMemory?: number;
  /**
   * Measures every layer at every step (`run.instruments`) and tells what goes wrong while it trains, as
   * `diagnose(run)` does afterwards; false.
   */
  watch?: boolean;
  /**
   * What a frozen BatchNormalization does: `"inference"`, normalize by its moving averages, which stay (as in Keras); or `"training"`,
   * normalize by each batch and let the averages move, to adapt them to other data.
   */
  frozenBatchNorm?: FrozenBatchNorm;
  /** What memory and disk may take, in bytes, for the states to which `rewind` can go back without much replay; 256 MiB and 1 GiB. */
  snapshots?: SnapshotBudget;
  /**
   * Thaws the model part by part while it trains: `gradualUnfreezing()`, `lpft({ epochs: 5 })`. It divides what trains when the
   * run begins, freezes what comes later, and names each weight once, when its part is due: `freeze` and `unfreeze` by hand hold before and after.
   */
  thaw?: ThawSchedule;
  /** Writes the run to the disk while it trains, so that `finetune.resume` can go on after a crash: a directory, or with options. */
  checkpoint?: CheckpointOptions | string;
}
