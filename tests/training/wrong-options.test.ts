import type { SymbolicTensor } from "@tensorflow/tfjs-node";
import { describe, expect, it } from "vitest";
import { evaluateSlices } from "../../kernel/lib/evaluation/index.js";
import { finetune, freeze, gradualUnfreezing, lpft, optimizers } from "../../kernel/lib/training/index.js";
import type { FinetuneData, FinetuneOptions, Selector } from "../../kernel/lib/training/index.js";
import { hashes, smallCnn, stripes, tf } from "./small.js";

const data = stripes(30);
const run = (options: object, given: object = data) => finetune(smallCnn(), given as FinetuneData, { batchSize: 10, ...options } as FinetuneOptions);

describe("what a run is told is checked where it is told", () => {
  it.each([
    [{ epoch: 3 }, '"epoch" is no option of finetune; the closest names are epochs'],
    [{ lr: 0.1 }, '"lr" is no option of finetune; here it is learningRate'],
    [{ validation: 0.2 }, "here it is validation in the data"],
    [{ labelSmoothing: 1 }, "labelSmoothing must lie in [0, 1); it is 1"],
    [{ labelSmoothing: -0.1 }, "labelSmoothing must lie in [0, 1); it is -0.1"],
    [{ schedule: "cosine" }, 'schedule must be a function, as in schedules.cosine(); it is "cosine"'],
    [{ thaw: "gradual" }, 'thaw must be a schedule, as in gradualUnfreezing(); it is "gradual"'],
    [{ thaw: gradualUnfreezing }, "thaw must be a schedule"],
    [{ metrics: "accuracy" }, 'metrics must be an array, as in ["accuracy"]; it is "accuracy"'],
    [{ regularize: {} }, "regularize must be an array, as in [regularizers.l2sp(0.01)]; it is {}"],
    [{ augment: 3 }, "augment wants a function"],
    [{ optimizer: optimizers.adam }, "optimizer: a function is not known; there are adam"],
    [{ optimizer: "toString" }, 'optimizer: "toString" is not known'],
    [{ optimizer: {} }, "optimizer: {} is not known"],
    [{ shuffle: "no" }, 'shuffle must be true or false; it is "no"'],
    [{ chart: "no" }, 'chart must be true or false; it is "no"'],
    [{ earlyStopping: { patience: 2, minDelta: -1 } }, "earlyStopping.minDelta must be a number from 0 on; it is -1"],
    [{ earlyStopping: { patience: 2, restoreBest: "no" } }, 'earlyStopping.restoreBest must be true or false; it is "no"'],
  ])("refuses %j", (options, message) => {
    expect(() => run(options)).toThrow(message);
  });

  it("refuses settings with which an optimizer diverges by itself", () => {
    expect(() => optimizers.sgd({ momentum: 1 })).toThrow("sgd: momentum must lie in [0, 1); it is 1");
    expect(() => optimizers.sgd({ nesterov: true })).toThrow("nesterov looks ahead along the momentum, which is 0");
    expect(() => optimizers.adamw({ beta2: 1.1 })).toThrow("beta2 must lie in [0, 1); it is 1.1");
    expect(() => optimizers.rmsprop({ epsilon: -1 })).toThrow("rmsprop: epsilon must be a number from 0 on; it is -1");
  });

  it.each([
    [{ ...data, val: 0.2 }, '"val" is not read from the data; here it is validation'],
    [{ ...data, sampleWeights: [1] }, '"sampleWeights" is not read from the data; here it is weights'],
    [{ ...data, validation: { ...data, weight: [1] } }, '"weight" is not read from validation; the closest names are weights'],
    [{ stream: [], batchSize: 3 }, '"batchSize" is not read from the data; the closest names are'],
    [{ frame: {}, lable: "kind" }, '"lable" is not read from the data; the closest names are label'],
  ])("refuses names in data that nobody reads: %#", (given, message) => {
    expect(() => run({}, given)).toThrow(message);
  });

  it("resolves a thaw schedule before anything trains", () => {
    expect(() => run({ thaw: lpft({ head: "hed" }) })).toThrow('"hed" matches no layer of small; the closest names are head');
    expect(() => run({ thaw: gradualUnfreezing({ parts: ["head", "conv9"] }) })).toThrow('"conv9" matches no layer of small');
  });

  it("refuses samples without targets, and no samples at all", () => {
    expect(() => run({}, { x: data.x })).toThrow("training data: y must be");
    expect(() => finetune(smallCnn(), undefined as never)).toThrow("finetune wants data after the model: finetune(model, { x, y }); it got undefined");
  });

  it("stops before a rate that is no number spoils the weights", async () => {
    const trained = run({ schedule: ({ step }: { step: number }) => (step < 2 ? 1 : NaN) });
    await trained.step(2);
    const before = hashes(trained.model);
    await expect(trained.step()).rejects.toThrow("schedule gives NaN at step 3 of 15");
    expect(hashes(trained.model)).toEqual(before);
  });

  it("names what a loss function must return", async () => {
    const y = Array.from(data.y, (value) => [0, 1, 2].map((each) => Number(each === value)));
    await expect(run({ loss: () => undefined }, { x: data.x, y }).step()).rejects.toThrow("The loss function gives undefined; it must return a tensor");
    await expect(run({ loss: async () => tf.scalar(1) }, { x: data.x, y }).step()).rejects.toThrow("The loss function gives promise");
  });

  it.each([[3], [undefined], [["conv1", "head"]]])("refuses %j as a selector", (selector) => {
    expect(() => freeze(smallCnn(), selector as unknown as Selector)).toThrow(`it got ${JSON.stringify(selector) ?? "undefined"}`);
  });

  it.each([[3], [undefined], ["a"], [{}]])("refuses %j as a model", (model) => {
    expect(() => freeze(model as never, "a")).toThrow("The first of freeze, unfreeze and freezeAllBut is a model");
  });

  it("refuses tensors that are gone, runs and labels that are none", async () => {
    const x = tf.tensor(data.x, [30, 6, 6, 1]);
    x.dispose();
    expect(() => run({}, { x, y: data.y })).toThrow("training data: x is a tensor [30, 6, 6, 1] that has been disposed");
    expect(() => run({}).compare(3 as never)).toThrow("run.compare wants another run, as of run.fork(); it got 3");
    expect(() => run({}).compare(smallCnn() as never)).toThrow("it got an object (Sequential)");
    await expect(evaluateSlices(smallCnn(), data, {} as never)).rejects.toThrow("evaluateSlices wants a label for each sample, as an array or a column of a frame; it got an object without values");
  });

  it("holds whole numbers against the embeddings that they go to, through nested models too", () => {
    const words = () => tf.sequential({ name: "words", layers: [tf.layers.embedding({ name: "table", inputDim: 10, outputDim: 2, inputLength: 3 }), tf.layers.flatten(), tf.layers.dense({ units: 2, activation: "softmax" })] });
    const input = tf.input({ shape: [3], dtype: "int32" });
    const nested = tf.model({ inputs: input, outputs: words().apply(input) as SymbolicTensor });
    const given = (last: number) => ({ x: [[1, 2, 3], [4, last, 5]], y: [0, 1] });
    expect(() => finetune(words(), given(99))).toThrow("training data: x holds 99 in row 1 (number 1 of it); table has embeddings for 0 to 9");
    expect(() => finetune(nested, given(-1))).toThrow("x holds -1 in row 1 (number 1 of it); words/table has embeddings for 0 to 9");
    expect(() => finetune(words(), given(9))).not.toThrow();
  });

  it("names what verbs want", async () => {
    const given = run({});
    await expect(given.rewind(3 as never)).rejects.toThrow("rewind({ step: 10 }) or rewind({ epoch: 2 }); it got 3");
    await expect(given.until(0.1 as never)).rejects.toThrow("run.until((step) => step.loss < 0.1); it is 0.1");
    expect(given.currentStep).toBe(0);
  });
});

describe("stop", () => {
  it("ends a for await, and the next verb goes on", async () => {
    const given = run({});
    for await (const { step } of given) if (step === 2) given.stop();
    expect([given.currentStep, given.state, given.message]).toEqual([2, "stopped", "stopped by hand after step 2"]);
    await given.train();
    expect(given.state).toBe("finished");
  });

  it("between two calls puts the best weights back", async () => {
    const given = run({ epochs: 9, learningRate: 0.3, earlyStopping: { patience: 9 } });
    await given.until(() => given.best !== undefined && given.currentStep > given.best.step + 1);
    const best = given.best!;
    given.stop();
    expect(given.state).toBe("stopped");
    expect(given.marks.at(-1)?.label).toBe(`weights of epoch ${best.epoch} restored`);
  });
});
