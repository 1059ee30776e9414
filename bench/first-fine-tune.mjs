/**
 * What pretraining is worth on few labels: the approaches of notebooks/01-first-fine-tune.ipynb and their
 * variants, over seeds.
 *
 *     node bench/first-fine-tune.mjs [--seeds 5] [--labels 10] [--only "from scratch" --only untouched] [--json]
 *
 * Each seed draws other images to train on (`labels` of each digit), other heads and another order;
 * accuracy is that on all images but those and the validation images (ten of each digit), which nobody looks at.
 */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { asMnist, uciDigits } from "../notebooks/make/digits.mjs";

const require = createRequire(import.meta.url);
const { tf, compare, evaluate, finetune, freezeAllBut, fromScratch, loadPretrained, replaceHead, schedules, unfreeze } = require("thawbook");

const { values: options } = parseArgs({
  options: { seeds: { type: "string", default: "5" }, labels: { type: "string", default: "10" }, only: { type: "string", multiple: true }, json: { type: "boolean", default: false } },
});
const perClass = Number(options.labels);
const { pixels, labels } = uciDigits();
const images = asMnist(tf, pixels);

function split(seed) {
  const keys = tf.randomUniform([labels.length], 0, 1, "float32", seed).dataSync();
  const order = labels.map((_, row) => row).sort((a, b) => keys[a] - keys[b]);
  const parts = { train: [], validation: [], test: [] };
  const seen = new Array(10).fill(0);
  for (const row of order) {
    const count = seen[labels[row]]++;
    (count < perClass ? parts.train : count < perClass + 10 ? parts.validation : parts.test).push(row);
  }
  const take = (rows) => ({ x: tf.gather(images, rows), y: rows.map((row) => labels[row]) });
  return { train: take(parts.train), test: take(parts.test) };
}

const pretrained = () => loadPretrained(fileURLToPath(new URL("../notebooks/models/mnist-cnn", import.meta.url)));
const batchSize = 20;
const accuracy = async (model, samples) => (await evaluate(model, samples)).accuracy;
// As many steps for any number of labels as the notebook takes for ten.
const epochsFor = (epochs) => Math.max(5, Math.round((epochs * 10) / perClass));

const scratch = (learningRate, epochs) => async (seed) => {
  const { train, test } = split(seed);
  const model = fromScratch(await pretrained(), { seed });
  await finetune(model, train, { epochs: epochsFor(epochs), batchSize, learningRate, schedule: schedules.cosine({ warmup: 0.05 }), seed }).train();
  return accuracy(model, test);
};

const transfer = (thawRate) => async (seed) => {
  const { train, test } = split(seed);
  const model = freezeAllBut(replaceHead(await pretrained(), { classes: 10, seed }), "head");
  await finetune(model, train, { epochs: epochsFor(20), batchSize, learningRate: 1e-2, seed }).train();
  if (thawRate !== undefined) {
    unfreeze(model);
    await finetune(model, train, { epochs: epochsFor(20), batchSize, learningRate: thawRate, schedule: schedules.cosine(), seed }).train();
  }
  return accuracy(model, test);
};

const thawedAtOnce = (learningRate) => async (seed) => {
  const { train, test } = split(seed);
  const model = replaceHead(await pretrained(), { classes: 10, seed });
  await finetune(model, train, { epochs: epochsFor(40), batchSize, learningRate, schedule: schedules.cosine({ warmup: 0.05 }), seed }).train();
  return accuracy(model, test);
};

const all = {
  untouched: async (seed) => accuracy(await pretrained(), split(seed).test),
  "from scratch": scratch(3e-3, 50),
  "from scratch, 1e-3": scratch(1e-3, 50),
  "from scratch, twice as long": scratch(3e-3, 100),
  "frozen, new head": transfer(undefined),
  "head, then thawed": transfer(5e-4),
  "thawed at once, 5e-4": thawedAtOnce(5e-4),
  "thawed at once, 2e-3": thawedAtOnce(2e-3),
};
const approaches = Object.fromEntries(Object.entries(all).filter(([name]) => options.only === undefined || options.only.includes(name)));
const table = await compare(approaches, { seeds: Number(options.seeds) });
const rows = table.values.map((row) => Object.fromEntries(table.columns.map((column, index) => [column, row[index]])));
if (options.json) console.log(JSON.stringify({ labelsPerClass: perClass, seeds: Number(options.seeds), rows }));
else console.table(rows);
