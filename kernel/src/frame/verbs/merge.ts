/** Two frames side by side, or one below the other. */
import { compose, identifier, joined, verbatim } from "../query";
import { from, known, placed, relation } from "../relation";
import type { Relation } from "../relation";

export type How = "inner" | "left" | "right" | "outer";

export interface MergeOptions {
  /** Columns that must be equal, where both frames have them under one name. */
  on?: string | readonly string[];
  leftOn?: string | readonly string[];
  rightOn?: string | readonly string[];
  how?: How;
  /** Put behind the names of columns that both have; `["_x", "_y"]`. */
  suffixes?: readonly [string, string];
}

/** As pandas does it: the order of the left frame (outer: sorted by the keys), and missing keys are equal to one another. */
export function merge(left: Relation, right: Relation, { on, leftOn, rightOn, how = "inner", suffixes = ["_x", "_y"] }: MergeOptions): Relation {
  const shared = left.columns.filter((name) => right.columns.includes(name));
  const leftKeys = known("merge, left", left, leftOn ?? on ?? shared);
  const rightKeys = known("merge, right", right, rightOn ?? on ?? shared);
  if (leftKeys.length === 0) throw new Error("merge: the frames share no column; name what must be equal with leftOn and rightOn");
  if (leftKeys.length !== rightKeys.length) throw new Error(`merge: leftOn names ${leftKeys.length} columns and rightOn ${rightKeys.length}`);
  const join = { inner: "join", left: "left join", right: "right join", outer: "full join" }[how];
  if (!join) throw new Error(`merge: how is inner, left, right or outer; it is ${JSON.stringify(how)}`);
  const l = (name: string) => compose`l.${identifier(name)}`;
  const r = (name: string) => compose`r.${identifier(name)}`;
  const sameKeys = leftKeys.filter((name, index) => name === rightKeys[index]);
  const named = (name: string, others: readonly string[], suffix: string): string => (others.includes(name) && !sameKeys.includes(name) ? `${name}${suffix}` : name);
  const columns = [
    ...left.columns.map((name) => ({ name: named(name, right.columns, suffixes[0]), value: sameKeys.includes(name) ? compose`coalesce(${l(name)}, ${r(name)})` : l(name) })),
    ...right.columns.filter((name) => !sameKeys.includes(name)).map((name) => ({ name: named(name, left.columns, suffixes[1]), value: r(name) })),
  ];
  const equal = joined(leftKeys.map((name, index) => compose`${l(name)} is not distinct from ${r(rightKeys[index]!)}`), " and ");
  const order = how === "outer" ? joined(leftKeys.map((name, index) => compose`coalesce(${l(name)}, ${r(rightKeys[index]!)}) nulls last`)) : verbatim(how === "right" ? `r."__place", l."__place"` : `l."__place", r."__place"`);
  const sorted = how === "outer" ? compose`${order}, l."__place", r."__place"` : order;
  return relation(
    compose`select ${joined(columns.map(({ name, value }) => compose`${value} as ${identifier(name)}`))} from ${placed(left)} l ${verbatim(join)} ${placed(right)} r on ${equal} order by ${sorted}`,
    columns.map(({ name }) => name),
  );
}

/** One below the other; a column that one of them lacks is missing there. */
export function concat(parts: readonly Relation[]): Relation {
  if (parts.length === 0) throw new Error("concat wants at least one frame");
  const columns = [...new Set(parts.flatMap((part) => part.columns))];
  const rows = parts.map((part) => compose`select ${joined(columns.map((name) => (part.columns.includes(name) ? identifier(name) : compose`null as ${identifier(name)}`)))} from ${from(part)}`);
  return relation(joined(rows, " union all "), columns);
}
