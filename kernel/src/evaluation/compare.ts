import type { DataFrame } from "danfojs-node";
import { requireDfd } from "../tensorflow";
import { quietly } from "../training";

/** One way to do it: trains with the seed and gives the figure by which it is judged, or several by name. */
export type Approach = (seed: number) => Promise<number | Readonly<Record<string, number>>> | number | Readonly<Record<string, number>>;

export interface Comparison {
  approach: string;
  metric: string;
  /** One for each seed. */
  values: number[];
  mean: number;
  /** Standard deviation over the seeds (n - 1); NaN for one seed. */
  spread: number;
  least: number;
  most: number;
}

/**
 * Runs each approach with each seed and sums up: one run proves nothing where the seed moves the
 * figure as far as the idea does. The runs are trained without charts.
 *
 * @param seeds which seeds, or how many (1, 2, …)
 * @returns a frame with a row an approach (and figure): approach, metric, runs, mean, spread, least, most
 * @example
 * const table = await compare({ coin: (seed) => seed % 2, always: () => 1 }, { seeds: 4 });
 */
export async function compare(approaches: Readonly<Record<string, Approach>>, options: { seeds?: number | readonly number[] } = {}): Promise<DataFrame> {
  const rows = await comparisons(approaches, options);
  const shown = (value: number) => Number(value.toPrecision(4));
  return new (requireDfd().DataFrame)({
    approach: rows.map(({ approach }) => approach),
    metric: rows.map(({ metric }) => metric),
    runs: rows.map(({ values }) => values.length),
    mean: rows.map(({ mean }) => shown(mean)),
    spread: rows.map(({ spread }) => shown(spread)),
    least: rows.map(({ least }) => shown(least)),
    most: rows.map(({ most }) => shown(most)),
  });
}

/** The same as plain objects. Seeds go round the approaches, so that drift of the machine hits all alike. */
export async function comparisons(approaches: Readonly<Record<string, Approach>>, { seeds = 5 }: { seeds?: number | readonly number[] } = {}): Promise<Comparison[]> {
  const list = typeof seeds === "number" ? Array.from({ length: seeds }, (_, index) => index + 1) : [...seeds];
  if (list.length === 0 || !list.every(Number.isInteger)) throw new RangeError(`seeds: a whole number from 1 on, or whole numbers; got ${JSON.stringify(seeds)}`);
  const found = new Map<string, { approach: string; metric: string; values: number[] }>();
  for (const seed of list) {
    for (const [approach, run] of Object.entries(approaches)) {
      const result = await quietly(async () => run(seed));
      for (const [metric, value] of typeof result === "number" ? [["score", result] as const] : Object.entries(result)) {
        const key = JSON.stringify([approach, metric]);
        const entry = found.get(key) ?? { approach, metric, values: [] };
        entry.values.push(value);
        found.set(key, entry);
      }
    }
  }
  return [...found.values()].map((entry) => ({ ...entry, ...summary(entry.values) }));
}

export function summary(values: readonly number[]): Pick<Comparison, "mean" | "spread" | "least" | "most"> {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, spread: Math.sqrt(squares / (values.length - 1)), least: Math.min(...values), most: Math.max(...values) };
}
