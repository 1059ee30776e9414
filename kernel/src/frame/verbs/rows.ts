/** Verbs that choose and order rows. */
import { expressionOf } from "../expression";
import type { Expression } from "../expression";
import { compose, identifier, joined, verbatim } from "../query";
import type { Value } from "../query";
import { from, known, names, placed, relation } from "../relation";
import type { Relation } from "../relation";

export function filter(source: Relation, condition: Expression | string): Relation {
  return relation(compose`select * from ${from(source)} where ${expressionOf(condition)}`, source.columns);
}

export function slice(source: Relation, offset: number, count: number | undefined): Relation {
  const limit = count === undefined ? verbatim("") : verbatim(` limit ${count}`);
  return relation(compose`select * from ${from(source)}${limit} offset ${verbatim(String(offset))}`, source.columns);
}

/** The last rows, in their order. */
export function tail(source: Relation, count: number): Relation {
  return relation(compose`select * from ${from(source)} offset (select greatest(count(*) - ${verbatim(String(count))}, 0) from ${from(source)})`, source.columns);
}

export interface SortOptions {
  /** For all columns, or for each; true. */
  ascending?: boolean | readonly boolean[];
  /** Where missing values go; last, as in pandas. */
  missing?: "first" | "last";
}

export function sortValues(source: Relation, by: string | readonly string[], { ascending = true, missing = "last" }: SortOptions): Relation {
  const columns = known("sortValues", source, by);
  if (Array.isArray(ascending) && ascending.length !== columns.length) throw new RangeError(`sortValues: ascending has ${ascending.length} values for ${columns.length} columns`);
  const up = (index: number): boolean => (typeof ascending === "boolean" ? ascending : ascending[index]!);
  const order = columns.map((name, index) => compose`${identifier(name)} ${verbatim(up(index) ? "asc" : "desc")} nulls ${verbatim(missing)}`);
  // The place in the source decides among equals: a stable sort, as people expect it.
  return relation(compose`select ${names(source.columns)} from ${placed(source)} order by ${joined(order)}, "__place"`, source.columns);
}

export function dropNa(source: Relation, columns: readonly string[] = source.columns): Relation {
  const conditions = known("dropNa", source, columns).map((name) => compose`${identifier(name)} is not null`);
  return relation(compose`select * from ${from(source)} where ${joined(conditions, " and ")}`, source.columns);
}

export function fillNa(source: Relation, fills: Readonly<Record<string, Value>>): Relation {
  known("fillNa", source, Object.keys(fills));
  const list = source.columns.map((name) => (Object.hasOwn(fills, name) ? compose`coalesce(${identifier(name)}, ${fills[name]}) as ${identifier(name)}` : identifier(name)));
  return relation(compose`select ${joined(list)} from ${from(source)}`, source.columns);
}

/** Keeps the first row of those that are equal in `columns`, in the order of the rows. */
export function dropDuplicates(source: Relation, columns: readonly string[] = source.columns): Relation {
  const by = names(known("dropDuplicates", source, columns));
  return relation(
    compose`select ${names(source.columns)} from ${placed(source)} qualify row_number() over (partition by ${by} order by "__place") = 1 order by "__place"`,
    source.columns,
  );
}

/** A seeded choice: the same rows each time, in their order. */
export function sample(source: Relation, count: number, seed: number): Relation {
  return relation(
    compose`select ${names(source.columns)} from (select * from ${placed(source)} order by hash("__place", ${verbatim(String(seed))}) limit ${verbatim(String(count))}) order by "__place"`,
    source.columns,
  );
}
