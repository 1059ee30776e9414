/** What every way of taking steps promises: the same run gives the same bits, however it is stepped, rewound and forked. */
import { describe, expect, it } from "vitest";
import { finetune, freeze, unfreeze } from "../../kernel/lib/training/index.js";
import type { FinetuneOptions } from "../../kernel/lib/training/index.js";
import { hashes, smallCnn, stripes } from "./small.js";

const data = { ...stripes(50), validation: stripes(12) };

describe.each<[string, FinetuneOptions]>([
  ["compiled", { compile: "auto" }],
  ["op by op", { compile: "off" }],
  ["compiled, without a cache", { compile: "auto", cache: "off" }],
  ["compiled and watched", { compile: "auto", watch: true }],
])("a run, %s", (_name, way) => {
  const options: FinetuneOptions = { epochs: 4, batchSize: 6, optimizer: "adamw", learningRate: 5e-3, clipNorm: 1, seed: 1, ...way };

  it("comes to the same bits trained, stepped, rewound and forked, through freezing and thawing", async () => {
    const [model, other] = [smallCnn(), smallCnn()];
    const run = finetune(model, data, options);
    freeze(model, "conv1", "norm");
    await run.epoch();
    unfreeze(model, "norm");
    await run.train();
    const [end, losses] = [hashes(model), [...run.steps.metrics["loss"]!]];

    const stepped = finetune(other, data, options);
    freeze(other, "conv1", "norm");
    for await (const { step } of stepped) if (step === 9) unfreeze(other, "norm");
    expect(hashes(other)).toEqual(end);
    expect(stepped.steps.metrics["loss"]).toEqual(losses);
    expect(stepped.history.map(({ metrics }) => metrics)).toEqual(run.history.map(({ metrics }) => metrics));

    for (const step of [31, 10, 3]) await run.rewind({ step });
    unfreeze(model, "norm");
    freeze(model, "norm");
    await run.step(6);
    unfreeze(model, "norm");
    const fork = run.fork();
    await run.train();
    await fork.train();
    expect(hashes(model)).toEqual(end);
    expect(hashes(fork.model)).toEqual(end);
    [run, stepped, fork].forEach((each) => each.dispose());
  });
});
