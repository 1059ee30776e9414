import { describe, expect, it } from "vitest";
import { copyModel } from "../../kernel/lib/models/index.js";
import { finetune, freeze, interpolate, measureModel } from "../../kernel/lib/training/index.js";
import type { FinetuneOptions } from "../../kernel/lib/training/index.js";
import { farthest, hashes, smallCnn, stripes, tf, valuesOf } from "./small.js";

const data = stripes(24);
const options: FinetuneOptions = { epochs: 8, batchSize: 6, learningRate: 0.02, seed: 3 };
const HEAD = "head/kernel";

describe.each(["auto", "off"] as const)("weight averaging, compile: %s", (compile) => {
  it("ema is the moving average of the weights after each step", async () => {
    const model = smallCnn();
    freeze(model, "conv1");
    const run = finetune(model, data, { ...options, compile, averaging: { kind: "ema", decay: 0.8 } });
    let expected = valuesOf(model, HEAD);
    for (let step = 0; step < 7; step++) {
      await run.step();
      expected = valuesOf(model, HEAD).map((value, index) => 0.8 * expected[index]! + 0.2 * value);
    }
    const averaged = run.averaged();
    expect(farthest(valuesOf(averaged, HEAD), expected)).toBeLessThan(1e-6);
    expect(hashes(averaged)["conv1/kernel"]).toBe(hashes(model)["conv1/kernel"]);
    expect(hashes(averaged)["norm/moving_mean"]).toBe(hashes(model)["norm/moving_mean"]);
  });

  it("the averaged weights are measured, and the model's at the end; the run goes on from the raw ones", async () => {
    const model = smallCnn();
    const plain = smallCnn();
    const averaging = { kind: "ema", decay: 0.9 } as const;
    const run = finetune(model, data, { ...options, compile, averaging });
    const other = finetune(plain, data, { ...options, compile });
    await run.epoch(3);
    await other.epoch(3);
    expect(hashes(model)).toEqual(hashes(plain));
    expect(run.steps.metrics).toEqual(other.steps.metrics);
    expect(run.history[2]!.metrics["loss"]).not.toBeCloseTo(other.history[2]!.metrics["loss"]!, 4);
    expect((await measureModel(run.averaged(), data))["loss"]).toBeCloseTo(run.history[2]!.metrics["loss"]!, 5);
    await run.train();
    expect((await measureModel(model, data))["loss"]).toBeCloseTo(run.history[7]!.metrics["loss"]!, 5);
    expect(hashes(model)).toEqual(hashes(run.averaged()));
    expect(run.marks.map(({ label }) => label)).toContain("averaged weights put in place");
    expect(run.marks[0]!.label).toBe("a moving average of the weights (decay 0.9): measured at each epoch's end, and the model's when it ends; while it trains, the model has the raw ones");
    const done = hashes(model);
    await run.rewind({ epoch: 2 });
    await run.train();
    expect(hashes(model)).toEqual(done);
  });

  it("raw weights are measured where that is asked for, and stay", async () => {
    const [model, plain] = [smallCnn(), smallCnn()];
    const run = finetune(model, data, { ...options, compile, averaging: { kind: "ema", decay: 0.9, evaluate: "raw" } });
    const other = finetune(plain, data, { ...options, compile });
    await run.train();
    await other.train();
    expect(hashes(model)).toEqual(hashes(plain));
    expect(run.history.map(({ metrics }) => metrics)).toEqual(other.history.map(({ metrics }) => metrics));
    expect(hashes(run.averaged())).not.toEqual(hashes(model));
  });

  it("the best epoch's weights are averaged ones", async () => {
    const model = smallCnn();
    const run = finetune(model, { ...data, validation: stripes(9) }, { ...options, learningRate: 0.1, compile, averaging: { kind: "ema", decay: 0.5 }, earlyStopping: { patience: 2 } });
    await run.train();
    const best = run.best!;
    expect((await measureModel(model, stripes(9)))["loss"]).toBeCloseTo(best.value, 5);
  });

  it("wise lies between the first weights and the present ones", async () => {
    const model = smallCnn();
    const before = copyModel(model);
    freeze(model, "norm");
    const run = finetune(model, data, { ...options, compile, averaging: { kind: "wise", alpha: 0.25 } });
    await run.step(5);
    const expected = interpolate(before, model, 0.25);
    const averaged = run.averaged();
    expect(farthest(valuesOf(averaged, HEAD), valuesOf(expected, HEAD))).toBeLessThan(1e-7);
    expect(hashes(averaged)["norm/gamma"]).toBe(hashes(before)["norm/gamma"]);
    const fork = run.fork();
    await fork.step();
    await run.step();
    expect(hashes(fork.averaged())).toEqual(hashes(run.averaged()));
  });
});

describe("interpolate", () => {
  const one = (value: number, units = 2) => {
    const model = tf.sequential({ name: "one", layers: [tf.layers.dense({ name: "dense", units, inputShape: [1] })] });
    model.setWeights([tf.fill([1, units], value), tf.fill([units], -value)]);
    return model;
  };
  it("gives a model of its own between two", () => {
    const [before, after] = [one(1), one(3)];
    expect(valuesOf(interpolate(before, after, 0.25), "dense/kernel")).toEqual([1.5, 1.5]);
    expect(valuesOf(interpolate(before, after, 0), "dense/bias")).toEqual([-1, -1]);
    expect(valuesOf(interpolate(before, after, 1), "dense/bias")).toEqual([-3, -3]);
    expect(valuesOf(after, "dense/kernel")).toEqual([3, 3]);
  });
  it("says what does not fit", () => {
    expect(() => interpolate(one(1), one(1, 3), 0.5)).toThrow("interpolate wants two models with the same weights; dense/kernel [1, 3] of one is [1, 2] in one");
    expect(() => interpolate(one(1), one(1), 1.5)).toThrow("interpolate: alpha lies between 0 and 1; it is 1.5");
  });
});

it.each<[object, string]>([
  [{ kind: "swa" }, 'averaging.kind must be "ema" or "wise"; it is "swa"'],
  [{ kind: "ema", decay: 2 }, "averaging.decay lies between 0 and 1; it is 2"],
  [{ kind: "wise", evaluate: "best" }, 'averaging.evaluate must be "averaged" or "raw"; it is "best"'],
])("%j is refused", (averaging, message) => {
  expect(() => finetune(smallCnn(), data, { averaging: averaging as never })).toThrow(message);
});
