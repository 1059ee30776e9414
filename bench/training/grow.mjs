// How the cost of an encoder's step grows with batch, width and depth, here and in PyTorch.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commands, start } from "./contestants.mjs";
import { encoderOf, writeInputs } from "./workloads.mjs";

const SIZES = [
  {}, { batch: 4 }, { batch: 8 }, { batch: 32 },
  { width: 192, heads: 6 }, { width: 768, heads: 12 },
  { layers: 2 }, { layers: 12 }, { tokens: 16 }, { tokens: 128 },
];

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

export async function grow(rounds, options) {
  console.log("\nan encoder's step (16 texts of 64 tokens, width 384, 6 layers, unless said otherwise), milliseconds");
  for (const size of SIZES) {
    const workload = { measure: "step", ...encoderOf(size), samples: 320 };
    const folder = mkdtempSync(join(tmpdir(), "thawbook-bench-"));
    writeInputs(folder, workload);
    const { ours, pytorch } = commands(folder, workload, options);
    const contestants = [];
    for (const command of [ours, pytorch].filter(Boolean)) contestants.push({ running: await start(command), figures: [] });
    for (const { running } of contestants) await running.ask({ steps: 3 });
    for (let round = 0; round < rounds; round++) {
      for (const { running, figures } of round % 2 === 0 ? contestants : [...contestants].reverse()) figures.push((await running.ask({ steps: 2 })).milliseconds);
    }
    contestants.forEach(({ running }) => running.stop());
    rmSync(folder, { recursive: true });
    const [own, other] = contestants.map(({ figures }) => median(figures));
    const what = Object.entries(size).map(([key, value]) => `${key} ${value}`).join(", ") || "as it is";
    console.log(`  ${what.padEnd(22)} ${own.toFixed(0).padStart(6)}  PyTorch ${other?.toFixed(0) ?? "unknown"}  ratio ${other ? (own / other).toFixed(2) : "unknown"}`);
  }
}
