import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeSafetensors, encodeSafetensors } from "../../models";
import { loaded, named, stored } from "./checkpoint/content";
import { alive } from "./checkpoint/files";
import type { HostState, HostTensor } from "../steps/host-state";
import type { Snapshot } from "./snapshots";

const PREFIX = "thawbook-snapshots-";

/** Snapshots in files of a temporary folder, which is gone when the process is. What a snapshot shares with the first stays in memory. */
export class SpilledStates {
  #folder: string | undefined;
  readonly #known = new Map<number, { snapshot: Snapshot; shared: Map<string, HostTensor> }>();

  /** @returns bytes of the file */
  write(snapshot: Snapshot, first: Snapshot): number {
    this.#folder ??= temporaryFolder();
    const all = named(snapshot.state, snapshot.best?.state);
    const inMemory = new Set([...named(first.state, first.best?.state).values()].map(({ values }) => values));
    const shared = new Map([...all].filter(([, { values }]) => inMemory.has(values)));
    const own = new Map([...all].filter(([name]) => !shared.has(name)).map(([name, tensor]) => [name, stored(tensor)]));
    const parts = encodeSafetensors(own);
    writeFileSync(this.#file(snapshot.step), Buffer.concat(parts));
    this.#known.set(snapshot.step, { snapshot: outline(snapshot), shared });
    return parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  read(step: number): Snapshot {
    const { snapshot, shared } = this.#known.get(step)!;
    const file = this.#file(step);
    const { tensors } = decodeSafetensors(readFileSync(file), file);
    const find = (name: string): HostTensor => shared.get(name) ?? loaded(tensors.get(name)!);
    return { step, state: filled(snapshot.state, "weights", find), best: snapshot.best && { step: snapshot.best.step, state: filled(snapshot.best.state, "best", find) } };
  }

  remove(step: number): void {
    this.#known.delete(step);
    rmSync(this.#file(step), { force: true });
  }

  clear(): void {
    this.#known.clear();
    if (!this.#folder) return;
    rmSync(this.#folder, { recursive: true, force: true });
    folders.delete(this.#folder);
    this.#folder = undefined;
  }

  #file(step: number): string {
    return join(this.#folder!, `${step}.safetensors`);
  }
}

const NOTHING: HostTensor = { values: new Float32Array(0), shape: [0], dtype: "float32" };

/** The same without numbers. */
function outline({ step, state, best }: Snapshot): Snapshot {
  return { step, state: filled(state, "", () => NOTHING), best: best && { step: best.step, state: filled(best.state, "", () => NOTHING) } };
}

function filled({ weights, slots }: HostState, prefix: string, find: (name: string) => HostTensor): HostState {
  return {
    weights: new Map([...weights.keys()].map((path) => [path, find(`${prefix}/${path}`)])),
    slots: new Map([...slots].map(([path, { tensors, count }]) => [path, { count, tensors: tensors.map((_, index) => find(`slots/${index}/${path}`)) }])),
  };
}

const folders = new Set<string>();

function temporaryFolder(): string {
  if (folders.size === 0) {
    process.once("exit", () => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));
    removeAbandoned();
  }
  const folder = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  folders.add(folder);
  return folder;
}

/** What processes that were killed have left. */
function removeAbandoned(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid && !alive(Number(pid))) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}
