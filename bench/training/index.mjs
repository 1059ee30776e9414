// node bench/training/index.mjs [head|cnn …] [--rounds N] [--threads N]
// Times one training step here, in tfjs' fit and in PyTorch: the same model, first weights, data and batches, each peer in a process of
// its own that lives through all rounds; the rounds alternate, every second one in reverse order. PyTorch is taken from
// THAWBOOK_BENCH_PYTHON (default .cache/bench/bin/python). The last line is one JSON object.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { workloads, writeInputs } from "./workloads.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const { values: options, positionals } = parseArgs({ allowPositionals: true, options: { rounds: { type: "string", default: "6" }, threads: { type: "string", default: String(availableParallelism()) }, json: { type: "boolean" } } });
const names = positionals.length > 0 ? positionals : Object.keys(workloads);
const python = process.env.THAWBOOK_BENCH_PYTHON ?? join(here, "../../.cache/bench/bin/python");

/** A peer in a process of its own. */
async function start(program, args) {
  const child = spawn(program, args, { cwd: here, stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "2" } });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${program} ${args.join(" ")} ended`);
    return JSON.parse(value);
  };
  await answer();
  return {
    async take(steps) {
      child.stdin.write(`${steps}\n`);
      return answer();
    },
    stop: () => child.kill(),
  };
}

const commands = (folder) => ({
  ours: [process.execPath, ["ours.cjs", folder, "8"]],
  "ours, a step a call": [process.execPath, ["ours.cjs", folder, "1"]],
  tfjs: [process.execPath, ["tfjs.cjs", folder]],
  ...(existsSync(python) ? { pytorch: [python, ["pytorch.py", folder, options.threads]], "pytorch, 1 thread": [python, ["pytorch.py", folder, "1"]] } : {}),
});

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const spread = (list) => `${Math.min(...list).toFixed(2)}-${Math.max(...list).toFixed(2)}`;

async function lossesAgree(name) {
  const folder = mkdtempSync(join(tmpdir(), "thawbook-bench-"));
  writeInputs(folder, name, { dropout: 0 });
  const losses = {};
  for (const [peer, [program, args]] of Object.entries(commands(folder))) {
    const running = await start(program, args);
    losses[peer] = (await running.take(20)).losses;
    running.stop();
  }
  rmSync(folder, { recursive: true });
  const apart = (peer) => Math.max(...losses[peer].map((loss, index) => Math.abs(loss - losses.ours[index])));
  return Object.fromEntries(Object.keys(losses).filter((peer) => peer !== "ours").map((peer) => [peer, apart(peer)]));
}

const rows = [];
for (const name of names) {
  const agreement = await lossesAgree(name);
  const folder = mkdtempSync(join(tmpdir(), "thawbook-bench-"));
  const workload = writeInputs(folder, name);
  const peers = [];
  for (const [peer, [program, args]] of Object.entries(commands(folder))) peers.push({ peer, running: await start(program, args), wall: [], cpu: [] });
  for (const each of peers) {
    await each.running.take(16); // recording, caches, first runs
    const { milliseconds } = await each.running.take(16);
    each.steps = Math.max(16, Math.min(workload.steps, 8 * Math.ceil(2000 / milliseconds / 8))); // a round takes two seconds at most
  }
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const each of round % 2 === 0 ? peers : [...peers].reverse()) {
      const { milliseconds, cpu } = await each.running.take(each.steps);
      each.wall.push(milliseconds);
      each.cpu.push(cpu);
    }
  }
  for (const { running } of peers) running.stop();
  rmSync(folder, { recursive: true });
  console.log(`\n${workload.title}: milliseconds a step, median of ${options.rounds} rounds (load ${loadavg()[0].toFixed(1)} on ${availableParallelism()} cores)`);
  for (const { peer, wall, cpu } of peers) console.log(`  ${peer.padEnd(20)} ${median(wall).toFixed(3).padStart(9)}  (${spread(wall)})  processor ${median(cpu).toFixed(3)} (${spread(cpu)})  losses ${peer === "ours" ? "" : `apart by ${agreement[peer].toExponential(1)}`}`);
  const of = (peer) => peers.find((each) => each.peer === peer);
  const torch = ["pytorch", "pytorch, 1 thread"].map(of).filter(Boolean);
  const fastest = torch.length > 0 ? Math.min(...torch.map(({ wall }) => median(wall))) : undefined;
  const ours = median(of("ours").wall);
  rows.push({
    workload: workload.title,
    ours,
    peers: { pytorch: fastest, tfjs: median(of("tfjs").wall) },
    ratio: fastest === undefined ? null : ours / fastest,
    goal: workload.goal,
    single: median(of("ours, a step a call").wall),
    processor: { ours: median(of("ours").cpu), pytorch: torch.length > 0 ? Math.min(...torch.map(({ cpu }) => median(cpu))) : undefined },
    load: loadavg()[0],
  });
}
console.log(JSON.stringify({ rows }));
