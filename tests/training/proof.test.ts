import { expect, it } from "vitest";
import { finetune, freeze, unfreeze } from "../../kernel/lib/training/index.js";
import { smallCnn, stripes, tf } from "./small.js";

it("a run proves what stayed frozen, and what moved though it was", async () => {
  const model = smallCnn();
  freeze(model, "conv1", "norm", "features");
  const run = finetune(model, stripes(30), { epochs: 3, batchSize: 15, rates: { "features": 0 } });
  const verdicts = () => Object.fromEntries((run.proof().values as string[][]).map(([weight, verdict]) => [weight, verdict]));
  await run.step(2);
  const frozen = { "conv1/kernel": "locked", "norm/gamma": "locked", "norm/moving_mean": "locked", "features/kernel": "locked", "head/kernel": "learning" };
  expect(verdicts()).toMatchObject(frozen);
  unfreeze(model, "norm", "features");
  await run.step(2);
  // A rate of 0: it may, and does not.
  expect(verdicts()).toMatchObject({ ...frozen, "norm/gamma": "learning", "norm/moving_mean": "learning", "features/kernel": "trained, but still" });
  model.getLayer("conv1").setWeights(model.getLayer("conv1").getWeights().map((weight) => tf.add(weight, 1)));
  await run.step();
  expect(verdicts()).toMatchObject({ "conv1/kernel": "moved though frozen" });
});
