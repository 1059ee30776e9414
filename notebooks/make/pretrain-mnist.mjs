/**
 * Pretrains the tutorial's network on MNIST: `node notebooks/make/pretrain-mnist.mjs`. Seeded: on the
 * same machine it writes the same weights.
 */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { mnistDigits } from "./digits.mjs";

const { tf, finetune, fromScratch, save, schedules } = createRequire(import.meta.url)("thawbook");
const SEED = 1;

const { images, labels } = mnistDigits();
const network = tf.sequential({
  name: "mnist-cnn",
  layers: [
    tf.layers.conv2d({ name: "conv1", inputShape: [28, 28, 1], filters: 16, kernelSize: 3, padding: "same", activation: "relu" }),
    tf.layers.maxPooling2d({ name: "pool1", poolSize: 2 }),
    tf.layers.conv2d({ name: "conv2", filters: 32, kernelSize: 3, padding: "same", activation: "relu" }),
    tf.layers.maxPooling2d({ name: "pool2", poolSize: 2 }),
    tf.layers.conv2d({ name: "conv3", filters: 64, kernelSize: 3, padding: "same", activation: "relu" }),
    tf.layers.maxPooling2d({ name: "pool3", poolSize: 2 }),
    tf.layers.flatten({ name: "flatten" }),
    tf.layers.dense({ name: "features", units: 64, activation: "relu" }),
    tf.layers.dropout({ name: "dropout", rate: 0.3 }),
    tf.layers.dense({ name: "digits", units: 10, activation: "softmax" }),
  ],
});
const model = fromScratch(network, { seed: SEED });
const run = finetune(model, { x: images, y: labels, validation: 0.1 }, { epochs: 8, batchSize: 64, learningRate: 2e-3, schedule: schedules.cosine({ warmup: 0.05 }), optimizer: "adamw", seed: SEED });
run.subscribe((event) => {
  if (event.kind === "epoch") console.log(`epoch ${event.record.epoch}`, event.record.metrics, `${event.record.seconds.toFixed(0)} s`);
});
await run.train();
console.log(run.message ?? run.state, await save(model, fileURLToPath(new URL("../models/mnist-cnn", import.meta.url))));
