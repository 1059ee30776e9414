/** Verbs that choose, name and compute columns. */
import { expressionOf } from "../expression";
import type { Expression } from "../expression";
import { compose, identifier, joined } from "../query";
import type { Value } from "../query";
import { from, known, names, relation } from "../relation";
import type { Relation } from "../relation";

export function select(source: Relation, columns: readonly string[]): Relation {
  const chosen = known("select", source, columns);
  return relation(compose`select ${names(chosen)} from ${from(source)}`, chosen);
}

export function drop(source: Relation, columns: readonly string[]): Relation {
  const gone = known("drop", source, columns);
  return select(source, source.columns.filter((name) => !gone.includes(name)));
}

export function rename(source: Relation, changes: Readonly<Record<string, string>>): Relation {
  known("rename", source, Object.keys(changes));
  const to = (name: string): string => (Object.hasOwn(changes, name) ? changes[name]! : name);
  return relation(compose`select ${joined(source.columns.map((name) => compose`${identifier(name)} as ${identifier(to(name))}`))} from ${from(source)}`, source.columns.map(to));
}

/** Each is computed from the columns as they were; one that is there already is replaced, in its place. */
export function assign(source: Relation, columns: Readonly<Record<string, Expression | string | Value>>, isExpression: (value: unknown) => value is Expression | string): Relation {
  const computed = (name: string) => (isExpression(columns[name]) ? expressionOf(columns[name] as Expression | string) : compose`${columns[name]}`);
  const list = source.columns.map((name) => (Object.hasOwn(columns, name) ? compose`${computed(name)} as ${identifier(name)}` : identifier(name)));
  const added = Object.keys(columns).filter((name) => !source.columns.includes(name));
  return relation(compose`select ${joined([...list, ...added.map((name) => compose`${computed(name)} as ${identifier(name)}`)])} from ${from(source)}`, [...source.columns, ...added]);
}
