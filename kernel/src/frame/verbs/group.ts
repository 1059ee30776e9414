/** Groups, and what is computed of each. */
import { compose, identifier, joined, verbatim } from "../query";
import type { Query } from "../query";
import { from, known, names, placed, relation } from "../relation";
import type { Relation } from "../relation";

/** What an aggregate is called in danfojs and pandas, and how DuckDB computes it. Missing values are left out, as there. */
const AGGREGATES = {
  count: (column: Query) => compose`count(${column})`,
  sum: (column: Query) => compose`coalesce(sum(${column}), 0)`,
  mean: (column: Query) => compose`avg(${column})`,
  median: (column: Query) => compose`median(${column})`,
  min: (column: Query) => compose`min(${column})`,
  max: (column: Query) => compose`max(${column})`,
  /** Of the sample: divided by n - 1. */
  std: (column: Query) => compose`stddev_samp(${column})`,
  var: (column: Query) => compose`var_samp(${column})`,
  nunique: (column: Query) => compose`count(distinct ${column})`,
  first: (column: Query) => compose`first(${column} order by "__place") filter (where ${column} is not null)`,
  last: (column: Query) => compose`last(${column} order by "__place") filter (where ${column} is not null)`,
} as const;

export type Aggregate = keyof typeof AGGREGATES;

export type Aggregations = Readonly<Record<string, Aggregate | readonly Aggregate[]>>;

export function aggregate(name: string, column: Query): Query {
  if (!Object.hasOwn(AGGREGATES, name)) throw new Error(`agg: ${JSON.stringify(name)} is no aggregate; there are ${Object.keys(AGGREGATES).join(", ")}`);
  return AGGREGATES[name as Aggregate](column);
}

/**
 * One row a group, sorted by the group's values; rows whose group is missing are left out, as in pandas.
 * A column is named after its aggregate where one column has several: `delay_mean`.
 */
export function groupAgg(source: Relation, by: readonly string[], aggregations: Aggregations): Relation {
  const keys = known("groupby", source, by);
  if (keys.length === 0) throw new Error("groupby wants at least one column; for the whole frame there are describe(), count(), mean(), …");
  known("agg", source, Object.keys(aggregations));
  const computed = Object.entries(aggregations).flatMap(([name, asked]) =>
    [asked].flat().map((each) => ({ name: typeof asked === "string" ? name : `${name}_${each}`, query: aggregate(each, identifier(name)) })),
  );
  if (computed.length === 0) throw new Error('agg wants what to compute: agg({ delay: "mean" })');
  const ordered = Object.values(aggregations).flat().some((each) => each === "first" || each === "last");
  const rows = ordered ? placed(source) : from(source);
  const present = joined(keys.map((name) => compose`${identifier(name)} is not null`), " and ");
  return relation(
    compose`select ${names(keys)}, ${joined(computed.map(({ name, query }) => compose`${query} as ${identifier(name)}`))} from ${rows} where ${present} group by ${names(keys)} order by ${names(keys)}`,
    [...keys, ...computed.map(({ name }) => name)],
  );
}

/** How often each value is there, the most frequent first. */
export function valueCounts(source: Relation, column: string): Relation {
  const [name] = known("valueCounts", source, column) as [string];
  const at = identifier(name);
  return relation(compose`select ${at}, count(*) as "count" from ${from(source)} where ${at} is not null group by ${at} order by "count" desc, ${at}`, name === "count" ? ["value", "count"] : [name, "count"]);
}

export function overall(source: Relation, aggregates: readonly { name: string; query: Query }[]): Query {
  return compose`select ${joined(aggregates.map(({ name, query }) => compose`${query} as ${identifier(name)}`))} from ${from(source)}${verbatim("")}`;
}
