// node ours.cjs FOLDER [--watch]: a run of `finetune`, as anyone makes it.
const { requireTf } = require("../../kernel/lib/tensorflow/index.js");
const { finetune, freeze } = require("../../kernel/lib/training/index.js");
const { read, build, serve, status } = require("./model.cjs");

const [folder, ...flags] = process.argv.slice(2);
const tf = requireTf();
tf.tidy(() => tf.matMul(tf.ones([8, 8]), tf.ones([8, 8])).dataSync());
const idle = status("VmRSS");
const given = read(tf, folder);
const { workload, x, y } = given;
const fresh = () => {
  const model = build(tf, folder, given);
  if (workload.frozen) freeze(model, ...workload.frozen);
  return model;
};
const start = (model, epochs) =>
  finetune(model, { x, y }, {
    epochs,
    batchSize: workload.batch,
    optimizer: workload.optimizer.name,
    learningRate: workload.optimizer.learningRate,
    weightDecay: workload.optimizer.weightDecay,
    shuffle: false,
    chart: false,
    trainingSample: workload.batch,
    ...(flags.includes("--watch") ? { watch: true } : {}),
  });

let run;
let wanted = 0;
let reached;

/** Trains until so many steps have been told, and holds there: `run.step` would keep what stepping back by hand needs. */
async function take(steps) {
  const first = run?.currentStep ?? 0;
  wanted = first + steps;
  const there = new Promise((resolve) => (reached = resolve));
  if (run) run.resume();
  else {
    run = start(fresh(), 1_000_000);
    run.subscribe((event) => {
      if (event.kind !== "step" || event.step !== wanted && run.currentStep < wanted) return;
      if (run.currentStep >= wanted && reached) {
        run.pause();
        reached();
        reached = undefined;
      }
    }, { figures: true });
    run.train().catch((error) => {
      console.error(error);
      process.exit(1);
    });
  }
  await there;
  return run.steps.metrics.loss.slice(first);
}

let trained;

/** Milliseconds of each epoch. The first holds what a run does before it: preparing, tracing, caching. */
async function epochs(count, on) {
  if (!on) {
    trained?.run.dispose();
    trained?.model.dispose();
    trained = { model: fresh() };
  }
  const times = [];
  for (let epoch = 0; epoch < count; epoch++) {
    const began = performance.now();
    trained.run ??= start(trained.model, 1_000_000);
    await trained.run.epoch();
    times.push(performance.now() - began);
  }
  return times;
}

serve({ idle, take, epochs });
