import { describe, expect, it } from "vitest";
import { finetune, freeze, unfreeze } from "../../kernel/lib/training/index.js";
import type { FinetuneOptions } from "../../kernel/lib/training/index.js";
import { farthest, smallCnn, stripes, valuesOf } from "./small.js";

const data = stripes(60);
const norm = (values: readonly number[]) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

describe.each(["auto", "off"] as const)("instruments, compile %s", (compile) => {
  const options: FinetuneOptions = { epochs: 4, batchSize: 6, optimizer: "adamw", learningRate: 5e-3, seed: 1, compile, watch: true };

  it("measure each layer at each step", async () => {
    const model = smallCnn();
    const run = finetune(model, data, options);
    for (let step = 0; step < 5; step++) {
      const before = { kernel: valuesOf(model, "head/kernel"), bias: valuesOf(model, "head/bias") };
      await run.step();
      const after = [...valuesOf(model, "head/kernel"), ...valuesOf(model, "head/bias")];
      const then = [...before.kernel, ...before.bias];
      const gradients = run.gradients();
      const head = ["head/kernel", "head/bias"].flatMap((path) => Array.from(gradients[path]!.dataSync()));
      const { gradientNorm, weightNorm, updateNorm } = run.instruments!;
      expect(gradientNorm["head"]![step]! / norm(head)).toBeCloseTo(1, 4);
      expect(weightNorm["head"]![step]! / norm(then)).toBeCloseTo(1, 5);
      expect(updateNorm["head"]![step]! / norm(after.map((value, index) => value - then[index]!))).toBeCloseTo(1, 4);
      Object.values(gradients).forEach((gradient) => gradient.dispose());
    }
    const { layers, gradientNorm } = run.instruments!;
    expect(layers).toEqual(["conv1", "norm", "features", "head"]);
    const together = run.gradientNorms.map((_, step) => norm(layers.map((layer) => gradientNorm[layer]![step]!)));
    expect(farthest(together, run.gradientNorms)).toBeLessThan(1e-4);
    run.dispose();
  });

  it("are aligned with the steps, through freezing, rewinds and forks", async () => {
    const model = smallCnn();
    freeze(model, "conv1");
    const run = finetune(model, data, options);
    await run.step(12);
    unfreeze(model, "conv1");
    await run.step(6);
    const there = structuredClone(run.instruments!);
    expect(there.updateNorm["conv1"]!.map(Number.isNaN)).toEqual([...Array<boolean>(12).fill(true), ...Array<boolean>(6).fill(false)]);
    await run.rewind({ step: 14 });
    expect(run.instruments!.weightNorm["head"]).toEqual(there.weightNorm["head"]!.slice(0, 14));
    await run.step(4);
    expect(run.instruments).toEqual(there);
    const plain = finetune(smallCnn(), data, { ...options, watch: false });
    expect(plain.instruments).toBeUndefined();
    await plain.step(3);
    const fork = plain.fork({ watch: true });
    await fork.step(2);
    expect(fork.instruments!.gradientNorm["head"]!.map(Number.isFinite)).toEqual([false, false, false, true, true]);
    [run, plain, fork].forEach((each) => each.dispose());
  });

  it("change nothing", async () => {
    const losses = await Promise.all([true, false].map(async (watch) => {
      const run = finetune(smallCnn(), data, { ...options, watch });
      await run.train();
      return run.steps.metrics["loss"];
    }));
    expect(losses[0]).toEqual(losses[1]);
  });
});
