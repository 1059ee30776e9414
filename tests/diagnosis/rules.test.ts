/** Each rule by value: what makes it speak, and what next to it does not. */
import { describe, expect, it } from "vitest";
import { diagnosisOf, RULES, thresholdsWith, type Evidence, type Finding } from "../../kernel/lib/diagnosis/index.js";
import { evidence, history, instruments, layer } from "./evidence.js";

const limits = thresholdsWith();
const find = (given: Evidence, thresholds = limits): Finding[] => [...diagnosisOf(given, thresholds).findings];
const kinds = (given: Evidence, thresholds = limits) => find(given, thresholds).map(({ kind }) => kind);
const falling = [2, 1.5, 1, 0.5, 0.2, 0.1];

describe("all rules", () => {
  it("are silent on a run that is well, and all can be checked", () => {
    const { findings, checked, unchecked } = diagnosisOf(evidence(), limits);
    expect(findings).toEqual([]);
    expect(unchecked).toEqual([]);
    expect(checked.length).toBe(RULES.length);
  });

  it("say what they lack", () => {
    const { unchecked, findings } = diagnosisOf(evidence({ instruments: undefined, proof: undefined, history: [], settings: { watched: false }, data: { validation: 0, leak: undefined, drift: undefined } }), limits);
    expect(findings).toEqual([]);
    expect(unchecked.find(({ what }) => what === "vanishing gradients")?.why).toContain("watch: true");
    expect(unchecked.map(({ what }) => what)).toEqual(expect.arrayContaining(["overfitting", "frozen weights that move", "validation rows in the training data", "class imbalance"]));
  });

  it("stay silent on a run without a step", () => {
    expect(kinds(evidence({ run: { step: 0 }, history: [], instruments: undefined, steps: { loss: [], learningRate: [], gradientNorm: [] }, proof: [{ weight: "dense1/kernel", verdict: "trained, but still" }] }))).toEqual([]);
  });
});

describe("thresholds", () => {
  it("can be changed, and only those that there are", () => {
    const rising = evidence({ history: history(falling, [2, 1.5, 1.2, 1.25, 1.3, 1.36], undefined, undefined) });
    expect(kinds(rising, thresholdsWith({ overfitting: { rise: 0.05, ratio: 100 } }))).toEqual(["overfitting"]);
    expect(kinds(rising, thresholdsWith({ overfitting: { rise: 0.5, ratio: 100 } }))).toEqual([]);
    expect(() => thresholdsWith({ overfiting: {} } as never)).toThrow('thresholds: "overfiting" is not known; there are overfitting');
    expect(() => thresholdsWith({ overfitting: { rice: 1 } } as never)).toThrow('thresholds.overfitting: "rice" is not known; there are rise');
  });
});

describe("overfitting", () => {
  const accuracy = [0.4, 0.6, 0.7, 0.85, 0.95, 0.99];

  it("by the slope, from the epoch after the best", () => {
    const [finding] = find(evidence({ history: history(falling, [2, 1.6, 1.2, 1.5, 1.8, 2.2], accuracy, [0.4, 0.55, 0.6, 0.58, 0.57, 0.55]) }));
    expect(finding).toMatchObject({ kind: "overfitting", severity: "problem", where: { epochs: [4, 6] }, evidence: { bestEpoch: 3, bySlope: 1, byGap: 1 } });
    expect(finding!.what).toContain("since epoch 4");
    expect(finding!.fixes.map(({ code }) => code)).toContain('await run.rewind({ epoch: 3 }); const better = run.fork({ optimizer: "adamw", weightDecay: 0.1 }); await better.train();');
  });

  it("with rising accuracy is over-confidence", () => {
    const [finding] = find(evidence({ history: history(falling, [2, 1.6, 1.2, 1.3, 1.5, 1.7], [0.4, 0.6, 0.7, 0.75, 0.76, 0.78], [0.4, 0.55, 0.7, 0.71, 0.72, 0.73]) }));
    expect(finding).toMatchObject({ kind: "over-confidence", severity: "warning", where: { epochs: [4, 6] } });
    expect(finding!.fixes[0]!.options).toEqual({ labelSmoothing: 0.1 });
  });

  it.each([
    ["a single bad epoch", [2, 1.6, 1.2, 1.8, 1.1, 1.0]],
    ["a rise of a hundredth", [2, 1.6, 1.2, 1.21, 1.21, 1.21]],
    ["a rise near nothing", [2, 0.5, 0.001, 0.002, 0.003, 0.004]],
  ])("is not %s", (_, validation) => expect(kinds(evidence({ history: history(falling, validation, [0.4, 0.6, 0.7, 0.75, 0.76, 0.78], [0.4, 0.55, 0.7, 0.7, 0.74, 0.74]) }))).toEqual([]));

  it("is not a gap while validation still improves", () => {
    expect(kinds(evidence({ history: history(falling, [2, 1.6, 1.2, 1.1, 1.05, 1.0], accuracy.map((value) => value - 0.15), [0.3, 0.5, 0.55, 0.6, 0.65, 0.7]) }))).toEqual([]);
  });

  it("is not what early stopping took back", () => {
    expect(kinds(evidence({ run: { restoredEpoch: 3 }, history: history(falling, [2, 1.6, 1.2, 1.5, 1.8, 2.2]) }))).toEqual([]);
  });

  it("by the ratio of the losses where there is no accuracy", () => {
    const [finding] = find(evidence({ settings: { loss: "mse", metrics: [] }, data: { targets: { classes: undefined } }, history: history(falling, [2, 1.8, 1.6, 1.5, 1.45, 1.44]) }));
    expect(finding).toMatchObject({ kind: "overfitting", evidence: { byRatio: 1, bySlope: 0 } });
  });
});

