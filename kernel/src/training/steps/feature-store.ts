import { closeSync, mkdtempSync, openSync, readSync, rmSync, statfsSync, writeSync } from "node:fs";
import { totalmem, tmpdir } from "node:os";
import { join } from "node:path";

type Values = Float32Array | Int32Array;

/** Where features are kept unless told otherwise: memory up to this share of the machine's, then the disk. */
const SHARE_OF_MEMORY = 0.25;
/** What of the free disk they may take. */
const SHARE_OF_DISK = 0.5;

/** Rows of numbers, each written once and read often. */
export interface FeatureStore {
  readonly bytes: number;
  readonly place: "memory" | "disk";
  write(row: number, values: Values): void;
  /** Copies a row into `target` from `offset` on. */
  read(row: number, target: Values, offset: number): void;
  close(): void;
}

export interface StoreRequest {
  rows: number;
  /** Numbers a row. */
  width: number;
  dtype: "float32" | "int32";
}

/**
 * Room for several tables.
 *
 * @param memory bytes of memory that they may take together; a quarter of the machine's unless given, 0: none
 * @returns the reason where there is none
 */
export function openStores(requests: readonly StoreRequest[], memory = Math.floor(totalmem() * SHARE_OF_MEMORY)): FeatureStore[] | string {
  const bytes = requests.reduce((sum, { rows, width }) => sum + 4 * rows * width, 0);
  if (bytes <= memory) return requests.map(memoryStore);
  const folder = tmpdir();
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize * SHARE_OF_DISK;
  if (bytes > free) return `they would take ${megabytes(bytes)}, more than half of what is free in ${folder}`;
  return requests.map(diskStore);
}

export function megabytes(bytes: number): string {
  return bytes < 1e5 ? `${(bytes / 1e3).toFixed(0)} kB` : bytes < 1e7 ? `${(bytes / 1e6).toFixed(1)} MB` : bytes < 1e10 ? `${(bytes / 1e6).toFixed(0)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

function memoryStore({ rows, width, dtype }: StoreRequest): FeatureStore {
  const values = dtype === "int32" ? new Int32Array(rows * width) : new Float32Array(rows * width);
  return {
    bytes: values.byteLength,
    place: "memory",
    write: (row, given) => values.set(given, row * width),
    read: (row, target, offset) => target.set(values.subarray(row * width, (row + 1) * width), offset),
    close: () => undefined,
  };
}

function diskStore({ rows, width }: StoreRequest): FeatureStore {
  const folder = mkdtempSync(join(tmpdir(), "thawbook-features-"));
  const file = openSync(join(folder, "features"), "wx+", 0o600);
  const remove = () => rmSync(folder, { recursive: true, force: true });
  // A file without a name is gone with the process, however that ends. Windows keeps the name of an open file.
  if (process.platform === "win32") process.once("exit", remove);
  else remove();
  const size = 4 * width;
  let open = true;
  return {
    bytes: rows * size,
    place: "disk",
    write(row, given) {
      for (let done = 0; done < size; ) done += writeSync(file, new Uint8Array(given.buffer, given.byteOffset + done, size - done), 0, size - done, row * size + done);
    },
    read(row, target, offset) {
      for (let done = 0; done < size; ) {
        const count = readSync(file, new Uint8Array(target.buffer, target.byteOffset + 4 * offset + done, size - done), 0, size - done, row * size + done);
        if (count === 0) throw new Error(`Row ${row} of the features kept on disk is missing`);
        done += count;
      }
    },
    close() {
      if (!open) return;
      open = false;
      closeSync(file);
      if (process.platform === "win32") remove();
    },
  };
}
