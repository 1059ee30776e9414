/**
 * `kill -9` at any moment, then `finetune.resume`: the end is that of a run that nobody killed. A few kills here;
 * `THAWBOOK_KILLS=20` for more.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

const KILLS = Number(process.env["THAWBOOK_KILLS"] ?? 4);
const folder = mkdtempSync(join(tmpdir(), "thawbook-kill-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface End {
  begun: number;
  step: number;
}

/** @param killAt says when; the child ends before that or by SIGKILL */
function child(directory: string, killAt?: (kill: () => void) => void): Promise<{ killed: boolean; end: End | undefined; milliseconds: number }> {
  return new Promise((resolve, reject) => {
    const started = spawn(process.execPath, ["tests/training/kill/train.mjs", directory], { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    let errors = "";
    let training: number | undefined;
    started.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    started.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (training !== undefined || !said.includes("training")) return;
      training = performance.now();
      killAt?.(() => started.kill("SIGKILL"));
    });
    started.on("close", (code, signal) => {
      const last = said.trim().split("\n").at(-1)!;
      if (signal !== "SIGKILL" && code !== 0) reject(new Error(errors));
      else resolve({ killed: signal === "SIGKILL", end: last.startsWith("{") ? (JSON.parse(last) as End) : undefined, milliseconds: performance.now() - (training ?? 0) });
    });
  });
}

/** A generator with a seed of its own (mulberry32), from 0 to 1. */
function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Kills while a checkpoint is being written: the `nth` time that a half-written one is seen. */
function whileWriting(directory: string, nth: number, kill: () => void): void {
  let seen = 0;
  let last = "";
  const look = (): void => {
    let half: string | undefined;
    try {
      half = readdirSync(directory).find((name) => name.endsWith(".tmp"));
    } catch {
      half = undefined;
    }
    if (half && half !== last) seen += 1;
    last = half ?? last;
    if (half && seen >= nth) kill();
    else if (performance.now() < end) setImmediate(look);
  };
  const end = performance.now() + 60_000;
  look();
}

let whole: Awaited<ReturnType<typeof child>>;
beforeAll(async () => {
  whole = await child(join(folder, "whole"));
}, 120_000);

const draw = random(7);
it.each(Array.from({ length: KILLS }, (_, index) => ({ kill: index + 1, writing: index % 2 === 1, draw: draw() })))(
  "kill $kill (writing: $writing, draw $draw) leaves nothing behind that changes the end",
  async ({ kill, writing, draw: share }) => {
    const directory = join(folder, String(kill));
    const first = await child(directory, (now) => {
      if (writing) whileWriting(directory, 1 + Math.floor(share * 30), now);
      else setTimeout(now, share * whole.milliseconds);
    });
    const { end } = await child(directory);
    const { begun, ...rest } = end!;
    const { begun: _begun, ...expected } = whole.end!;
    expect(rest).toEqual(expected);
    if (process.env["THAWBOOK_KILLS"]) console.log(`kill ${kill}: ${first.killed ? `killed${writing ? " while writing" : ""}` : "had ended"}, resumed from step ${begun}`);
  },
  120_000,
);
