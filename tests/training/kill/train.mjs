/**
 * A run with checkpoints, to be killed: node train.mjs <directory>. It goes on from the checkpoints that it finds. Says
 * `training` when it begins, and at the end the weights' hashes and where it had begun.
 */
import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { finetune, freeze, schedules, unfreeze, fromScratch, tf } = require("thawbook");
const { weightEntries } = require("../../../kernel/lib/models/index.js");
const { hashTensor } = require("../../../kernel/lib/tensorflow/index.js");

const directory = process.argv[2];
const { layers } = tf;
const model = fromScratch(
  tf.sequential({
    name: "killed",
    layers: [
      layers.conv2d({ name: "conv", inputShape: [8, 8, 1], filters: 4, kernelSize: 3, activation: "relu" }),
      layers.batchNormalization({ name: "norm" }),
      layers.flatten({ name: "flat" }),
      layers.dropout({ name: "drop", rate: 0.3 }),
      layers.dense({ name: "features", units: 64, activation: "relu" }),
      layers.dense({ name: "head", units: 3, activation: "softmax" }),
    ],
  }),
  { seed: 1 },
);
const samples = (rows) => ({
  x: Float32Array.from({ length: rows * 64 }, (_, i) => Math.sin(i * 12.9898) + ((i >> 6) % 3) * Math.cos((i % 64) / 3)),
  y: Int32Array.from({ length: rows }, (_, row) => row % 3),
});
const data = { ...samples(203), validation: samples(60) };
const schedule = schedules.cosine({ warmup: 0.1 });
const options = { epochs: 12, batchSize: 8, optimizer: "adamw", learningRate: 3e-3, schedule, clipNorm: 1, seed: 3, earlyStopping: { patience: 50, restoreBest: false } };

/** Thaws in the middle: what a person does between two calls. */
async function train(run) {
  const half = run.plan.steps / 2;
  if (run.currentStep === 0) freeze(run.model, "conv", "norm");
  if (run.currentStep < half) await run.until(({ step }) => step === half);
  if (run.currentStep === half) unfreeze(run.model);
  await run.train();
}

const goesOn = existsSync(directory) && readdirSync(directory).some((name) => /^\d{6}-/.test(name));
const run = goesOn ? await finetune.resume(directory, model, data, { schedule }) : finetune(model, data, { ...options, checkpoint: { directory, every: { steps: 7, seconds: 0.3 } } });
const begun = run.currentStep;
console.log("training");
if (run.state !== "finished") await train(run);
const hashes = Object.fromEntries(weightEntries(run.model).map(({ path, variable }) => [path, hashTensor(variable.read())]));
console.log(JSON.stringify({ begun, step: run.currentStep, losses: run.steps.metrics.loss, best: run.best, history: run.history.map(({ metrics }) => metrics), hashes }));
