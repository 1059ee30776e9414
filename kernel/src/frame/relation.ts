import { compose, identifier, joined } from "./query";
import type { Query } from "./query";
import { noColumn } from "./errors";

/** A query whose columns are known before it is asked. Verbs take relations and give relations; nothing is computed. */
export interface Relation {
  /** A whole `select`. */
  readonly query: Query;
  readonly columns: readonly string[];
}

export function relation(query: Query, columns: readonly string[]): Relation {
  const twice = columns.find((name, index) => columns.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`a frame has each column once; ${JSON.stringify(twice)} would be there twice: rename one`);
  if (columns.length === 0) throw new Error("a frame has at least one column; none would be left");
  return { query, columns };
}

export const names = (columns: readonly string[]): Query => joined(columns.map(identifier));

/** The columns that are asked for, each checked. */
export function known(verb: string, { columns }: Relation, asked: string | readonly string[]): string[] {
  const list = [asked].flat() as string[];
  for (const name of list) if (!columns.includes(name)) throw noColumn(verb, name, columns);
  return list;
}

export const from = (source: Relation): Query => compose`(${source.query})`;
