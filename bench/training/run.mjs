// npm run bench -- training [--workload NAME …] [--rounds N] [--threads N] [--compile] [--quick] [--grow] [--json]
//
// The same model, first weights, data, batches and optimizer here, in Keras (`fit` as it runs by default), PyTorch and tfjs' fit: each
// in a process of its own that lives through all rounds; the rounds alternate, every second one in reverse order. Before that, with dropout
// off, the losses of the first 20 steps are compared. Python is taken from THAWBOOK_BENCH_PYTHON (default .cache/bench/bin/python).
// --compile: torch.compile too, for head and CNN (minutes of compiling). --quick: frozen rows on a fifth of the data. --grow: how a step's cost
// grows with batch, width and depth. The last line is one JSON object.
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { commands, peersThere, start } from "./contestants.mjs";
import { grow } from "./grow.mjs";
import { workloads, writeInputs } from "./workloads.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    workload: { type: "string", multiple: true, default: [] }, rounds: { type: "string", default: "6" }, threads: { type: "string", default: String(availableParallelism()) },
    compile: { type: "boolean" }, quick: { type: "boolean" }, grow: { type: "boolean" }, json: { type: "boolean" },
  },
});
const names = [...options.workload, ...positionals];
for (const name of names) if (!(name in workloads)) throw new Error(`There is no workload "${name}"; there are ${Object.keys(workloads).join(", ")}.`);
const rounds = Number(options.rounds);
if (!peersThere) console.log("Keras and PyTorch are not there (see bench/training/contestants.mjs): their columns stay empty.");

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const shown = (value) => (value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 3));
const spread = (list) => `${shown(Math.min(...list))}-${shown(Math.max(...list))}`;
const sum = (list) => list.reduce((a, b) => a + b, 0);

