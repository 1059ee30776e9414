/** Evidence of a run that is well, to change in one place. */
import type { Evidence } from "../../kernel/lib/diagnosis/index.js";

type Part<T> = { [Key in keyof T]?: T[Key] extends readonly unknown[] | undefined ? T[Key] : T[Key] extends object ? Part<T[Key]> : T[Key] };
type Layer = Evidence["model"]["layers"][number];

export const layer = (changes: Partial<Layer> = {}): Layer => ({
  path: "dense1", kind: "Dense", activation: "relu", output: false, parameters: 100, trainable: 100, kernel: true, learns: true, rateZero: false, linearInto: undefined, activity: undefined, ...changes,
});

/** Epochs of 10 steps, one for each loss. */
export const history = (loss: readonly number[], val_loss?: readonly number[], accuracy?: readonly number[], val_accuracy?: readonly number[]): Evidence["history"] =>
  loss.map((value, index) => ({
    epoch: index + 1, step: 10 * (index + 1), seconds: 1, learningRate: 1e-3,
    metrics: { loss: value, ...(val_loss && { val_loss: val_loss[index]! }), ...(accuracy && { accuracy: accuracy[index]! }), ...(val_accuracy && { val_accuracy: val_accuracy[index]! }) },
  }));

/** The same gradient, weight and update at every step. */
export const instruments = (layers: Record<string, { gradient?: number; weight?: number; update?: number }>, steps = 60): NonNullable<Evidence["instruments"]> => {
  const series = (name: "gradient" | "weight" | "update", usual: number) => Object.fromEntries(Object.entries(layers).map(([path, values]) => [path, new Array<number>(steps).fill(values[name] ?? usual)]));
  return { layers: Object.keys(layers), gradientNorm: series("gradient", 0.1), weightNorm: series("weight", 1), updateNorm: series("update", 1e-3) };
};

export function evidence(changes: Part<Evidence> = {}): Evidence {
  const loss = Array.from({ length: 60 }, (_, step) => 2.3 * 0.95 ** step);
  const well: Evidence = {
    run: { name: "net", state: "finished", message: undefined, step: 60, steps: 60, epochs: 6, stepsPerEpoch: 10, origin: 0, restoredEpoch: undefined, refused: undefined },
    settings: { optimizer: "adam", learningRate: 1e-3, typicalLearningRate: 1e-3, weightDecay: 0, clipNorm: undefined, loss: "crossentropy", lossTakes: undefined, metrics: ["accuracy"], earlyStopping: false, watched: true },
    model: { name: "net", output: "softmax", units: 10, dropout: [], scalesInputs: false, layers: [layer({ activity: { rows: 64, units: 32, dead: 3, saturated: undefined, finite: true } }), layer({ path: "head", activation: "softmax", output: true })] },
    history: history([2, 1.5, 1, 0.8, 0.6, 0.5], [2.1, 1.6, 1.1, 0.9, 0.7, 0.65], [0.3, 0.5, 0.6, 0.7, 0.8, 0.85], [0.3, 0.5, 0.6, 0.68, 0.78, 0.81]),
    steps: { loss, learningRate: loss.map(() => 1e-3), gradientNorm: loss.map(() => 1) },
    instruments: instruments({ dense1: {}, head: {} }),
    proof: [{ weight: "dense1/kernel", verdict: "learning" }, { weight: "head/kernel", verdict: "learning" }],
    data: {
      training: 320, validation: 100,
      inputs: [{ dtype: "float32", indices: false, features: 64, min: -2, max: 2, smallest: 0.5, largest: 1, large: 0 }],
      targets: { classes: new Array<number>(10).fill(32), min: 0, max: 1 },
      leak: { pairs: [], exact: 0, sameTarget: 0, looked: 100, repeated: 0, near: undefined },
      drift: { label: { measure: "Cramér's V", value: 0, chance: 0.1 }, features: { checked: 64, chance: 0.1, worst: [] } },
    },
  };
  const merge = (base: unknown, over: unknown): unknown => {
    if (typeof base !== "object" || base === null || Array.isArray(base) || typeof over !== "object" || over === null || Array.isArray(over)) return over;
    return Object.fromEntries([...new Set([...Object.keys(base), ...Object.keys(over)])].map((key) => [key, key in over ? merge(base[key as never], over[key as never]) : base[key as never]]));
  };
  return merge(well, changes) as Evidence;
}
