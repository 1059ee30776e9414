// node tfjs.cjs FOLDER: what tfjs' own `fit` takes for the same steps.
const { requireTf } = require("../../kernel/lib/tensorflow/index.js");
const { read, build, serve } = require("./model.cjs");

const [folder] = process.argv.slice(2);
const tf = requireTf();
const given = read(folder);
const { workload, x, oneHot } = given;
const model = build(tf, folder, given);
// tfjs has no AdamW; Adam is a little less work.
model.compile({ optimizer: tf.train.adam(workload.optimizer.learningRate), loss: (targets, logits) => tf.losses.softmaxCrossEntropy(targets, logits) });
const row = workload.input.reduce((a, b) => a * b, 1);

serve(async (steps) => {
  const losses = [];
  while (losses.length < steps) {
    const batches = Math.min(steps - losses.length, workload.samples / workload.batch);
    const rows = batches * workload.batch;
    const xs = tf.tensor(x.slice(0, rows * row), [rows, ...workload.input]);
    const ys = tf.tensor(oneHot.slice(0, rows * workload.classes), [rows, workload.classes]);
    await model.fit(xs, ys, { batchSize: workload.batch, epochs: 1, shuffle: false, verbose: 0, callbacks: { onBatchEnd: (_batch, { loss }) => void losses.push(loss) }, yieldEvery: "never" });
    tf.dispose([xs, ys]);
  }
  return losses;
});
