/** What is seen of a frame in a cell: its size, its columns, its first and last rows. */
import { run } from "./engine";
import type { Frame } from "./frame";
import { compose, identifier, joined, verbatim } from "./query";
import type { Query } from "./query";
import { from, isTable } from "./relation";
import type { Relation } from "./relation";
import { isNumeric } from "./types";
import type { Dtype } from "./types";
import { rowsOf } from "./values";

export interface ColumnPreview {
  name: string;
  dtype: Dtype;
  /** Undefined where the frame is too large to be looked through for a display. */
  missing?: number;
  /** Rows by size of the value, in equal steps from the least to the largest; of numbers and dates. */
  bins?: readonly number[];
  /** Of texts and booleans, about. */
  distinct?: number;
}

export interface FramePreview {
  rows: number;
  columns: readonly ColumnPreview[];
  head: readonly Record<string, unknown>[];
  /** Without what `head` has already. */
  tail: readonly Record<string, unknown>[];
}

/** Cells that are looked through for a display: well under a second. */
const LOOKED_THROUGH = 40_000_000;
const BINS = 10;

/** @param first rows of `head`; `last` of `tail` */
export async function preview(frame: Frame, { whole, first, last }: { whole: number; first: number; last: number }): Promise<FramePreview> {
  const rows = await frame.count();
  const small = rows * frame.columns.length <= LOOKED_THROUGH;
  // Counted, looked through, first and last rows: four times the same work where the rows are not kept.
  const kept = small && !isTable(frame.relation) ? await frame.collect() : frame;
  const dtypes = await kept.dtypes();
  const fits = rows <= whole;
  const head = (await kept.head(fits ? whole : first).rows()) as Record<string, unknown>[];
  const tail = fits ? [] : ((await kept.slice(rows - last).rows()) as Record<string, unknown>[]);
  const figures = small ? await figuresOf(kept.relation, dtypes) : new Map<string, Figures>();
  return { rows, head, tail, columns: frame.columns.map((name) => ({ name, dtype: dtypes[name]!, ...figures.get(name) })) };
}

type Figures = Pick<ColumnPreview, "missing" | "bins" | "distinct">;

/** The value as a number, where it has a place on a line. */
function placed(name: string, dtype: Dtype): Query | undefined {
  const at = identifier(name);
  if (isNumeric(dtype)) return compose`${at}::double`;
  return dtype === "datetime" ? compose`epoch(${at})::double` : undefined;
}

async function figuresOf(source: Relation, dtypes: Readonly<Record<string, Dtype>>): Promise<Map<string, Figures>> {
  const { columns } = source;
  const asked = columns.flatMap((name, index) => {
    const value = placed(name, dtypes[name]!);
    const real = value && compose`filter (where isfinite(${value}))`;
    return [
      value ? compose`count(*) filter (where ${identifier(name)} is null or isnan(${value})) as ${verbatim(`m${index}`)}` : compose`count(*) filter (where ${identifier(name)} is null) as ${verbatim(`m${index}`)}`,
      ...(value ? [compose`min(${value}) ${real} as ${verbatim(`l${index}`)}, max(${value}) ${real} as ${verbatim(`h${index}`)}`] : [compose`approx_count_distinct(${identifier(name)}) as ${verbatim(`d${index}`)}`]),
    ];
  });
  const [found] = await rowsOf(await run(compose`select ${joined(asked)} from ${from(source)}`));
  const figures = new Map<string, Figures>(columns.map((name, index) => [name, { missing: found![`m${index}`] as number, ...(found![`d${index}`] !== undefined && { distinct: found![`d${index}`] as number }) }]));
  const spread = columns.flatMap((name, index) => {
    const [low, high] = [found![`l${index}`], found![`h${index}`]] as (number | null | undefined)[];
    return typeof low === "number" && typeof high === "number" && high > low ? [{ name, index, low, high }] : [];
  });
  if (spread.length === 0) return figures;
  const binned = spread.map(({ name, index, low, high }) => {
    const value = placed(name, dtypes[name]!)!;
    const share = compose`(${value} - ${low}::double) / (${high}::double - ${low}::double)`;
    return compose`select ${verbatim(String(index))} as c, least(floor(${share} * ${verbatim(String(BINS))}), ${verbatim(String(BINS - 1))}) as b, count(*) as n from ${from(source)} where isfinite(${value}) group by b`;
  });
  for (const { name } of spread) figures.get(name)!.bins = new Array<number>(BINS).fill(0);
  for (const row of await rowsOf(await run(joined(binned, " union all ")))) (figures.get(columns[row["c"] as number]!)!.bins as number[])[row["b"] as number] = row["n"] as number;
  return figures;
}
