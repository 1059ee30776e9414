import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { biases, finetune, freeze, gradualUnfreezing, lpft, trainedPaths, unfreeze } from "../../kernel/lib/training/index.js";
import type { FinetuneOptions, Run, ThawSchedule } from "../../kernel/lib/training/index.js";
import { hashes, smallCnn, stripes } from "./small.js";

const data = { ...stripes(60), validation: stripes(30) };
// What the cache of the frozen part says is not what is tested here.
const options: FinetuneOptions = { epochs: 5, batchSize: 16, learningRate: 5e-3, seed: 1, cache: "off" };
const layersThat = (run: Run) => [...new Set(trainedPaths(run.model).map((path) => path.split("/")[0]))].join(" ");

async function course(run: Run): Promise<Record<number, string>> {
  const found: Record<number, string> = {};
  let last = "";
  for await (const { step } of run) {
    const now = layersThat(run);
    if (now !== last) found[step] = last = now;
  }
  return found;
}

describe("gradual unfreezing", () => {
  it("thaws layer by layer from the head, normalizations with what feeds them", async () => {
    const run = finetune(smallCnn(), data, { ...options, thaw: gradualUnfreezing() });
    expect(await course(run)).toEqual({ 1: "head", 5: "features head", 9: "conv1 norm features head" });
    expect(run.marks).toEqual([
      { step: 0, kind: "note", label: "gradual unfreezing, one more part every epoch: head; then features; then conv1, norm" },
      { step: 4, kind: "thaw", label: "thawed features" },
      { step: 8, kind: "thaw", label: "thawed conv1, norm" },
    ]);
  });

  it("takes the same steps together as one by one", async () => {
    const thaw = gradualUnfreezing({ everySteps: 3 });
    const single = finetune(smallCnn(), data, { ...options, epochs: 12, thaw });
    for await (const _ of single);
    const together = finetune(smallCnn(), data, { ...options, epochs: 12, thaw });
    await together.train();
    expect(hashes(together.model)).toEqual(hashes(single.model));
    expect(together.marks).toEqual(single.marks);
    expect(together.marks.map(({ step }) => step)).toEqual([0, 3, 6]);
  });

  it("goes by parts of one's own, and leaves what was frozen frozen", async () => {
    const model = freeze(smallCnn(), "norm");
    const run = finetune(model, data, { ...options, thaw: gradualUnfreezing({ everySteps: 2, parts: [["head", biases], "features"] }) });
    await run.step();
    expect(trainedPaths(model)).toEqual(["conv1/bias", "features/bias", "head/kernel", "head/bias"]);
    await run.step(2);
    expect(trainedPaths(model)).toEqual(["conv1/bias", "features/kernel", "features/bias", "head/kernel", "head/bias"]);
    await run.train();
    expect(layersThat(run)).toBe("conv1 features head");
    expect(run.proof().values as string[][]).toContainEqual(expect.arrayContaining(["norm/gamma", "locked"]));
  });

  it("waits for a plateau", async () => {
    const frozen = { learningRate: 1e-30 };
    const run = finetune(smallCnn(), data, { ...options, ...frozen, epochs: 8, thaw: gradualUnfreezing({ plateau: { patience: 2 } }) });
    // Nothing moves: the first epoch is the best, and every two after it are a plateau.
    expect(await course(run)).toEqual({ 1: "head", 13: "features head", 21: "conv1 norm features head" });
    expect(run.marks[0]!.label).toMatch(/^gradual unfreezing, one more part after 2 epochs without progress: /);
  });
});

describe("LP-FT", () => {
  it("trains the head alone, then everything", async () => {
    const run = finetune(smallCnn(), data, { ...options, thaw: lpft({ epochs: 2 }) });
    expect(await course(run)).toEqual({ 1: "head", 9: "conv1 norm features head" });
    expect(run.marks[0]!.label).toBe("the head alone for 2 epochs, then everything: head; then conv1, norm, features");
  });

  it.each<[string, () => ThawSchedule, string]>([
    ["two paces", () => gradualUnfreezing({ everyEpochs: 1, everySteps: 3 }), "gradualUnfreezing goes by epochs, by steps or by a plateau: give one of them"],
    ["no whole number", () => lpft({ epochs: 0.5 }), "lpft: epochs must be a whole number from 1 on; it is 0.5"],
  ])("refuses %s", (_name, make, message) => {
    expect(make).toThrow(message);
  });

  it("refuses what has nothing left to thaw", async () => {
    const run = finetune(freeze(smallCnn(), "conv1", "norm", "features"), data, { ...options, thaw: lpft() });
    await expect(run.train()).rejects.toThrow("lpft has nothing to thaw after the head: all that trains is head. It freezes by itself what comes later; unfreeze(model)");
  });
});

describe("a schedule of thawing", () => {
  it("and a person: whoever spoke of a weight last", async () => {
    const run = finetune(smallCnn(), data, { ...options, thaw: gradualUnfreezing() });
    await run.step(2);
    unfreeze(run.model, "conv1");
    freeze(run.model, "head");
    await run.step(4);
    expect(layersThat(run)).toBe("conv1 features");
    freeze(run.model, "conv1");
    await run.step(4);
    expect(layersThat(run)).toBe("conv1 norm features");
  });

  it("is rewound, forked and resumed exactly", async () => {
    const directory = mkdtempSync(join(tmpdir(), "thawbook-thaw-"));
    const thaw = gradualUnfreezing({ plateau: { patience: 1, minDelta: 0.2 } });
    const wild: FinetuneOptions = { ...options, epochs: 8, learningRate: 2e-3, thaw, cache: "auto" };
    const whole = finetune(smallCnn(), data, wild);
    await whole.train();
    const thawed = whole.marks.filter(({ kind }) => kind === "thaw").map(({ step }) => step);
    expect(thawed).toHaveLength(2);

    const run = finetune(smallCnn(), data, { ...wild, checkpoint: { directory, every: { steps: 1 } } });
    await run.step(thawed[0]! + 2);
    const resumed = await finetune.resume(directory, data, { thaw });
    const fork = run.fork();
    await run.rewind({ step: thawed[0]! });
    await run.step(1);
    await run.rewind({ step: 1 });
    for (const each of [run, fork, resumed]) {
      await each.train();
      expect(hashes(each.model)).toEqual(hashes(whole.model));
    }
    rmSync(directory, { recursive: true });
  });

  it("that a fork brings at the very beginning is all that ever trained there", async () => {
    const run = finetune(smallCnn(), data, options);
    await run.step(3);
    await run.rewind({ step: 0 });
    const fork = run.fork({ thaw: lpft({ steps: 5 }) });
    await fork.step(5);
    const verdicts = (fork.proof().values as string[][]).map(([weight, verdict]) => [weight!.split("/")[0], verdict]);
    for (const [layer, verdict] of verdicts) expect(verdict).toBe(layer === "head" ? "learning" : "locked");
    expect(fork.marks.map(({ kind }) => kind)).toEqual(["fork", "note"]);
  });

  it("that a fork brings begins with the fork", async () => {
    const run = finetune(smallCnn(), data, options);
    await run.step(6);
    const fork = run.fork({ thaw: lpft({ steps: 3 }) });
    expect(await course(fork)).toEqual({ 7: "head", 10: "conv1 norm features head" });
    expect(layersThat(run)).toBe("conv1 norm features head");
  });
});
