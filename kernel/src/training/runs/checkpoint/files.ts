/** Files that are there whole or not at all, whenever the process or the machine ends. */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";

/** A file's content in parts. */
export type Parts = readonly Uint8Array[];

/** Length and SHA-256 of each file of a folder. */
export type Manifest = Record<string, { bytes: number; sha256: string }>;

export const MANIFEST = "manifest.json";

/**
 * Writes a folder of files under a name of its own first, brings it to the disk, and renames it then.
 * The manifest in it says what the files must be.
 *
 * @param directory exists
 */
export async function writeFolder(directory: string, name: string, files: Readonly<Record<string, Parts>>): Promise<void> {
  const temporary = join(directory, `.${name}.${process.pid}.tmp`);
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary);
  try {
    const manifest: Manifest = {};
    for (const [file, parts] of Object.entries(files)) {
      await writeSynced(join(temporary, file), parts);
      const hash = createHash("sha256");
      parts.forEach((part) => hash.update(part));
      manifest[file] = { bytes: bytesOf(parts), sha256: hash.digest("hex") };
    }
    await writeSynced(join(temporary, MANIFEST), [Buffer.from(JSON.stringify(manifest))]);
    await syncDirectory(temporary);
    await rename(temporary, join(directory, name));
    await syncDirectory(directory);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    throw error;
  }
}

export function bytesOf(parts: Parts): number {
  return parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

/** Makes the directory where it is missing, and removes what a process that has ended left half-written. */
export function openDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true });
  for (const name of readdirSync(directory)) {
    const owner = /^\..*\.(\d+)\.tmp$/.exec(name)?.[1];
    if (owner && (Number(owner) === process.pid || !alive(Number(owner)))) rmSync(join(directory, name), { recursive: true, force: true });
  }
}

export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function writeSynced(path: string, parts: Parts): Promise<void> {
  const file = await open(path, "wx");
  try {
    for (const part of parts) {
      for (let at = 0; at < part.byteLength; ) at += (await file.write(part, at)).bytesWritten;
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  // Windows has no such thing, and needs none.
  if (process.platform === "win32") return;
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