describe("the learning rate", () => {
  const flat = (value: number) => new Array<number>(60).fill(value);

  it("is too high where the loss diverges, whatever the rate", () => {
    const [finding] = find(evidence({ steps: { loss: [2.3, ...Array.from({ length: 59 }, (_, step) => 2.3 + step)] } }));
    expect(finding).toMatchObject({ kind: "learning rate too high", evidence: { learningRate: 1e-3 } });
    expect(finding!.fixes[0]).toMatchObject({ from: { step: 0 }, options: { learningRate: 1e-4 } });
  });

  it("is too high where it is far above the usual and nothing is learnt", () => {
    expect(kinds(evidence({ settings: { learningRate: 1 }, steps: { loss: flat(2.3) } }))).toEqual(["learning rate too high"]);
  });

  it("is too low where it is far below and nothing is learnt", () => {
    const [finding] = find(evidence({ settings: { learningRate: 1e-7 }, steps: { loss: flat(2.3), learningRate: flat(1e-7) } }));
    expect(finding).toMatchObject({ kind: "learning rate too low", evidence: { learningRate: 1e-7 } });
    expect(finding!.fixes[0]!.options).toEqual({ learningRate: 1e-3 });
  });

  it.each([
    ["its number", { settings: { learningRate: 1e-7 } }],
    ["a model that is good at the start", { settings: { learningRate: 1e-5 }, steps: { loss: flat(0.1) }, history: history([0.1, 0.1]) }],
    ["nothing learnt at the usual rate", { steps: { loss: flat(2.3) } }],
  ])("is not blamed for %s", (_, changes) => expect(kinds(evidence(changes))).toEqual([]));

  it("oscillates where training accuracy falls again and again", () => {
    const [finding] = find(evidence({ history: history([2, 1, 1.4, 0.9, 1.3, 0.8, 1.2], undefined, [0.3, 0.6, 0.5, 0.65, 0.55, 0.7, 0.6]) }));
    expect(finding).toMatchObject({ kind: "oscillation", evidence: { falls: 3, epochs: 6 } });
  });
});

describe("gradients", () => {
  const three = [layer({ path: "a" }), layer({ path: "b" }), layer({ path: "head", output: true })];
  const slow = { loss: Array.from({ length: 60 }, (_, step) => 2.3 - step * 1e-3) };

  it("vanish in the lower layers", () => {
    const [finding] = find(evidence({ model: { layers: three }, instruments: instruments({ a: { gradient: 1e-7 }, b: { gradient: 1e-6 }, head: { gradient: 0.1 } }), steps: slow }));
    expect(finding).toMatchObject({ kind: "vanishing gradients", where: { layers: ["a", "b"] } });
    expect(finding!.evidence["ratio"]).toBeCloseTo(1e-6, 9);
  });

  it("of frozen layers, of embeddings and at the end of learning do not count", () => {
    const given = (first: Partial<(typeof three)[0]>, steps = slow) => evidence({ model: { layers: [layer({ path: "a", ...first }), ...three.slice(1)] }, instruments: instruments({ a: { gradient: 1e-7 }, b: {}, head: {} }), steps });
    expect(kinds(given({}))).toEqual(["vanishing gradients"]);
    expect(kinds(given({ trainable: 0 }))).toEqual([]);
    expect(kinds(given({ kernel: false }))).toEqual([]);
    expect(kinds(given({}, { loss: Array.from({ length: 60 }, (_, step) => 2.3 * 0.85 ** step) }))).toEqual([]);
    expect(kinds(given({}, { loss: Array.from({ length: 60 }, (_, step) => 2.3 + step) }))).toEqual(["learning rate too high"]);
  });

  it("explode where their norm grows and the loss does not fall", () => {
    const gradientNorm = Array.from({ length: 60 }, (_, step) => 1.2 ** step);
    expect(kinds(evidence({ steps: { loss: new Array<number>(60).fill(2.3), gradientNorm } }))).toEqual(["exploding gradients"]);
    expect(kinds(evidence({ steps: { gradientNorm } }))).toEqual([]);
  });

  it("explode on their way down", () => {
    const [finding] = find(evidence({ model: { layers: three }, instruments: instruments({ a: { gradient: 500 }, b: { gradient: 40 }, head: { gradient: 3 } }), steps: { loss: new Array<number>(60).fill(2.3) } }));
    expect(finding).toMatchObject({ kind: "exploding gradients", where: { layers: ["a"] } });
  });
});

