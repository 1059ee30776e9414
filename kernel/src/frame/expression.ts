import { compose, identifier, isQuery, joined, verbatim } from "./query";
import type { Query, Value } from "./query";

type Operand = Expression | Value;

const operand = (value: Operand): Query => (value instanceof Expression ? value.query : compose`${value}`);

/** Which rows a window function looks at. */
export interface Window {
  /** Columns whose values tell groups apart. */
  by?: string | readonly string[];
  /** Columns that put the rows of a group in order. */
  order?: string | readonly string[];
}

const list = (given: string | readonly string[]): Query => joined([given].flat().map(identifier));
const partition = (by: string | readonly string[]): Query => ([by].flat().length > 0 ? compose`partition by ${list(by)}` : verbatim(""));

/**
 * A computation on the columns of a frame, made with `col` and `expression`. Comparisons with a missing
 * value are missing, as in SQL, and `filter` keeps only what is true.
 */
export class Expression {
  /** @internal */
  constructor(readonly query: Query) {}

  add(other: Operand): Expression { return this.#binary("+", other); }
  sub(other: Operand): Expression { return this.#binary("-", other); }
  mul(other: Operand): Expression { return this.#binary("*", other); }
  div(other: Operand): Expression { return this.#binary("/", other); }
  mod(other: Operand): Expression { return this.#binary("%", other); }
  pow(other: Operand): Expression { return this.#binary("**", other); }

  eq(other: Operand): Expression { return this.#binary("=", other); }
  ne(other: Operand): Expression { return this.#binary("<>", other); }
  gt(other: Operand): Expression { return this.#binary(">", other); }
  ge(other: Operand): Expression { return this.#binary(">=", other); }
  lt(other: Operand): Expression { return this.#binary("<", other); }
  le(other: Operand): Expression { return this.#binary("<=", other); }

  and(other: Expression): Expression { return this.#binary("and", other); }
  or(other: Expression): Expression { return this.#binary("or", other); }
  not(): Expression { return new Expression(compose`(not ${this.query})`); }

  isNull(): Expression { return new Expression(compose`(${this.query} is null)`); }
  /** Whether the value is one of `values`. */
  isIn(values: readonly Value[]): Expression {
    if (values.length === 0) return new Expression(verbatim("false"));
    return new Expression(compose`(${this.query} in (${joined(values.map((value) => compose`${value}`))}))`);
  }
  between(low: Operand, high: Operand): Expression { return new Expression(compose`(${this.query} between ${operand(low)} and ${operand(high)})`); }
  /** Whether a regular expression (RE2) is found in the text. */
  matches(pattern: string): Expression { return new Expression(compose`regexp_matches(${this.query}, ${pattern})`); }
  contains(text: string): Expression { return new Expression(compose`contains(${this.query}, ${text})`); }
  startsWith(text: string): Expression { return this.call("starts_with", text); }
  endsWith(text: string): Expression { return this.call("ends_with", text); }

  abs(): Expression { return this.call("abs"); }
  round(digits = 0): Expression { return this.call("round", digits); }
  floor(): Expression { return this.call("floor"); }
  ceil(): Expression { return this.call("ceil"); }
  sqrt(): Expression { return this.call("sqrt"); }
  exp(): Expression { return this.call("exp"); }
  log(): Expression { return this.call("ln"); }

  lower(): Expression { return this.call("lower"); }
  upper(): Expression { return this.call("upper"); }
  trim(): Expression { return this.call("trim"); }
  /** Characters of the text. */
  length(): Expression { return this.call("length"); }
  /** Characters from `start` on (from 0), up to `end` and without it. */
  slice(start: number, end?: number): Expression { return end === undefined ? this.call("substring", start + 1) : this.call("substring", start + 1, Math.max(0, end - start)); }
  /** The part with this number (from 0) between separators. */
  part(separator: string, number: number): Expression { return this.call("split_part", separator, number + 1); }
  /** Every place where a regular expression (RE2) fits is replaced. */
  replace(pattern: string, by: string): Expression { return this.call("regexp_replace", pattern, by, "g"); }

  year(): Expression { return this.call("year"); }
  month(): Expression { return this.call("month"); }
  day(): Expression { return this.call("day"); }
  /** Monday is 1, Sunday 7. */
  weekday(): Expression { return this.call("isodow"); }
  hour(): Expression { return this.call("hour"); }
  minute(): Expression { return this.call("minute"); }
  quarter(): Expression { return this.call("quarter"); }
  dayOfYear(): Expression { return this.call("dayofyear"); }
  /** The begin of its year, month, week, day, hour, … */
  truncate(unit: string): Expression { return new Expression(compose`date_trunc(${unit}, ${this.query})`); }
  /** Whole units (`"day"`, `"hour"`, …) that have passed since. */
  since(earlier: Operand, unit: string): Expression { return new Expression(compose`datesub(${unit}, ${operand(earlier)}, ${this.query})`); }

  /** The first that is not missing. */
  fillNa(other: Operand): Expression { return this.call("coalesce", other); }
  /** As another type of DuckDB's: `"double"`, `"integer"`, `"date"`. What cannot be read as one is missing. */
  cast(type: string): Expression { return new Expression(compose`try_cast(${this.query} as ${verbatim(typeName(type))})`); }

  /**
   * Which interval a number lies in: `col("age").cut([0, 18, 65])` gives `"(0, 18]"` or `"(18, 65]"`, or the labels given;
   * missing outside all of them. As in pandas, an interval holds its upper end.
   */
  cut(edges: readonly number[], labels?: readonly string[]): Expression {
    if (edges.length < 2 || edges.some((edge, index) => index > 0 && !(edge > edges[index - 1]!))) throw new RangeError(`cut: edges must be at least two numbers that rise; they are ${edges.join(", ")}`);
    if (labels && labels.length !== edges.length - 1) throw new RangeError(`cut: ${edges.length} edges make ${edges.length - 1} intervals; there are ${labels.length} labels`);
    const cases = edges.slice(1).map((high, index) => compose`when ${this.query} > ${edges[index]} and ${this.query} <= ${high} then ${labels?.[index] ?? `(${edges[index]}, ${high}]`}`);
    return new Expression(compose`(case ${joined(cases, " ")} end)`);
  }

  /** Any function of DuckDB's, with this as the first argument: `col("name").call("jaccard", "Anna")`. */
  call(name: string, ...more: readonly Operand[]): Expression {
    if (!/^[a-z_]\w*$/i.test(name)) throw new Error(`call(${JSON.stringify(name)}): that is no function's name`);
    return new Expression(compose`${verbatim(name)}(${joined([this.query, ...more.map(operand)])})`);
  }

  /** The value for each row from its group and order, as SQL's window functions: `col("x").over("sum", { by: "id", order: "day" })`. */
  over(name: string, window: Window = {}): Expression { return this.call(name).#windowed(window); }
  /** The value of an earlier row (a later one where `rows` is negative). */
  shift(rows: number, window: Window & Required<Pick<Window, "order">>): Expression {
    return (rows < 0 ? this.call("lead", -rows) : this.call("lag", rows)).#windowed(window);
  }
  /** The sum up to this row. */
  cumSum(window: Window & Required<Pick<Window, "order">>): Expression { return this.call("sum").#windowed(window, " rows unbounded preceding"); }
  /** From 1 for the least; equal values share the lowest of their places. */
  rank({ by = [], ascending = true }: { by?: string | readonly string[]; ascending?: boolean } = {}): Expression {
    return new Expression(compose`rank() over (${partition(by)} order by ${this.query} ${verbatim(ascending ? "asc" : "desc")} nulls last)`);
  }

  #windowed({ by = [], order = [] }: Window, rows = ""): Expression {
    const sorted = [order].flat().length > 0 ? compose` order by ${list(order)}${verbatim(rows)}` : verbatim("");
    return new Expression(compose`${this.query} over (${partition(by)}${sorted})`);
  }

  #binary(operator: string, other: Operand): Expression {
    return new Expression(compose`(${this.query} ${verbatim(operator)} ${operand(other)})`);
  }
}

function typeName(type: string): string {
  if (!/^[a-z][a-z0-9_ ]*(\(\d+(, ?\d+)?\))?(\[\d*\])?$/i.test(type)) throw new Error(`${JSON.stringify(type)} is no type's name; there are double, integer, bigint, varchar, boolean, date, timestamp, …`);
  return type;
}

/**
 * A column of a frame, to compute with.
 *
 * @example
 * const some = frame({ delay: [10, 45], distance: [300, 900] });
 * await some.filter(col("delay").gt(30)).assign({ perMile: col("delay").div(col("distance")) }).rows(); // [{ delay: 45, distance: 900, perMile: 0.05 }]
 */
export function col(name: string): Expression {
  return new Expression(identifier(name));
}

/**
 * An expression in SQL, with values bound safely.
 *
 * @example
 * const limit = 30;
 * await frame({ delay: [10, 45] }).filter(expression`delay > ${limit}`).rows(); // [{ delay: 45 }]
 */
export function expression(strings: TemplateStringsArray, ...parts: readonly (Expression | Value)[]): Expression {
  return new Expression(compose`(${compose(strings, ...parts.map((part) => (part instanceof Expression ? part.query : part)))})`);
}

/** An expression, or SQL text that the person wrote. */
export function expressionOf(given: Expression | string): Query {
  return given instanceof Expression ? given.query : isQuery(given) ? given : verbatim(`(${given})`);
}
