/** What a frame is like: one row a column. */
import { compose, identifier, joined, verbatim } from "../query";
import type { Query } from "../query";
import { from, relation } from "../relation";
import type { Relation } from "../relation";

const FIGURES = ["count", "mean", "std", "min", "25%", "50%", "75%", "max"] as const;

function wantsNumeric(verb: string, source: Relation, numeric: readonly string[]): void {
  if (numeric.length === 0) throw new Error(`${verb}: no column is numeric; there are ${source.columns.join(", ")}. For texts see valueCounts`);
}

/** Of the numeric columns, as danfojs and pandas name the figures: a row a figure, a column a column. One pass over the rows. */
export function describe(source: Relation, numeric: readonly string[]): Relation {
  wantsNumeric("describe", source, numeric);
  const figure = (name: string): Query => {
    const at = identifier(name);
    return compose`list_concat([count(${at})::double, avg(${at}), stddev_samp(${at}), min(${at})::double], list_append(quantile_cont(${at}::double, [0.25, 0.5, 0.75]), max(${at})::double)) as ${at}`;
  };
  const lists = compose`select ${joined(numeric.map(figure))} from ${from(source)}`;
  return relation(
    compose`select unnest([${verbatim(FIGURES.map((each) => `'${each}'`).join(", "))}]) as "figure", ${joined(numeric.map((name) => compose`unnest(${identifier(name)}) as ${identifier(name)}`))} from (${lists})`,
    ["figure", ...numeric],
  );
}

export function quantile(source: Relation, columns: readonly string[], share: number): Query {
  wantsNumeric("quantile", source, columns);
  return compose`select ${joined(columns.map((name) => compose`quantile_cont(${identifier(name)}::double, ${verbatim(String(share))}) as ${identifier(name)}`))} from ${from(source)}`;
}

/** Pearson's correlation of each pair. */
export function corr(source: Relation, numeric: readonly string[]): Relation {
  wantsNumeric("corr", source, numeric);
  const row = (name: string): Query => compose`select ${name} as "column", ${joined(numeric.map((other) => compose`corr(${identifier(name)}::double, ${identifier(other)}::double) as ${identifier(other)}`))} from ${from(source)}`;
  return relation(joined(numeric.map(row), " union all "), ["column", ...numeric]);
}
