import { createHash } from "node:crypto";
import type { DataFrame } from "danfojs-node";
import { requireDfd } from "../../tensorflow";
import type { HostState } from "../steps/host-state";
import { isWeightPath } from "../steps/kept-state";

export type Verdict = "locked" | "learning" | "trained, but still" | "moved though frozen";

export interface WeightProof {
  /** `conv1/kernel`. */
  weight: string;
  verdict: Verdict;
  /** The first 12 digits of the SHA-256 of the bytes. */
  before: string;
  after: string;
}

/** The first 12 digits of the SHA-256 of each weight's bytes, by path. */
export function hashesOf({ weights }: HostState): Record<string, string> {
  return Object.fromEntries([...weights].map(([path, { values }]) => [path, hash(values)]));
}

/**
 * What happened to each weight between two states, by the hashes of its bytes. A moving average belongs
 * to its layer: it may move where one of the layer's weights was trained.
 *
 * @param trained the paths of the weights that were trained at any step in between
 * @param averagesMove whether moving averages were told to move where their layer is frozen, too
 */
export function proofOf(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>, trained: ReadonlySet<string>, averagesMove = false): WeightProof[] {
  const layers = new Set([...trained].map(layerOf));
  return Object.keys(after).filter(isWeightPath).map((weight) => {
    const hashes = { before: before[weight]!, after: after[weight]! };
    const moved = hashes.before !== hashes.after;
    const statistic = /\/moving_(mean|variance)$/.test(weight);
    const free = statistic ? averagesMove || layers.has(layerOf(weight)) : trained.has(weight);
    const verdict: Verdict = free ? (moved ? "learning" : "trained, but still") : moved ? "moved though frozen" : "locked";
    return { weight, verdict, ...hashes };
  });
}

export function proofTable(rows: readonly WeightProof[]): DataFrame {
  const column = (name: keyof WeightProof) => rows.map((row) => row[name]);
  return new (requireDfd().DataFrame)({ weight: column("weight"), verdict: column("verdict"), before: column("before"), after: column("after") });
}

function layerOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

function hash(values: ArrayBufferView): string {
  return createHash("sha256").update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)).digest("hex").slice(0, 12);
}