describe("units", () => {
  const activity = (changes: object) => ({ rows: 256, units: 32, dead: undefined, saturated: undefined, finite: true, ...changes });
  const withFirst = (first: Parameters<typeof layer>[0]) => evidence({ model: { layers: [layer(first), layer({ path: "head", output: true })] } });

  it("are dead where most are", () => {
    expect(find(withFirst({ activity: activity({ dead: 20 }) }))[0]).toMatchObject({ kind: "dead units", where: { layers: ["dense1"] }, evidence: { dead: 20, units: 32 } });
    expect(kinds(withFirst({ activity: activity({ dead: 10 }) }))).toEqual([]);
    expect(kinds(withFirst({ activity: activity({ dead: 20 }), learns: false }))).toEqual([]);
  });

  it("are saturated where most are, at the output by intention", () => {
    expect(kinds(withFirst({ activation: "tanh", activity: activity({ saturated: 30 }) }))).toEqual(["saturated units"]);
    expect(kinds(withFirst({ activation: "sigmoid", output: true, activity: activity({ saturated: 30 }) }))).toEqual([]);
  });
});

describe("NaN", () => {
  it("names step, layer and rows", () => {
    const [finding] = find(evidence({ run: { state: "failed", refused: { step: 41, label: "the loss is NaN", layer: "dense1", rows: [7] } } }));
    expect(finding).toMatchObject({ kind: "not finite", where: { steps: [41, 41], layers: ["dense1"], rows: { of: "training", numbers: [7] } } });
    expect(finding!.fixes[0]!.from).toEqual({ step: 50 });
  });

  it("in a validation loss names the epoch", () => {
    expect(find(evidence({ history: history([2, 1.5], [2, NaN]) }))[0]).toMatchObject({ kind: "not finite", where: { epochs: [2, 2] } });
  });
});

describe("weights", () => {
  it("frozen but moving, trainable but still", () => {
    const moved = find(evidence({ proof: [{ weight: "dense1/kernel", verdict: "moved though frozen" }] }));
    expect(moved.map(({ kind, where }) => [kind, where.layers])).toEqual([["frozen but moving", ["dense1"]]]);
    const still = (verdict: string) => evidence({ proof: [{ weight: "dense1/kernel", verdict: "trained, but still" }, { weight: "dense1/bias", verdict }] });
    expect(kinds(still("trained, but still"))).toEqual(["trainable but still"]);
    expect(kinds(still("learning"))).toEqual([]);
  });

  it("updated by more than their size, or by less than float32 has", () => {
    const of = (update: number, changes = {}) => evidence({ instruments: instruments({ dense1: { update }, head: {} }), ...changes });
    expect(find(of(3))[0]).toMatchObject({ kind: "updates too large", where: { layers: ["dense1"] } });
    const flat = { steps: { loss: new Array<number>(60).fill(2.3) } };
    expect(kinds(of(1e-9, flat))).toEqual(["updates too small"]);
    expect(kinds(of(1e-9))).toEqual([]);
    expect(kinds(of(1e-9, { ...flat, model: { layers: [layer({ rateZero: true })] } }))).toEqual([]);
  });
});

