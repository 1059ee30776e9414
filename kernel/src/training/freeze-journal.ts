import type { LayersModel } from "@tensorflow/tfjs-node";
import { trainedPaths } from "./freeze";
import type { Journal } from "./journal";

/** Writes down a change of what is frozen, made by anyone between two steps, where it takes effect. */
export function noteFreezing({ freezing, marks }: Journal, model: LayersModel, step: number): void {
  const now = trainedPaths(model);
  const known = freezing.at(-1)?.trained;
  if (known && known.join() === now.join()) return;
  freezing.push({ step, trained: now });
  if (!known) return;
  const thawed = layersOf(now.filter((path) => !known.includes(path)));
  const frozen = layersOf(known.filter((path) => !now.includes(path)));
  if (thawed.length > 0) marks.push({ step, kind: "thaw", label: `thawed ${thawed.join(", ")}` });
  if (frozen.length > 0) marks.push({ step, kind: "freeze", label: `froze ${frozen.join(", ")}` });
}

export function layersOf(paths: readonly string[]): string[] {
  return [...new Set(paths.map((path) => path.slice(0, path.lastIndexOf("/"))))];
}
