// node tfjs.cjs FOLDER: what tfjs' own `fit` takes. It has no AdamW; Adam is a little less work.
const { requireTf } = require("../../kernel/lib/tensorflow/index.js");
const { freeze } = require("../../kernel/lib/training/index.js");
const { read, build, serve, status } = require("./model.cjs");

const [folder] = process.argv.slice(2);
const tf = requireTf();
const idle = status("VmRSS");
const given = read(tf, folder);
const { workload } = given;
const inputs = (Array.isArray(given.x) ? given.x : [tf.tensor(given.x, [workload.samples, ...workload.input])]);
const targets = tf.tidy(() => tf.oneHot(tf.tensor1d(given.y, "int32"), workload.classes).toFloat());

function fresh() {
  const model = build(tf, folder, given);
  if (workload.frozen) freeze(model, ...workload.frozen);
  model.compile({ optimizer: tf.train.adam(workload.optimizer.learningRate), loss: (expected, logits) => tf.losses.softmaxCrossEntropy(expected, logits) });
  return model;
}

let model;
let at = 0;

async function fit(first, rows, losses) {
  const cut = (tensor) => tf.slice(tensor, [first, ...tensor.shape.slice(1).map(() => 0)], [rows, ...tensor.shape.slice(1)]);
  const [xs, ys] = [inputs.map(cut), cut(targets)];
  const callbacks = { onBatchEnd: (_batch, { loss }) => void losses.push(loss) };
  await model.fit(xs.length === 1 ? xs[0] : xs, ys, { batchSize: workload.batch, epochs: 1, shuffle: false, verbose: 0, callbacks, yieldEvery: "never" });
  tf.dispose([xs, ys]);
}

async function take(steps) {
  model ??= fresh();
  const losses = [];
  while (losses.length < steps) {
    const rows = Math.min((steps - losses.length) * workload.batch, workload.samples - at);
    await fit(at, rows, losses);
    at = (at + rows) % workload.samples;
  }
  return losses;
}

async function epochs(count, on) {
  if (!on) {
    model?.dispose();
    model = fresh();
  }
  const times = [];
  for (let epoch = 0; epoch < count; epoch++) {
    const start = performance.now();
    await fit(0, workload.samples, []);
    times.push(performance.now() - start);
  }
  return times;
}

serve({ idle, take, epochs });
