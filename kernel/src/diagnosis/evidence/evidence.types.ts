/** What is known of a run, as numbers and names: all that a rule may look at. Holds no tensors and no model. */
import type { RunState } from "../../display/views";
import type { EpochRecord, Instruments } from "../../training";

export interface Evidence {
  run: RunEvidence;
  settings: SettingsEvidence;
  model: ModelEvidence;
  /** Epochs' figures, training and validation measured in the same mode on the same weights. */
  history: readonly EpochRecord[];
  /** A number a step: the batch's loss before the update, the rate, the norm of all gradients before clipping. */
  steps: { loss: readonly number[]; learningRate: readonly number[]; gradientNorm: readonly number[] };
  /** Per layer and step; only of a run with `watch: true`. */
  instruments: Instruments | undefined;
  /** Every weight's way since the run began. Undefined where it was not looked at. */
  proof: readonly { weight: string; verdict: string }[] | undefined;
  data: DataEvidence;
}

export interface RunEvidence {
  name: string;
  state: RunState;
  message: string | undefined;
  step: number;
  steps: number;
  epochs: number;
  stepsPerEpoch: number;
  /** The first step that can be gone back to. */
  origin: number;
  /** The epoch whose weights the model has or will have, where the best are put back. */
  restoredEpoch: number | undefined;
  /** The step that was refused because of NaN or infinity. */
  refused: RefusedStep | undefined;
}

export interface RefusedStep {
  step: number;
  /** What the run said of it. */
  label: string;
  /** The first layer, from the input on, whose output on that batch is not finite; undefined where all are. */
  layer: string | undefined;
  /** Training rows of the batch whose output is not finite. */
  rows: readonly number[];
}

export interface SettingsEvidence {
  optimizer: string;
  learningRate: number;
  /** The optimizer's usual one. */
  typicalLearningRate: number;
  weightDecay: number;
  clipNorm: number | undefined;
  loss: string;
  /** What a loss of the user's own turned out to take, by trying it on a few numbers. */
  lossTakes: "logits" | "probabilities" | "unknown" | undefined;
  metrics: readonly string[];
  earlyStopping: boolean;
  watched: boolean;
}

export interface ModelEvidence {
  name: string;
  /** The activation at its end, and how many numbers it gives. */
  output: string;
  units: number;
  /** Dropout layers and the rates in force. */
  dropout: readonly { path: string; rate: number }[];
  /** It begins with a layer that brings inputs to a common scale. */
  scalesInputs: boolean;
  /** From input to output, nested models opened. */
  layers: readonly LayerEvidence[];
}

export interface LayerEvidence {
  path: string;
  /** `Dense`. */
  kind: string;
  activation: string | undefined;
  /** Gives the model's output. */
  output: boolean;
  /** Numbers in it, and how many of them train now. */
  parameters: number;
  trainable: number;
  /** Has a kernel: not only scales, biases or a table of embeddings. */
  kernel: boolean;
  /** Gradients arrive here: it trains, or lies above a layer that does. */
  learns: boolean;
  /** Its rate is set to 0, so that it cannot move. */
  rateZero: boolean;
  /** A linear layer that it feeds with nothing but linear steps in between. */
  linearInto: string | undefined;
  activity: LayerActivity | undefined;
}

/** The layer's output on a sample of training rows, in inference mode. A unit is a column, or a channel of a map. */
export interface LayerActivity {
  rows: number;
  units: number;
  /** Not above 0 on 99% of the rows; for ReLU and its kin. */
  dead: number | undefined;
  /** With a derivative below 1e-4 on most rows; for sigmoid and tanh. */
  saturated: number | undefined;
  finite: boolean;
}

export interface DataEvidence {
  training: number;
  validation: number;
  inputs: readonly InputEvidence[];
  targets: TargetEvidence;
  leak: LeakEvidence | undefined;
  drift: DriftEvidence | undefined;
}

export interface InputEvidence {
  dtype: "float32" | "int32";
  /** Goes into an embedding: numbers of words, not sizes. */
  indices: boolean;
  features: number;
  min: number;
  max: number;
  /** Root mean square of the smallest and the largest feature that is not all zeros, and how many lie above 20. */
  smallest: number;
  largest: number;
  large: number;
}

export interface TargetEvidence {
  /** Samples of each class, where targets are classes. */
  classes: readonly number[] | undefined;
  min: number;
  max: number;
}

export interface LeakEvidence {
  /** Validation rows whose inputs are those of a training row, to the bit: at most 20 pairs, and how many in all. */
  pairs: readonly { validation: number; training: number }[];
  exact: number;
  /** How many of them have the same target too. */
  sameTarget: number;
  /** Validation rows that were looked at. */
  looked: number;
  /** Share of training rows that are equal to another training row. */
  repeated: number;
  near: NearEvidence | undefined;
}

/** Rows with a cosine above the threshold, after the training mean was taken off; exact ones left out. */
export interface NearEvidence {
  cosine: number;
  pairs: readonly { validation: number; training: number }[];
  count: number;
  /** Share of the validation rows looked at, and the same share among training rows themselves. */
  share: number;
  natural: number;
}

export interface DriftEvidence {
  /** Cramér's V between the sets' classes, or the Kolmogorov-Smirnov distance of numbers; and what chance alone reaches. */
  label: { measure: string; value: number; chance: number };
  features: { checked: number; chance: number; worst: readonly { feature: number; value: number }[] } | undefined;
}