async function withInputs(workload, work) {
  const folder = mkdtempSync(join(tmpdir(), "thawbook-bench-"));
  try {
    writeInputs(folder, workload);
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Contestant -> how far its losses are from ours over the first 20 steps, with dropout off. */
async function lossesApart(workload) {
  return withInputs({ ...workload, dropout: 0 }, async (folder) => {
    const losses = {};
    for (const [name, command] of Object.entries(commands(folder, workload, options))) {
      if (name === "tfjs" && workload.optimizer.name === "adamw") continue; // it has no decoupled decay
      const running = await start(command);
      losses[name] = (await running.ask({ steps: 20 })).losses;
      running.stop();
    }
    const { ours, ...others } = losses;
    return Object.fromEntries(Object.entries(others).map(([name, own]) => [name, Math.max(...own.map((loss, index) => Math.abs(loss - ours[index])))]));
  });
}

/** One figure of one contestant, in the row's unit. */
const measures = {
  async step({ running, steps, processor }) {
    const { milliseconds, cpu } = await running.ask({ steps });
    processor.push(cpu);
    return milliseconds;
  },
  async epoch({ running }) {
    return (await running.ask({ epochs: 1, on: true })).milliseconds[0];
  },
  // tfjs' epochs are alike, and long.
  async epochs({ running, name }, { epochs }) {
    return name === "tfjs" ? (await running.ask({ epochs: 1 })).milliseconds[0] * epochs : sum((await running.ask({ epochs })).milliseconds);
  },
};
measures.watched = measures.step;

/** What comes before the first round: recording, compiling, caches. */
async function warmUp(contestant, { measure }) {
  if (measure === "epoch") return contestant.running.ask({ epochs: 2 });
  if (measure === "epochs") return undefined;
  await contestant.running.ask({ steps: 10 });
  const { milliseconds } = await contestant.running.ask({ steps: 6 });
  // A round takes two seconds, in whole calls of eight steps where steps are short.
  contestant.steps = milliseconds > 250 ? 4 : Math.min(1024, 8 * Math.ceil(2000 / milliseconds / 8));
  return undefined;
}

async function inRounds(workload) {
  return withInputs(workload, async (folder) => {
    const contestants = [];
    for (const [name, command] of Object.entries(commands(folder, workload, options))) contestants.push({ name, running: await start(command), figures: [], processor: [] });
    for (const contestant of contestants) await warmUp(contestant, workload);
    for (let round = 0; round < rounds; round++) {
      for (const contestant of round % 2 === 0 ? contestants : [...contestants].reverse()) {
        if (contestant.name === "tfjs" && workload.frozen && round > 0) continue; // slow, and no rival
        contestant.figures.push(await measures[workload.measure](contestant, workload));
      }
    }
    for (const { running } of contestants) running.stop();
    return contestants;
  });
}

/** What only a fresh process shows: the first step, or memory. */
async function inFreshProcesses(workload) {
  return withInputs(workload, async (folder) => {
    const contestants = Object.entries(commands(folder, workload, options)).map(([name, command]) => ({ name, command, figures: [], idle: [] }));
    for (let round = 0; round < Math.min(rounds, 3); round++) {
      for (const contestant of round % 2 === 0 ? contestants : [...contestants].reverse()) {
        const running = await start(contestant.command);
        const { milliseconds } = await running.ask({ steps: workload.measure === "first" ? 1 : 20 });
        if (workload.measure === "first") contestant.figures.push(milliseconds);
        else {
          const { peak, idle } = await running.ask({ memory: true });
          contestant.figures.push(peak);
          contestant.idle.push(idle);
        }
        running.stop();
      }
    }
    return contestants;
  });
}

function rowOf(workload, contestants, apart) {
  const of = (name) => contestants.find((each) => each.name === name);
  const value = (...candidates) => {
    const found = candidates.map(of).filter(Boolean).map(({ figures }) => median(figures));
    return found.length > 0 ? Math.min(...found) : undefined;
  };
  const ours = value("ours");
  const row = { workload: workload.title, load: loadavg()[0], spread: Object.fromEntries(contestants.map(({ name, figures }) => [name, [Math.min(...figures), Math.max(...figures)]])), ...(apart && { apart }) };
  const processor = Object.fromEntries(contestants.filter((each) => each.processor?.length > 0).map((each) => [each.name, median(each.processor)]));
  if (Object.keys(processor).length > 0) row.processor = processor;
  if (workload.limit) return { ...row, ours, peers: {}, ratio: ours / workload.limit, goal: 1, limit: workload.limit };
  if (workload.measure === "watched") return { ...row, ours: value("watched"), unwatched: ours, peers: {}, ratio: value("watched") / ours, goal: workload.goal };
  const peers = { keras: value("keras"), pytorch: value("pytorch", "pytorch, 1 thread", "pytorch, compiled"), tfjs: value("tfjs") };
  if (workload.measure === "memory") {
    const idle = Object.fromEntries(contestants.map((each) => [each.name, median(each.idle)]));
    return { ...row, ours, peers, ratio: peers.pytorch ? ours / peers.pytorch : null, goal: workload.goal, idle };
  }
  const rivals = [peers.keras, peers.pytorch].filter((each) => each !== undefined);
  const features = { keras: value("keras, features"), pytorch: value("pytorch, features") };
  const byHand = Object.values(features).filter((each) => each !== undefined);
  return {
    ...row, ours, peers, ratio: rivals.length > 0 ? ours / Math.min(...rivals) : null, goal: workload.goal,
    ...(byHand.length > 0 && { features, featuresRatio: ours / Math.min(...byHand) }),
  };
}

const rows = [];
let disagreement = false;
if (options.grow) await grow(rounds, options);
for (const name of names.length > 0 ? names : options.grow ? [] : Object.keys(workloads)) {
  let workload = { name, ...workloads[name] };
  if (options.quick && workload.frozen) workload = { ...workload, samples: workload.samples === 1200 ? 240 : 1024, title: `${workload.title} (a fifth of the data)` };
  const apart = workload.measure === "step" ? await lossesApart(workload) : undefined;
  const fresh = workload.measure === "first" || workload.measure === "memory";
  const contestants = await (fresh ? inFreshProcesses(workload) : inRounds(workload));
  const row = rowOf(workload, contestants, apart);
  rows.push(row);
  console.log(`\n${workload.title}: ${workload.measure === "memory" ? "MiB" : "milliseconds"}, median of ${rounds} rounds (load ${row.load.toFixed(1)} on ${availableParallelism()} cores)`);
  for (const { name: each, figures, processor = [], idle = [] } of contestants) {
    const differs = apart?.[each] === undefined ? "" : `  losses apart by ${apart[each].toExponential(1)}${apart[each] <= 1e-3 ? "" : ", too far"}`;
    disagreement ||= apart?.[each] > 1e-3;
    console.log(`  ${each.padEnd(20)} ${shown(median(figures)).padStart(9)}  (${spread(figures)})${processor.length > 0 ? `  processor ${shown(median(processor))} (${spread(processor)})` : ""}${idle.length > 0 ? `  idle ${median(idle).toFixed(0)}` : ""}${differs}`);
  }
  console.log(`  ratio ${row.ratio?.toFixed(3) ?? "unknown"}, goal ${row.goal}${row.featuresRatio ? `; beside features computed by hand ${row.featuresRatio.toFixed(3)}` : ""}`);
}
console.log(JSON.stringify({ rows }));
process.exitCode = disagreement ? 1 : 0;
