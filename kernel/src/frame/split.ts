/** Training, validation and test parts that share nothing: groups and equal rows stay on one side. */
import { inspect } from "node:util";
import { run, store } from "./engine";
import { relationOfColumns } from "./memory";
import { compose, identifier, joined, verbatim } from "./query";
import type { Query } from "./query";
import { known, names, placed as placedRows, relation } from "./relation";
import type { Relation } from "./relation";
import { rowsOf } from "./values";

export interface SplitOptions {
  /** Shares of the rows; what one of them leaves open goes to `train`. 0.8, 0.1, 0.1 unless any is given. */
  train?: number;
  validation?: number;
  test?: number;
  /** Each value of this column (a class) has the same share in each part. */
  stratify?: string;
  /** Rows that are equal in these columns (a patient, a user, a document) stay in one part. */
  groupBy?: string | readonly string[];
  /** What becomes of rows that are equal in all columns: `"together"` in one part; `"apart"`, as it comes. */
  duplicates?: "together" | "apart";
  seed?: number;
}

export const PARTS = ["train", "validation", "test"] as const;
export type Part = (typeof PARTS)[number];

export interface SplitRelations {
  parts: Record<Part, Relation>;
  said: string;
}

/** Parts of a frame, and what was done in words. */
export class Split<F> {
  constructor(
    readonly train: F,
    readonly validation: F,
    readonly test: F,
    /** How many rows went where, and what was kept together. */
    readonly said: string,
  ) {}

  [inspect.custom](): string {
    return `Split: ${this.said}`;
  }
}

export async function split(source: Relation, options: SplitOptions): Promise<SplitRelations> {
  const shares = sharesOf(options);
  const { stratify, groupBy = [], duplicates = "together", seed = 0 } = options;
  const groups = known("split", source, groupBy);
  if (stratify !== undefined) known("split", source, stratify);
  const placed = await store(compose`from ${placedRows(source)}`);
  const rows: Query = { text: placed.name, values: [], holds: [placed] };
  const equal = duplicates === "together" ? compose`hash(${hashed(source.columns)})::varchar` : compose`"__place"::varchar`;
  const merged = groups.length > 0 && duplicates === "together" ? await groupsWithEqualRows(source, rows, groups) : undefined;
  // A row without a group is one of its own.
  const own = groups.length === 0 ? equal : compose`case when ${joined(groups.map((name) => compose`${identifier(name)} is null`), " or ")} then '-' || "__place" else hash(${hashed(groups)})::varchar end`;
  const stratum = stratify === undefined ? verbatim("0") : identifier(stratify);
  const united = merged
    ? compose`select r.*, coalesce(m.root, r."__own") as "__unit", ${stratum} as "__stratum" from (select *, ${own} as "__own" from ${rows}) r left join (${merged.relation.query}) m on m.own = r."__own"`
    : compose`select *, ${own} as "__unit", ${stratum} as "__stratum" from ${rows}`;
  // A unit goes where its middle lies, on the line of all rows of its stratum in a seeded order.
  const units = compose`select "__unit", mode("__stratum") as s, count(*) as n from (${united}) group by "__unit"`;
  const middles = compose`select "__unit", (sum(n) over (partition by s order by hash("__unit", ${verbatim(String(seed))}), "__unit" rows unbounded preceding) - n / 2.0) / sum(n) over (partition by s) as middle, n from (${units})`;
  const chosen = compose`select "__unit", case when middle < ${shares.train} then 0 when middle < ${shares.train + shares.validation} then 1 else 2 end as "__part" from (${middles})`;
  const stored = await store(compose`select u.*, c."__part" from (${united}) u join (${chosen}) c using ("__unit") order by "__place"`);
  const part = (index: number): Relation => relation({ ...compose`select ${names(source.columns)} from ${verbatim(stored.name)} where "__part" = ${verbatim(String(index))}`, holds: [stored] }, source.columns);
  const parts = { train: part(0), validation: part(1), test: part(2) };
  return { parts, said: await described(stored.name, [stored], options, groups, merged?.joined ?? 0) };
}

