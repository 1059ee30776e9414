/** What is learned of the training part only, and done alike to all parts: filling, encoding, scaling. */
import { run } from "./engine";
import { compose, identifier, joined, verbatim } from "./query";
import type { Query, Value } from "./query";
import { from, known, relation } from "./relation";
import type { Relation } from "./relation";
import { isNumeric } from "./types";
import type { Dtype } from "./types";
import { rowsOf } from "./values";

export interface FitOptions {
  /** What takes the place of missing values, by column; done first. */
  fill?: Readonly<Record<string, "mean" | "median" | "mode" | number>>;
  /**
   * Texts and other categories as numbers, by column: `"oneHot"` (a column each, 0 or 1), `"ordinal"` (0, 1, … in
   * alphabetical order), or the values in their order: `["S", "M", "L"]`.
   */
  encode?: Readonly<Record<string, "oneHot" | "ordinal" | readonly string[]>>;
  /** Numbers brought to mean 0 and standard deviation 1 (`"standard"`, as for a list of columns), or into 0 to 1 (`"minmax"`). */
  scale?: readonly string[] | Readonly<Record<string, "standard" | "minmax">>;
  /** Categories that the training part does not have: `"error"`, or `"missing"`: 0 in every column of oneHot, missing in ordinal. */
  unknown?: "error" | "missing";
}

/** One thing that is done to a column, with what was learned for it; plain data, to be saved. */
export type FittedStep =
  | { kind: "fill"; column: string; value: number | string | boolean }
  | { kind: "oneHot" | "ordinal"; column: string; values: readonly string[]; unknown: "error" | "missing" }
  | { kind: "scale"; column: string; minus: number; over: number };

/** Most columns that oneHot makes: beyond, the column was no category. */
const MOST_CATEGORIES = 1_000;

export async function fit(source: Relation, dtypes: Readonly<Record<string, Dtype>>, { fill = {}, encode = {}, scale = {}, unknown = "error" }: FitOptions): Promise<FittedStep[]> {
  const scaled = Array.isArray(scale) ? Object.fromEntries((scale as readonly string[]).map((name) => [name, "standard" as const])) : (scale as Readonly<Record<string, "standard" | "minmax">>);
  known("fit", source, [...Object.keys(fill), ...Object.keys(encode), ...Object.keys(scaled)]);
  const numbers = [...Object.keys(scaled), ...Object.keys(fill).filter((name) => fill[name] === "mean" || fill[name] === "median")];
  for (const name of numbers) if (!isNumeric(dtypes[name]!)) throw new TypeError(`fit: column ${JSON.stringify(name)} is ${dtypes[name]}, which has no mean`);
  const filled = await Promise.all(Object.entries(fill).map(([column, how]) => filling(source, column, how)));
  const rows = applied(source, filled);
  const encoded = await Promise.all(Object.entries(encode).map(async ([column, how]): Promise<FittedStep> => {
    if (typeof how !== "string") return { kind: "ordinal", column, values: how, unknown };
    if (how !== "oneHot" && how !== "ordinal") throw new Error(`fit: encode is "oneHot", "ordinal" or a list of values; of ${JSON.stringify(column)} it is ${JSON.stringify(how)}`);
    const values = await categories(rows, column);
    if (values.length === 0) throw new Error(`fit: column ${JSON.stringify(column)} has no value to learn categories from`);
    if (how === "oneHot" && values.length > MOST_CATEGORIES) throw new RangeError(`fit: column ${JSON.stringify(column)} has ${values.length} categories, and each would be a column; ${MOST_CATEGORIES} are the most`);
    return { kind: how, column, values, unknown };
  }));
  return [...filled, ...encoded, ...(await Promise.all(Object.entries(scaled).map(([column, how]) => scaling(rows, column, how))))];
}

