/** The checkpoints of one run in their directory: which are there, which are sound, which are kept. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { decode } from "./content";
import type { About, Standing } from "./content";
import { MANIFEST } from "./files";
import type { Manifest } from "./files";

export interface CheckpointEntry {
  /** `000012-step-300`: counted as they were written; a run may go back, and then the later is not the farther. */
  name: string;
  sequence: number;
  step: number;
  bytes: number;
}

export function checkpointName(sequence: number, step: number): string {
  return `${String(sequence).padStart(6, "0")}-step-${step}`;
}

/** In the order in which they were written. Whether they are sound is not looked at. */
export function listCheckpoints(directory: string): CheckpointEntry[] {
  if (!existsSync(directory)) return [];
  const found = readdirSync(directory).flatMap((name) => {
    const [, sequence, step] = /^(\d{6,})-step-(\d+)$/.exec(name) ?? [];
    if (sequence === undefined) return [];
    const folder = join(directory, name);
    const bytes = readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
    return [{ name, sequence: Number(sequence), step: Number(step), bytes }];
  });
  return found.sort((a, b) => a.sequence - b.sequence);
}

/** @throws saying what is wrong with it, where it is not what was written */
export function readCheckpoint(directory: string, name: string): { standing: Standing; about: About } {
  const folder = join(directory, name);
  const manifest = parsed(readFile(folder, MANIFEST));
  const files = Object.fromEntries(
    Object.entries(manifest).map(([file, { bytes, sha256 }]) => {
      const content = readFile(folder, file);
      if (content.length !== bytes) throw new Error(`${file} has ${content.length} bytes, and had ${bytes} when it was written`);
      if (createHash("sha256").update(content).digest("hex") !== sha256) throw new Error(`${file} is not what was written: its SHA-256 differs`);
      return [file, content];
    }),
  );
  return decode(files, name);
}

export interface Found {
  name: string;
  standing: Standing;
  about: About;
  /** What is wrong with later ones, a sentence each. */
  damaged: string[];
}

/**
 * The newest that is sound.
 *
 * @throws when there is none
 */
export function newestSound(directory: string): Found {
  const entries = listCheckpoints(directory);
  if (entries.length === 0) throw new Error(`There is no checkpoint in ${directory}`);
  const damaged: string[] = [];
  for (const { name } of entries.reverse()) {
    try {
      return { name, ...readCheckpoint(directory, name), damaged };
    } catch (error) {
      damaged.push(`${name} is damaged (${error instanceof Error ? error.message : String(error)})`);
    }
  }
  throw new Error(`No checkpoint in ${directory} is sound: ${damaged.join("; ")}`);
}

/**
 * Removes the oldest until at most `keep` are left and all together take at most `budget` bytes. The
 * newest always stays; so does the best, as far as the budget lets it.
 *
 * @param best the step of the best epoch
 * @param beyond the newest one's step: others as far or farther belong to a future that was given up by a rewind
 * @returns what is left
 */
export function prune(directory: string, { keep, budget, best, beyond }: { keep: number; budget: number; best: number | undefined; beyond: number }): CheckpointEntry[] {
  const all = listCheckpoints(directory);
  const newest = all.at(-1);
  const remove = ({ name }: CheckpointEntry): void => {
    // Out of sight first: half of a checkpoint would look like a damaged one.
    const temporary = join(directory, `.${name}.${process.pid}.tmp`);
    renameSync(join(directory, name), temporary);
    rmSync(temporary, { recursive: true, force: true });
  };
  const given = all.filter((entry) => entry.step > beyond || (entry.step === beyond && entry !== newest));
  given.forEach(remove);
  let left = all.filter((entry) => !given.includes(entry));
  const keptForBest = left.findLast(({ step }) => step === best);
  const drop = (protectedOnes: readonly (CheckpointEntry | undefined)[], tooMuch: () => boolean): void => {
    while (tooMuch()) {
      const oldest = left.find((entry) => !protectedOnes.includes(entry));
      if (!oldest) return;
      remove(oldest);
      left = left.filter((entry) => entry !== oldest);
    }
  };
  const bytes = () => left.reduce((sum, entry) => sum + entry.bytes, 0);
  drop([newest, keptForBest], () => left.filter((entry) => entry !== keptForBest || entry === newest).length > keep);
  drop([newest, keptForBest], () => bytes() > budget);
  drop([newest], () => bytes() > budget);
  return left;
}

function readFile(folder: string, file: string): Buffer {
  try {
    return readFileSync(join(folder, file));
  } catch (error) {
    throw new Error(`${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`, { cause: error });
  }
}

function parsed(manifest: Buffer): Manifest {
  let found: unknown;
  try {
    found = JSON.parse(manifest.toString("utf8"));
  } catch {
    throw new Error(`${MANIFEST} is no JSON`);
  }
  const entries = Object.entries((found ?? {}) as Manifest);
  if (entries.length === 0 || !entries.every(([, each]) => typeof each?.bytes === "number" && typeof each.sha256 === "string")) throw new Error(`${MANIFEST} is incomplete`);
  return found as Manifest;
}
