// The workloads as tfjs models, with the weights that all peers begin from.
const { readFileSync } = require("node:fs");
const { join } = require("node:path");


function read(folder) {
  const workload = JSON.parse(readFileSync(join(folder, "workload.json"), "utf8"));
  const bytes = readFileSync(join(folder, "y.bin"));
  const y = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const oneHot = new Float32Array(y.length * workload.classes);
  y.forEach((each, row) => (oneHot[row * workload.classes + each] = 1));
  return { workload, x: aligned(join(folder, "x.bin")), oneHot };
}

function aligned(file) {
  const bytes = readFileSync(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

function build(tf, folder, { workload }) {
  const { dense, dropout, conv2d, maxPooling2d, flatten } = tf.layers;
  const layers =
    workload.name === "head"
      ? [dense({ inputShape: workload.input, units: 128, activation: "relu" }), ...(workload.dropout ? [dropout({ rate: workload.dropout })] : []), dense({ units: 10 })]
      : [
          conv2d({ inputShape: workload.input, filters: 32, kernelSize: 3, activation: "relu" }),
          conv2d({ filters: 64, kernelSize: 3, activation: "relu" }),
          maxPooling2d({ poolSize: 2 }),
          flatten(),
          dense({ units: 128, activation: "relu" }),
          dense({ units: 10 }),
        ];
  const model = tf.sequential({ layers });
  model.setWeights(workload.weights.map((shape, index) => tf.tensor(aligned(join(folder, `weights-${index}.bin`)), shape)));
  return model;
}

/** Answers each line "steps" with one of JSON: milliseconds a step, processor milliseconds a step, the losses. */
function serve(take) {
  require("node:readline")
    .createInterface({ input: process.stdin })
    .on("line", async (line) => {
      const steps = Number(line);
      const cpu = process.cpuUsage();
      const start = performance.now();
      const losses = await take(steps);
      const milliseconds = (performance.now() - start) / steps;
      const { user, system } = process.cpuUsage(cpu);
      console.log(JSON.stringify({ milliseconds, cpu: (user + system) / 1000 / steps, losses: losses.slice(0, 20) }));
    });
  console.log(JSON.stringify({ ready: true }));
}

module.exports = { read, build, serve };
