import type { WeightEntry } from "../../models";
import type { WeightSquares } from "../../tensorflow/graph";
import type { Instruments } from "./instruments.types";

const KINDS = ["gradientNorm", "weightNorm", "updateNorm"] as const;
type Kind = (typeof KINDS)[number];

/** The norms of the layers at one step; layers in which nothing trains have none. */
export type LayerNorms = ReadonlyMap<string, Readonly<Record<Kind, number>>>;

/** @param trained the weights in whose order the squares are */
export function layerNorms(trained: readonly WeightEntry[], { gradient, weight, update }: WeightSquares): LayerNorms {
  const sums = new Map<string, Record<Kind, number>>();
  trained.forEach(({ owner: { path } }, index) => {
    const sum = sums.get(path) ?? { gradientNorm: 0, weightNorm: 0, updateNorm: 0 };
    sum.gradientNorm += 2 * gradient[index]!;
    sum.weightNorm += 2 * weight[index]!;
    sum.updateNorm += 2 * update[index]!;
    sums.set(path, sum);
  });
  for (const sum of sums.values()) for (const kind of KINDS) sum[kind] = Math.sqrt(sum[kind]);
  return sums;
}

/** What a watched run has measured so far: a column for each layer and norm, by a name of its own. */
export class InstrumentColumns {
  readonly columns = new Map<string, number[]>();

  /** @param step how many steps had been taken before this one */
  record(step: number, layers: readonly string[], norms: LayerNorms): void {
    for (const layer of layers) {
      for (const kind of KINDS) {
        const column = this.column(nameOf(kind, layer));
        // Forked from a run that was not watched.
        while (column.length < step) column.push(NaN);
        column.push(norms.get(layer)?.[kind] ?? NaN);
      }
    }
  }

  /** Whether a column's name is one of these. */
  static owns(name: string): boolean {
    return name.startsWith("instrument ");
  }

  column(name: string): number[] {
    const known = this.columns.get(name);
    if (known) return known;
    const made: number[] = [];
    this.columns.set(name, made);
    return made;
  }

  view(layers: readonly string[]): Instruments {
    const by = (kind: Kind) => Object.fromEntries(layers.map((layer) => [layer, this.columns.get(nameOf(kind, layer)) ?? []]));
    return { layers, gradientNorm: by("gradientNorm"), weightNorm: by("weightNorm"), updateNorm: by("updateNorm") };
  }
}

/** The layers that instruments measure, from input to output: those with weights that can train. */
export function measuredLayers(weights: readonly WeightEntry[]): string[] {
  return [...new Set(weights.filter(({ kind }) => kind !== "statistics").map(({ owner }) => owner.path))];
}

const nameOf = (kind: Kind, layer: string) => `instrument ${kind} ${layer}`;