describe("data", () => {
  const leak = (changes: object) => evidence({ data: { leak: { pairs: [{ validation: 4, training: 9 }], exact: 1, sameTarget: 1, looked: 100, repeated: 0, near: undefined, ...changes } } });

  it("leaks where more rows are in both than training repeats itself", () => {
    expect(find(leak({}))[0]).toMatchObject({ kind: "leakage", severity: "problem", where: { rows: { of: "validation", numbers: [4] } } });
    expect(kinds(leak({ repeated: 0.3 }))).toEqual([]);
    const near = { cosine: 0.999, pairs: [{ validation: 1, training: 2 }], count: 8, share: 0.08, natural: 0 };
    expect(kinds(leak({ exact: 0, pairs: [], near }))).toEqual(["near duplicates"]);
    expect(kinds(leak({ exact: 0, pairs: [], near: { ...near, natural: 0.05 } }))).toEqual([]);
  });

  it("is not scaled where a feature is large or all are tiny", () => {
    const input = (changes: object) => evidence({ data: { inputs: [{ dtype: "float32", indices: false, features: 64, min: 0, max: 255, smallest: 10, largest: 90, large: 60, ...changes }] } });
    expect(find(input({}))[0]).toMatchObject({ kind: "inputs not scaled", evidence: { max: 255, largeFeatures: 60 } });
    expect(kinds(input({ indices: true }))).toEqual([]);
    expect(kinds(input({ largest: 1e-5, large: 0 }))).toEqual(["inputs not scaled"]);
    expect(kinds(evidence({ model: { scalesInputs: true }, data: input({}).data }))).toEqual([]);
  });

  it("drifts beyond chance and threshold", () => {
    const drifted = (label: number, chance: number, feature: number) => evidence({ data: { drift: { label: { measure: "Cramér's V", value: label, chance }, features: { checked: 64, chance: 0.1, worst: [{ feature: 3, value: feature }] } } } });
    expect(kinds(drifted(0.3, 0.1, 0.05))).toEqual(["label drift"]);
    expect(kinds(drifted(0.3, 0.4, 0.05))).toEqual([]);
    expect(kinds(drifted(0, 0.1, 0.3))).toEqual(["feature drift"]);
  });

  it("is out of balance only where accuracy gains nothing", () => {
    const rare = (accuracy: number) => evidence({ data: { targets: { classes: [900, 100] } }, history: history([0.5, 0.4, 0.35], [0.5, 0.4, 0.36], [0.9, 0.9, 0.9], [0.9, 0.9, accuracy]) });
    expect(find(rare(0.9))[0]).toMatchObject({ kind: "class imbalance", evidence: { largestClass: 0, share: 0.9 } });
    expect(kinds(rare(0.96))).toEqual([]);
  });

  it("is suspect where validation beats training beyond chance", () => {
    const better = (rows: number) => evidence({ data: { validation: rows, training: 2000 }, history: history(falling, falling, [0.5, 0.6, 0.7, 0.7, 0.7, 0.7], [0.5, 0.7, 0.85, 0.85, 0.85, 0.85]) });
    expect(kinds(better(500))).toEqual(["suspicious validation"]);
    expect(kinds(better(20))).toEqual([]);
  });
});

describe("the last layer", () => {
  const ends = (output: string, units: number, settings: object, targets: object = {}) => evidence({ model: { output, units }, settings, data: { targets } });
  it.each([
    ["logits taken from a softmax", ends("softmax", 10, { loss: "own", lossTakes: "logits" }), true],
    ["probabilities taken from logits", ends("linear", 10, { loss: "own", lossTakes: "probabilities" }), true],
    ["probabilities taken from a softmax", ends("softmax", 10, { loss: "own", lossTakes: "probabilities" }), false],
    ["a loss that is neither", ends("softmax", 10, { loss: "own", lossTakes: "unknown" }), false],
    ["a softmax of one", ends("softmax", 1, { loss: "mse" }, { classes: undefined }), true],
    ["targets beyond a sigmoid", ends("sigmoid", 1, { loss: "mse" }, { classes: undefined, min: -1, max: 3 }), true],
    ["targets within a sigmoid", ends("sigmoid", 1, { loss: "mse" }, { classes: undefined, min: 0, max: 1 }), false],
  ])("%s", (_, given, wrong) => expect(kinds(given)).toEqual(wrong ? ["wrong last layer"] : []));

  it("a linear layer that feeds another", () => {
    expect(find(evidence({ model: { layers: [layer({ activation: undefined, linearInto: "dense2" }), layer({ path: "dense2" }), layer({ path: "head", output: true })] } }))[0]).toMatchObject({ kind: "linear hidden layer", where: { layers: ["dense1", "dense2"] } });
  });
});