const hashed = (columns: readonly string[]): Query => joined(columns.map(identifier));

function sharesOf({ train, validation, test }: SplitOptions): Record<Part, number> {
  for (const [part, share] of Object.entries({ train, validation, test })) if (share !== undefined && !(share >= 0 && share <= 1)) throw new RangeError(`split: ${part} is a share from 0 to 1; it is ${share}`);
  if (train === undefined && validation === undefined && test === undefined) return { train: 0.8, validation: 0.1, test: 0.1 };
  const others = (validation ?? 0) + (test ?? 0);
  const shares = { train: train ?? 1 - others, validation: validation ?? (test === undefined ? 1 - train! : 0), test: test ?? 0 };
  if (train !== undefined && validation === undefined && test !== undefined) shares.validation = Math.max(0, 1 - train - test);
  const sum = shares.train + shares.validation + shares.test;
  if (Math.abs(sum - 1) > 1e-9 || shares.train <= 0) throw new RangeError(`split: the shares must make 1, and train some of it; they are train ${shares.train}, validation ${shares.validation}, test ${shares.test}`);
  return shares;
}

/** Groups that have an equal row are one: their rows would stand on both sides else. */
async function groupsWithEqualRows(source: Relation, rows: Query, groups: readonly string[]): Promise<{ relation: Relation; joined: number } | undefined> {
  const others = source.columns.filter((name) => !groups.includes(name));
  if (others.length === 0) return undefined;
  const whole = joined(groups.map((name) => compose`${identifier(name)} is not null`), " and ");
  const pairs = await rowsOf(await run(compose`select own, equal from (select distinct hash(${hashed(groups)})::varchar as own, hash(${hashed(others)})::varchar as equal from ${rows} where ${whole}) qualify count(*) over (partition by equal) > 1`));
  if (pairs.length === 0) return undefined;
  const parent = new Map<string, string>();
  const root = (key: string): string => {
    let at = key;
    while (parent.get(at) !== undefined && parent.get(at) !== at) at = parent.get(at)!;
    parent.set(key, at);
    return at;
  };
  for (const { own, equal } of pairs as { own: string; equal: string }[]) parent.set(root(own), root(`= ${equal}`));
  const merged = [...new Set(pairs.map((pair) => pair["own"] as string))];
  return { relation: relationOfColumns({ own: merged, root: merged.map(root) }), joined: merged.length };
}

async function described(table: string, holds: readonly object[], { stratify, duplicates = "together", seed = 0 }: SplitOptions, groups: readonly string[], merged: number): Promise<string> {
  const count = PARTS.map((name, part) => `count(*) filter (where "__part" = ${part}) as ${name}`).join(", ");
  const [found] = await rowsOf(await run({ text: `select count(*) as n, count(distinct "__unit") as units, ${count}, (select max(n) from (select count(*) as n from ${table} group by "__unit")) as largest from ${table}`, values: [], holds }));
  const { n, units, largest } = found as Record<string, number>;
  const sizes = PARTS.map((name) => `${name} ${found![name]} (${n ? Math.round(((found![name] as number) / n!) * 1000) / 10 : 0} %)`).join(", ");
  const said = [`${sizes} of ${n} rows`];
  if (stratify !== undefined) said.push(`each ${stratify} in the same share`);
  if (groups.length > 0) said.push(`${units} groups of ${groups.join(", ")} kept together${merged > 0 ? `, ${merged} of them joined with others because they have equal rows` : ""}`);
  else if (duplicates === "together" && units! < n!) said.push(`${n! - units!} rows equal another one and stay with it`);
  if (n! > 0 && largest! > n! / 10) said.push(`the largest that stays together has ${Math.round((largest! / n!) * 100)} % of the rows`);
  return [...said, `seed ${seed}`].join("; ");
}
