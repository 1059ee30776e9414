// node profile.cjs FOLDER: what takes the time of a compiled step, by TensorFlow's ops.
const { TrainingSession } = require("../../kernel/lib/tensorflow/graph/index.js");
const { requireTf, softmaxCrossEntropy } = require("../../kernel/lib/tensorflow/index.js");
const { forward, weightEntries } = require("../../kernel/lib/models/index.js");
const { optimizers } = require("../../kernel/lib/training/index.js");
const { read, build } = require("./model.cjs");

const [folder, runs = "5"] = process.argv.slice(2);
const tf = requireTf();
const given = read(tf, folder);
const { workload, x, y } = given;
const model = build(tf, folder, given);
const frozen = (path) => workload.frozen?.some((layer) => path.startsWith(`${layer}/`));
const all = weightEntries(model);
const weights = all.filter(({ path }) => !frozen(path));
const variables = weights.map(({ variable }) => variable.read());
const session = new TrainingSession(
  all.map(({ path, variable }) => ({ name: path, variable: variable.read() })),
  { ...optimizers.adam(), fused: { kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } },
);
const { batch, classes, input, optimizer } = workload;
const row = input.reduce((a, b) => a * b, 1);
const columns = Array.isArray(x) ? x.map((tensor) => tensor.dataSync()) : [x];
const inputs = [...columns.map((values) => ({ dtype: values instanceof Int32Array ? "int32" : "float32", shape: [batch, ...input] })), { dtype: "float32", shape: [batch, classes] }];
const oneHot = new Float32Array(batch * classes);
y.slice(0, batch).forEach((each, index) => (oneHot[index * classes + each] = 1));

const define = () => ({
  inputs,
  trained: weights.map(({ path, kind }) => ({ name: path, rate: 1, decay: ["kernel", "embedding"].includes(kind) ? optimizer.weightDecay : 0 })),
  gradients(tensors, step) {
    const train = { seed: 1, step, pass: 0, training: (layer) => !frozen(`${layer.name}/`), dropoutRate: (_path, own) => own, statistics() {} };
    const { value, grads } = tf.variableGrads(() => tf.mean(softmaxCrossEntropy(tensors.at(-1), forward(model, tensors.slice(0, -1), { train })[0])), variables);
    return { loss: value, gradients: variables.map(({ name }) => grads[name]) };
  },
});
let count = 0;
const feed = () => ({ inputs: [...columns.map((values) => values.subarray(0, batch * row)), oneHot], steps: [count++], learningRates: [optimizer.learningRate] });

const began = performance.now();
session.step("all", define, feed());
const first = performance.now() - began;
for (let index = 0; index < 2; index++) session.step("all", define, feed());
const totals = new Map();
for (let run = 0; run < Number(runs); run++) {
  for (const { type, microseconds } of session.profile("all", define, feed())) {
    const known = totals.get(type) ?? { calls: 0, microseconds: 0 };
    totals.set(type, { calls: known.calls + 1 / runs, microseconds: known.microseconds + microseconds / runs });
  }
}
const sum = [...totals.values()].reduce((total, { microseconds }) => total + microseconds, 0);
console.log(`${workload.title}\nfirst step ${first.toFixed(0)} ms; then ${(sum / 1000).toFixed(1)} ms of ops a step, in all threads together`);
for (const [type, { calls, microseconds }] of [...totals].sort((a, b) => b[1].microseconds - a[1].microseconds).slice(0, 24)) {
  console.log(`${((100 * microseconds) / sum).toFixed(1).padStart(6)} %  ${(microseconds / 1000).toFixed(2).padStart(8)} ms  ${String(Math.round(calls)).padStart(4)} x ${type}`);
}
session.dispose();