async function filling(source: Relation, column: string, how: "mean" | "median" | "mode" | number): Promise<FittedStep> {
  if (typeof how === "number") return { kind: "fill", column, value: how };
  if (!["mean", "median", "mode"].includes(how)) throw new Error(`fit: fill is "mean", "median", "mode" or a number; of ${JSON.stringify(column)} it is ${JSON.stringify(how)}`);
  const at = identifier(column);
  const asked = how === "mode" ? compose`select ${at} as v from ${from(source)} where ${at} is not null group by ${at} order by count(*) desc, ${at} limit 1` : compose`select ${verbatim(how === "mean" ? "avg" : "median")}(${at}::double) filter (where not isnan(${at}::double)) as v from ${from(source)}`;
  const [row] = await rowsOf(await run(asked));
  const value = row?.["v"];
  if (value === undefined || value === null) throw new Error(`fit: column ${JSON.stringify(column)} has no value to fill others with`);
  return { kind: "fill", column, value: value instanceof Date ? value.toISOString() : (value as number | string | boolean) };
}

async function categories(source: Relation, column: string): Promise<string[]> {
  const at = identifier(column);
  return (await rowsOf(await run(compose`select distinct ${at}::varchar as v from ${from(source)} where ${at} is not null order by v`))).map((row) => row["v"] as string);
}

async function scaling(source: Relation, column: string, how: "standard" | "minmax"): Promise<FittedStep> {
  if (how !== "standard" && how !== "minmax") throw new Error(`fit: scale is "standard" or "minmax"; of ${JSON.stringify(column)} it is ${JSON.stringify(how)}`);
  const at = compose`${identifier(column)}::double`;
  const [row] = await rowsOf(await run(compose`select ${how === "standard" ? compose`avg(${at})` : compose`min(${at})`} as minus, ${how === "standard" ? compose`stddev_pop(${at})` : compose`max(${at}) - min(${at})`} as over from ${from(source)} where not isnan(${at})`));
  const { minus, over } = row as { minus: number | null; over: number | null };
  if (minus === null || over === null) throw new Error(`fit: column ${JSON.stringify(column)} has no number to learn a scale from`);
  // A constant column becomes 0, not NaN.
  return { kind: "scale", column, minus, over: over === 0 ? 1 : over };
}

/** The rows with the steps done to them. */
export function applied(source: Relation, steps: readonly FittedStep[]): Relation {
  return steps.reduce(step, source);
}

function step(source: Relation, done: FittedStep): Relation {
  const { column } = done;
  known("on", source, column);
  const at = identifier(column);
  const made = computed(done, at);
  const list = source.columns.flatMap((name) => (name === column ? made : [{ name, query: identifier(name) }]));
  return relation(compose`select ${joined(list.map(({ name, query }) => compose`${query} as ${identifier(name)}`))} from ${from(source)}`, list.map(({ name }) => name));
}

function computed(done: FittedStep, at: Query): { name: string; query: Query }[] {
  const { column } = done;
  switch (done.kind) {
    case "fill": {
      // The rest of the column keeps its type, unless a mean of whole numbers has decimals.
      const present = typeof done.value === "number" ? compose`case when isnan(${at}::double) then null else ${at} end` : at;
      return [{ name: column, query: compose`coalesce(${present}, ${done.value satisfies Value})` }];
    }
    case "scale":
      return [{ name: column, query: compose`(${at}::double - ${done.minus}::double) / ${done.over}::double` }];
    case "ordinal": {
      const place = compose`list_position([${listed(done.values)}]::varchar[], ${at}::varchar)`;
      return [{ name: column, query: compose`case when ${at} is null then null when ${place} > 0 then ${place} - 1 else ${unknownValue(done, at, verbatim("null"))} end` }];
    }
    case "oneHot": {
      const isKnown = compose`list_contains([${listed(done.values)}]::varchar[], ${at}::varchar)`;
      return done.values.map((value) => ({
        name: `${column}_${value}`,
        query: compose`case when ${at} is null then null when ${at}::varchar = ${value} then 1 when ${isKnown} then 0 else ${unknownValue(done, at, verbatim("0"))} end::utinyint`,
      }));
    }
  }
}

const listed = (values: readonly string[]): Query => joined(values.map((value) => compose`${value}`));

function unknownValue({ unknown, column }: { unknown: "error" | "missing"; column: string }, at: Query, instead: Query): Query {
  if (unknown === "missing") return instead;
  return compose`error(${`column ${JSON.stringify(column)} is `} || ${at}::varchar || ${', which the training part does not have; fit with unknown: "missing" to let it pass'})`;
}

