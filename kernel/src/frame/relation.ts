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

/** The rows of a table that is kept, all of them: no work is left to do. */
const TABLE = /^select \* from (rows_\w+)$/;

export const isTable = ({ query }: Relation): boolean => TABLE.test(query.text);

/** The rows with their place in the frame as `"__place"`. A table numbers its rows anyway, which spares a pass over them. */
export function placed(source: Relation): Query {
  return isTable(source) ? compose`(select *, rowid as "__place" from ${{ ...source.query, text: TABLE.exec(source.query.text)![1]! }})` : compose`(select *, row_number() over () as "__place" from ${from(source)})`;
}

export const from = (source: Relation): Query => compose`(${source.query})`;
