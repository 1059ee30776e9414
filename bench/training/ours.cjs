// node ours.cjs FOLDER [steps a call] [threads]: a compiled step in a session of its own.
const { TrainingSession } = require("../../kernel/lib/tensorflow/graph/index.js");
const { requireTf, softmaxCrossEntropy } = require("../../kernel/lib/tensorflow/index.js");
const { forward, weightEntries } = require("../../kernel/lib/models/index.js");
const { optimizers } = require("../../kernel/lib/training/index.js");
const { read, build, serve } = require("./model.cjs");

const [folder, count = "8", threads = "auto"] = process.argv.slice(2);
const tf = requireTf();
const given = read(folder);
const { workload, x, oneHot } = given;
const model = build(tf, folder, given);
const weights = weightEntries(model);
const variables = weights.map(({ variable }) => variable.read());
const fused = { kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
const session = new TrainingSession(
  weights.map(({ path }, index) => ({ name: path, variable: variables[index] })),
  { ...optimizers.adam(), fused },
  { threads: threads === "auto" ? threads : Number(threads) },
);
const { batch, classes, input, optimizer, samples } = workload;
const row = input.reduce((a, b) => a * b, 1);

const define = () => ({
  inputs: [{ dtype: "float32", shape: [batch, ...input] }, { dtype: "float32", shape: [batch, classes] }],
  // PyTorch's AdamW decays biases too, and here it is the yardstick.
  trained: weights.map(({ path }) => ({ name: path, rate: 1, decay: optimizer.weightDecay })),
  gradients([inputs, targets], step) {
    const train = { seed: 1, step, pass: 0, training: () => true, dropoutRate: (_path, own) => own, statistics() {} };
    const { value, grads } = tf.variableGrads(() => tf.mean(softmaxCrossEntropy(targets, forward(model, [inputs], { train })[0])), variables);
    return { loss: value, gradients: variables.map(({ name }) => grads[name]) };
  },
});

let step = 0;
function call(steps) {
  const first = (step * batch) % samples;
  const end = first + batch * steps;
  const taken = session.step("all", define, {
    inputs: [x.subarray(first * row, end * row), oneHot.subarray(first * classes, end * classes)],
    steps: Array.from({ length: steps }, (_, index) => step + index),
    learningRates: Array(steps).fill(optimizer.learningRate),
  });
  step += steps;
  return taken.loss;
}

serve((steps) => {
  const losses = [];
  while (losses.length < steps) losses.push(...call(Math.min(Number(count), steps - losses.length)));
  return losses;
});
