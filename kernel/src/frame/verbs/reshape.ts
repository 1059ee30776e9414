/** Long to wide, and wide to long. */
import { compose, identifier, joined } from "../query";
import type { Value } from "../query";
import { from, known, names, relation } from "../relation";
import type { Relation } from "../relation";
import { aggregate } from "./group";
import type { Aggregate } from "./group";

export interface PivotOptions {
  /** Columns that tell the new rows apart. */
  index: string | readonly string[];
  /** The column whose values become columns. */
  columns: string;
  /** The column whose values fill them. */
  values: string;
  /** What is made of several values in one place; `"mean"`, as in pandas. */
  aggregate?: Aggregate;
}

/** Most columns that a pivot makes: beyond, the wrong column was named. */
const MOST_COLUMNS = 10_000;

/** @param found the values of the column that become columns, in order */
export function pivot(source: Relation, { index, columns, values, aggregate: how = "mean" }: PivotOptions, found: readonly Value[]): Relation {
  const keys = known("pivot", source, index);
  const [across, filled] = [...known("pivot", source, columns), ...known("pivot", source, values)] as [string, string];
  if (found.length === 0) throw new Error(`pivot: ${JSON.stringify(columns)} holds no value; nothing becomes a column`);
  if (found.length > MOST_COLUMNS) throw new RangeError(`pivot: ${JSON.stringify(columns)} holds ${found.length} values, and each would be a column; ${MOST_COLUMNS} are the most`);
  const cells = found.map((value) => {
    // DuckDB tells a Date from text by its type, which a bound value has and a name has not.
    const name = value instanceof Date ? value.toISOString() : String(value);
    return { name, query: compose`${aggregate(how, compose`case when ${identifier(across)} = ${value} then ${identifier(filled)} end`)} as ${identifier(name)}` };
  });
  const present = joined(keys.map((name) => compose`${identifier(name)} is not null`), " and ");
  return relation(
    compose`select ${names(keys)}, ${joined(cells.map(({ query }) => query))} from ${from(source)} where ${present} group by ${names(keys)} order by ${names(keys)}`,
    [...keys, ...cells.map(({ name }) => name)],
  );
}

export interface MeltOptions {
  /** Columns that stay. */
  idVars?: string | readonly string[];
  /** Columns that become rows; all others unless given. */
  valueVars?: string | readonly string[];
  varName?: string;
  valueName?: string;
}

/** All rows of the first column, then of the second, as pandas has them. */
export function melt(source: Relation, { idVars = [], valueVars, varName = "variable", valueName = "value" }: MeltOptions): Relation {
  const kept = known("melt", source, idVars);
  const molten = known("melt", source, valueVars ?? source.columns.filter((name) => !kept.includes(name)));
  if (molten.length === 0) throw new Error("melt: no column is left to become rows");
  const ids = kept.map((name) => compose`${identifier(name)}, `);
  const parts = molten.map((name) => compose`select ${joined(ids, "")}${name}::varchar as ${identifier(varName)}, ${identifier(name)} as ${identifier(valueName)} from ${from(source)}`);
  return relation(joined(parts, " union all "), [...kept, varName, valueName]);
}
