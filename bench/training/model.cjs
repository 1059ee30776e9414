// The workloads as tfjs models, with the weights that all contestants begin from, and the loop that answers the bench.
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { createInterface } = require("node:readline");
const { encoder, replaceHead, weightEntries } = require("../../kernel/lib/models/index.js");

function bytes(file, Type) {
  const data = readFileSync(file);
  return new Type(data.buffer.slice(data.byteOffset, data.byteOffset + data.length));
}

/** The workload, its inputs as `finetune` takes them, and the classes. */
function read(tf, folder) {
  const workload = JSON.parse(readFileSync(join(folder, "workload.json"), "utf8"));
  const y = bytes(join(folder, "y.bin"), Int32Array);
  const shape = [workload.samples, ...workload.input];
  if (workload.kind !== "encoder") return { workload, y, x: bytes(join(folder, "x.bin"), Float32Array) };
  const int = (file) => tf.tensor(bytes(join(folder, file), Int32Array), shape, "int32");
  return { workload, y, x: [int("x.bin"), int("mask.bin"), tf.zeros(shape, "int32")] };
}

function architecture(tf, { kind, input, dropout, classes, encoder: size }) {
  const { dense, conv2d, maxPooling2d, flatten } = tf.layers;
  const layers = {
    head: () => [
      dense({ name: "hidden", inputShape: input, units: 128, activation: "relu" }),
      ...(dropout ? [tf.layers.dropout({ rate: dropout })] : []),
      dense({ name: "head", units: classes }),
    ],
    cnn: () => [
      conv2d({ name: "conv1", inputShape: input, filters: 32, kernelSize: 3, activation: "relu" }),
      conv2d({ name: "conv2", filters: 64, kernelSize: 3, activation: "relu" }),
      maxPooling2d({ poolSize: 2 }),
      flatten(),
      dense({ name: "hidden", units: 128, activation: "relu" }),
      dense({ name: "head", units: classes }),
    ],
  };
  return kind === "encoder" ? replaceHead(encoder({ ...size, dropout }), { units: classes }) : tf.sequential({ layers: layers[kind]() });
}

function build(tf, folder, { workload }) {
  const model = architecture(tf, workload);
  setWeights(tf, folder, workload, model);
  return model;
}

function setWeights(tf, folder, { weights }, model) {
  const entries = new Map(weightEntries(model).map((entry) => [entry.path, entry]));
  weights.forEach(([name, shape], index) => tf.tidy(() => entries.get(name).variable.write(tf.tensor(bytes(join(folder, `weights-${index}.bin`), Float32Array), shape))));
}

/** One number of /proc/self/status, in MiB. */
function status(name) {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(readFileSync("/proc/self/status", "utf8"))[1]) / 1024;
}

/**
 * Answers each line of JSON with one: `{ steps: n }` with milliseconds and processor time a step and the first losses,
 * `{ epochs: n }` with milliseconds of each epoch from a fresh start, or from where it stands where `on` is set.
 */
function serve({ idle, take, epochs, about = () => ({}) }) {
  createInterface({ input: process.stdin }).on("line", async (line) => {
    const asked = JSON.parse(line);
    if (asked.memory) return console.log(JSON.stringify({ idle, peak: status("VmHWM") }));
    if (asked.epochs) return console.log(JSON.stringify({ milliseconds: await epochs(asked.epochs, asked.on === true) }));
    const cpu = process.cpuUsage();
    const start = performance.now();
    const losses = await take(asked.steps);
    const milliseconds = (performance.now() - start) / losses.length;
    const { user, system } = process.cpuUsage(cpu);
    return console.log(JSON.stringify({ milliseconds, cpu: (user + system) / 1000 / losses.length, losses: losses.slice(0, 20), ...about() }));
  });
  console.log(JSON.stringify({ ready: true }));
}

module.exports = { read, build, setWeights, serve, status };
