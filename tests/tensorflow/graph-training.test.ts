import { describe, expect, it } from "vitest";
import { requireTf } from "../../kernel/lib/tensorflow/index.js";
import { TrainingSession } from "../../kernel/lib/tensorflow/graph/index.js";
import type { FusedRule } from "../../kernel/lib/tensorflow/graph/index.js";
import { optimizers } from "../../kernel/lib/training/index.js";
import { BATCH, CompiledSteps, eagerStepper, smallModel, weightBytes, weightValues } from "./graph-stepper.js";
import type { Setting } from "./graph-stepper.js";

const tf = requireTf();
const adam: FusedRule = { kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
const settings: [string, Setting][] = [
  ["adam", { rule: optimizers.adam() }],
  ["adamw with decay and clipping", { rule: optimizers.adamw(), weightDecay: 0.1, clipNorm: 0.5 }],
  ["sgd with momentum", { rule: optimizers.sgd({ momentum: 0.9, nesterov: true }) }],
  ["sgd", { rule: optimizers.sgd() }],
  ["rmsprop", { rule: optimizers.rmsprop({ momentum: 0.9 }) }],
  ["lion", { rule: optimizers.lion() }],
];
const fused: [string, Setting][] = [
  ["adam", { rule: optimizers.adam(), fused: adam }],
  ["adamw with decay and clipping", { rule: optimizers.adamw(), fused: adam, weightDecay: 0.1, clipNorm: 0.5 }],
  ["sgd", { rule: optimizers.sgd(), fused: { kind: "sgd", momentum: 0, nesterov: false } }],
  ["sgd with momentum and decay", { rule: optimizers.sgd({ momentum: 0.9 }), fused: { kind: "sgd", momentum: 0.9, nesterov: false }, weightDecay: 0.1 }],
  ["sgd with nesterov", { rule: optimizers.sgd({ momentum: 0.9, nesterov: true }), fused: { kind: "sgd", momentum: 0.9, nesterov: true } }],
];

describe("a compiled step", () => {
  it.each(settings)("is the eager step to the bit: %s", (name, setting) => {
    const [eagerModel, model] = [smallModel(), smallModel()];
    const eager = eagerStepper(eagerModel, setting);
    const compiled = new CompiledSteps(model, setting);
    for (let step = 0; step < 12; step++) {
      const { loss } = eager.take(step);
      // The eager step computes the factor of clipping in double precision.
      if (name.includes("clipping")) expect(compiled.take(step).loss[0]).toBeCloseTo(loss, 5);
      else expect(compiled.take(step).loss).toEqual([loss]);
    }
    if (name.includes("clipping")) {
      const [a, b] = [weightValues(model), weightValues(eagerModel)];
      a.forEach((value, index) => expect(value).toBeCloseTo(b[index]!, 5));
    } else expect(weightBytes(model)).toEqual(weightBytes(eagerModel));
    compiled.session.dispose();
  });

  it.each(fused)("with TensorFlow's fused update stays within 1e-6 over 20 steps: %s", (_name, setting) => {
    const [eagerModel, model] = [smallModel(), smallModel()];
    const eager = eagerStepper(eagerModel, setting);
    const compiled = new CompiledSteps(model, setting);
    for (let step = 0; step < 20; step++) {
      const { loss } = eager.take(step);
      expect(compiled.take(step).loss[0]).toBeCloseTo(loss, 4);
    }
    const [a, b] = [weightValues(model), weightValues(eagerModel)];
    expect(Math.max(...a.map((value, index) => Math.abs(value - b[index]!)))).toBeLessThan(1e-6);
    compiled.session.dispose();
  });

  it.each([settings[1]!, fused[1]!])("gives the same bits one, four or eight steps a call: %s", (_name, setting) => {
    const take = (counts: number[]) => {
      const compiled = new CompiledSteps(smallModel(), setting);
      const losses: number[] = [];
      for (const count of counts) losses.push(...compiled.take(losses.length, count).loss);
        const state = compiled.session.capture();
      compiled.session.dispose();
      return { losses, weights: weightBytes(compiled.model), slots: [...state.slots.values()] };
    };
    const single = take(Array<number>(16).fill(1));
    expect(take([8, 8])).toEqual(single);
    expect(take([4, 1, 8, 1, 1, 1])).toEqual(single);
  });

  it("on another thread is the same", async () => {
    const [one, other] = [new CompiledSteps(smallModel(), settings[0]![1]), new CompiledSteps(smallModel(), settings[0]![1])];
    const feed = { steps: [0], learningRates: [1e-2] };
    one.take(0);
    const { rows } = await import("./graph-stepper.js");
    expect((await other.session.stepAsync("all", () => other.define([], BATCH), { ...feed, inputs: rows(0, BATCH) })).applied).toBe(1);
    expect(weightBytes(other.model)).toEqual(weightBytes(one.model));
  });
});

describe("a step that is not finite", () => {
  const poison = (step: number) => (x: Float32Array) => void (x[step * BATCH * 12 + 3] = NaN);

  it("changes nothing", () => {
    const compiled = new CompiledSteps(smallModel(), fused[1]![1]);
    compiled.take(0);
    const before = compiled.session.capture();
    expect(compiled.take(1, 1, { spoil: poison(0) }).applied).toBe(0);
    expect(compiled.session.capture()).toEqual(before);
    expect(compiled.take(1).applied).toBe(1);
  });

  it.each([settings[1]!, fused[1]!])("ends a call of several: those before count, those after do nothing: %s", (_name, setting) => {
    const [compiled, reference] = [new CompiledSteps(smallModel(), setting), new CompiledSteps(smallModel(), setting)];
    const taken = compiled.take(0, 8, { spoil: poison(5) });
    const losses = Array.from({ length: 5 }, (_, step) => reference.take(step).loss[0]);
    expect(taken.applied).toBe(5);
    expect(taken.loss).toEqual(losses);
    expect(taken.gradientNorm.every(Number.isFinite)).toBe(true);
    expect(compiled.session.capture()).toEqual(reference.session.capture());
    expect(compiled.take(5).loss).toEqual(reference.take(5).loss);
  });
});

describe("the session", () => {
  const setting = fused[1]![1];

  it("leaves frozen weights alone, and a thawed one begins with its own first step", () => {
    const compiled = new CompiledSteps(smallModel(), setting);
    const frozen = ["hidden/kernel", "hidden/bias"];
    const start = compiled.session.capture();
    for (let step = 0; step < 4; step++) compiled.take(step, 1, { frozen });
    const middle = compiled.session.capture();
    for (const path of frozen) expect(middle.weights.get(path)).toEqual(start.weights.get(path));
    expect(middle.weights.get("head/kernel")).not.toEqual(start.weights.get("head/kernel"));
    expect(middle.slots.has("hidden/kernel")).toBe(false);
    compiled.take(4);
    const end = compiled.session.capture();
    expect([end.slots.get("hidden/kernel")!.count, end.slots.get("head/kernel")!.count]).toEqual([1, 5]);
    // Adam's first step has the size of the learning rate, whatever the gradient.
    const before = start.weights.get("hidden/bias") as Float32Array;
    const moved = (end.weights.get("hidden/bias") as Float32Array).map((value, index) => Math.abs(value - before[index]!));
    expect(Math.max(...moved)).toBeCloseTo(0.01, 4);
  });

  it("goes back to a captured state, and on from there to the same bits", () => {
    const compiled = new CompiledSteps(smallModel(), setting);
    compiled.take(0, 4);
    const at4 = compiled.session.capture();
    const first = compiled.take(4, 4);
    const at8 = compiled.session.capture();
    compiled.session.restore(at4);
    expect(compiled.session.capture()).toEqual(at4);
    expect(compiled.take(4, 4)).toEqual(first);
    expect(compiled.session.capture()).toEqual(at8);
    // Another session goes on from it as well.
    const fork = new CompiledSteps(smallModel(), setting);
    fork.session.restore(at4);
    expect(fork.take(4, 4)).toEqual(first);
  });

  it("takes a smaller last batch, and evaluates between steps", () => {
    const compiled = new CompiledSteps(smallModel(), setting);
    compiled.take(0);
    expect(compiled.take(1, 1, { size: 3 }).applied).toBe(1);
    const evaluate = () => {
      const [values] = compiled.session.call("predict", [{ dtype: "float32", shape: [2, 12] }], ([x]) => [compiled.model.predict(x!) as never], [new Float32Array(24).fill(0.5)]);
      return values!;
    };
    const before = evaluate();
    expect(before.shape).toEqual([2, 4]);
    const eager = (compiled.model.predict(tf.fill([2, 12], 0.5)) as ReturnType<typeof tf.zeros>).dataSync();
    expect([...(before.values as Float32Array)]).toEqual([...eager]);
    compiled.take(2);
    expect([...(evaluate().values as Float32Array)]).not.toEqual([...eager]);
  });

  it("takes what someone else wrote into the model", () => {
    const compiled = new CompiledSteps(smallModel(), setting);
    compiled.take(0);
    const { variable } = compiled.weights().find(({ path }) => path === "head/bias")!;
    variable.write(tf.tensor1d([1, 2, 3, 4]));
    expect([...compiled.session.capture().weights.get("head/bias")!]).toEqual([1, 2, 3, 4]);
  });

  it("keeps values and exactness when it begins its graphs anew", () => {
    const [many, plain] = [new CompiledSteps(smallModel(), setting), new CompiledSteps(smallModel(), setting)];
    for (let step = 0; step < 6; step++) {
      expect(many.take(step)).toEqual(plain.take(step));
      for (let size = 1; size <= 6; size++) many.session.call(`${step}/${size}`, [{ dtype: "float32", shape: [size] }], ([x]) => [tf.mul(x!, 2)], [new Float32Array(size)]);
    }
    expect(many.session.capture()).toEqual(plain.session.capture());
  });

  it("says what is wrong with a call", () => {
    const compiled = new CompiledSteps(smallModel(), setting);
    const define = () => compiled.define([], BATCH);
    expect(() => compiled.session.step("k", define, { inputs: [new Float32Array(3), new Float32Array(32)], steps: [0], learningRates: [1] })).toThrow(/3 values do not fill the shape \[8, 12\]/);
    expect(() => compiled.session.step("k", define, { inputs: [], steps: [0], learningRates: [] })).toThrow(/1 steps and 0 learning rates/);
    expect(() => compiled.session.step("other", () => ({ ...define(), trained: [{ name: "nobody", rate: 1, decay: 0 }] }), { inputs: [], steps: [0], learningRates: [1] })).toThrow(/"nobody" is not a weight/);
    const arithmetic = { ...optimizers.sgd(), update: (gradient: never, _slots: never, { learningRate }: Record<string, number>) => ({ step: tf.mul(gradient, 1 - learningRate!), slots: [] }) };
    const own = new CompiledSteps(smallModel(), { rule: arithmetic as never });
    expect(() => own.take(0)).toThrow(/used like a number/);
    compiled.session.dispose();
    expect(() => compiled.take(1)).toThrow(/disposed/);
    expect(new TrainingSession([], optimizers.sgd()).capture().weights.size).toBe(0);
  });

  it("takes 10,000 steps with tensors and memory where they were", () => {
    const compiled = new CompiledSteps(smallModel(), setting);
    const steps = (from: number, to: number) => {
      for (let step = from; step < to; step += 8) compiled.take(step, 8);
        return process.memoryUsage().rss / 2 ** 20;
    };
    const settled = steps(0, 2000);
    const tensors = tf.memory().numTensors;
    expect(steps(2000, 12_000) - settled).toBeLessThan(24);
    expect(tf.memory().numTensors).toBe(tensors);
  });
});
