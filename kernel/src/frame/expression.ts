import { compose, identifier, isQuery, joined, verbatim } from "./query";
import type { Query, Value } from "./query";

type Operand = Expression | Value;

const operand = (value: Operand): Query => (value instanceof Expression ? value.query : compose`${value}`);

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
  /** Every place where a regular expression (RE2) fits is replaced. */
  replace(pattern: string, by: string): Expression { return this.call("regexp_replace", pattern, by, "g"); }

  year(): Expression { return this.call("year"); }
  month(): Expression { return this.call("month"); }
  day(): Expression { return this.call("day"); }
  /** Monday is 1, Sunday 7. */
  weekday(): Expression { return this.call("isodow"); }
  hour(): Expression { return this.call("hour"); }

  /** The first that is not missing. */
  fillNa(other: Operand): Expression { return this.call("coalesce", other); }
  /** As another type of DuckDB's: `"double"`, `"integer"`, `"date"`. What cannot be read as one is missing. */
  cast(type: string): Expression { return new Expression(compose`try_cast(${this.query} as ${verbatim(typeName(type))})`); }

  /** Any function of DuckDB's, with this as the first argument: `col("name").call("jaccard", "Anna")`. */
  call(name: string, ...more: readonly Operand[]): Expression {
    if (!/^[a-z_]\w*$/i.test(name)) throw new Error(`call(${JSON.stringify(name)}): that is no function's name`);
    return new Expression(compose`${verbatim(name)}(${joined([this.query, ...more.map(operand)])})`);
  }

  /** The value for each row from its group and order, as SQL's window functions: `col("x").over("sum", { by: "id", order: "day" })`. */
  over(name: string, { by = [], order = [] }: { by?: string | readonly string[]; order?: string | readonly string[] } = {}): Expression {
    const names = (given: string | readonly string[]): Query => joined([given].flat().map(identifier));
    const groups = [by].flat().length > 0 ? compose`partition by ${names(by)}` : verbatim("");
    const sorted = [order].flat().length > 0 ? compose` order by ${names(order)}` : verbatim("");
    return new Expression(compose`${this.call(name).query} over (${groups}${sorted})`);
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
 * An expression in SQL, with values bound safely: ``expression`delay > ${limit}` ``.
 */
export function expression(strings: TemplateStringsArray, ...parts: readonly (Expression | Value)[]): Expression {
  return new Expression(compose`(${compose(strings, ...parts.map((part) => (part instanceof Expression ? part.query : part)))})`);
}

/** An expression, or SQL text that the person wrote. */
export function expressionOf(given: Expression | string): Query {
  return given instanceof Expression ? given.query : isQuery(given) ? given : verbatim(`(${given})`);
}
