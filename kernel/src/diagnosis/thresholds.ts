/** Where each rule begins to speak. Starting points are those of the tools named with each rule; all can be changed. */
export const THRESHOLDS = {
  overfitting: {
    /** Rise of the validation loss above its best, as a share of it. */
    rise: 0.1,
    /** The same as a share of the loss that training began with: a rise from 0.001 to 0.002 is none. */
    floor: 0.03,
    /** Epochs after the best one that must show it. */
    epochs: 2,
    /** Training accuracy less validation accuracy: up to a training accuracy of 0.9, and above. */
    gap: 0.1,
    gapWhenHigh: 0.07,
    /** (validation loss - training loss) / training loss, where there is no accuracy. */
    ratio: 1,
  },
  learningRate: {
    /** End loss over first loss. */
    divergence: 1.5,
    /** Distance from the optimizer's usual rate, as a factor. */
    far: 20,
    /** A run whose loss fell by less than this share got nowhere. */
    progress: 0.05,
    /** Fall of the training accuracy from one epoch to the next, and the share of the epochs that show it. */
    fall: 0.03,
    oscillating: 0.2,
  },
  gradients: {
    /** First layer's gradient over the last one's, by root mean square; and how small the first must be. */
    vanishingRatio: 1e-3,
    vanishing: 1e-4,
    /** First layer's gradient norm over the last one's, where the loss does not fall. */
    explodingRatio: 70,
    /** Growth of the norm of all gradients over the run, where the loss does not fall. */
    growth: 100,
  },
  units: {
    /** Share of a layer's units that are dead, or saturated. */
    dead: 0.5,
    saturated: 0.5,
  },
  updates: {
    /** Change of a layer's weights at a step, as a share of them. */
    most: 1,
    least: 1e-8,
  },
  leakage: {
    /** Validation rows that must be near a training row, as a share beyond what is usual among training rows. */
    near: 0.02,
  },
  inputs: {
    /** Root mean square of a feature. */
    largest: 20,
    smallest: 1e-3,
  },
  validation: {
    /** Validation accuracy less training accuracy, from an epoch on. */
    better: 0.05,
    fromEpoch: 3,
  },
  drift: {
    label: 0.15,
    feature: 0.2,
  },
  imbalance: {
    /** Share of the largest class. */
    largest: 0.8,
    /** What the accuracy must gain over always naming it. */
    gain: 0.02,
  },
} as const satisfies Record<string, Record<string, number>>;

export type Thresholds = { readonly [Rule in keyof typeof THRESHOLDS]: { readonly [Name in keyof (typeof THRESHOLDS)[Rule]]: number } };
export type ThresholdChanges = { readonly [Rule in keyof Thresholds]?: Partial<Thresholds[Rule]> };

/** @throws on a name that no rule has, or a value that is no number */
export function thresholdsWith(changes: ThresholdChanges = {}): Thresholds {
  const made: Record<string, Record<string, number>> = structuredClone(THRESHOLDS);
  for (const [rule, values] of Object.entries(changes)) {
    const own = made[rule];
    if (!own) throw new Error(`thresholds: "${rule}" is not known; there are ${Object.keys(THRESHOLDS).join(", ")}`);
    for (const [name, value] of Object.entries(values ?? {})) {
      if (!(name in own)) throw new Error(`thresholds.${rule}: "${name}" is not known; there are ${Object.keys(own).join(", ")}`);
      if (typeof value !== "number" || Number.isNaN(value)) throw new TypeError(`thresholds.${rule}.${name} must be a number; it is ${String(value)}`);
      own[name] = value;
    }
  }
  return made as unknown as Thresholds;
}
