/** A JavaScript function for each row, where SQL has none. */
import { withConnection, store } from "./engine";
import { relationOfColumns } from "./memory";
import { compose, identifier, joined } from "./query";
import type { Value } from "./query";
import { relation } from "./relation";
import type { Relation } from "./relation";
import { rowsOfChunk } from "./values";

/**
 * The rows with one column more (or another in its place), computed by `value`. Rows are kept in DuckDB and pass by
 * a few thousand at a time; only the new column is in JavaScript's memory.
 */
export async function applied(source: Relation, name: string, value: (row: Record<string, unknown>, index: number) => Value | undefined): Promise<Relation> {
  const stored = await store(source.query);
  const rows: Relation = { query: { text: `select * from ${stored.name}`, values: [], holds: [stored] }, columns: source.columns };
  const values: (Value | undefined)[] = [];
  await withConnection(rows.query, async (connection) => {
    const result = await connection.stream(rows.query.text);
    const names = result.columnNames();
    for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
      for (const row of rowsOfChunk(chunk, names)) values.push(value(row, values.length));
    }
  });
  const thenable = values.findIndex((each) => typeof each === "object" && each !== null && "then" in each);
  if (thenable !== -1) throw new TypeError(`apply: the function returned a promise for row ${thenable}; it must return the value itself`);
  const made = relationOfColumns({ [name]: values });
  const kept = source.columns.filter((each) => each !== name);
  const columns = source.columns.includes(name) ? source.columns : [...source.columns, name];
  const at = (each: string) => (each === name ? compose`v.${identifier(name)}` : compose`r.${identifier(each)}`);
  if (kept.length === 0) return made;
  return relation(compose`select ${joined(columns.map(at))} from (${rows.query}) r positional join (${made.query}) v`, columns);
}
