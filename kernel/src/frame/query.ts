/** SQL as data: text with a `?` for each value, so that no value can ever be read as SQL. */

/** What a cell of a frame may hold. */
export type Value = number | bigint | string | boolean | Date | null | Uint8Array;

export interface Query {
  readonly text: string;
  /** For the `?` of the text, in their order. */
  readonly values: readonly unknown[];
  /** Tables that must live as long as this query may be asked. */
  readonly holds: readonly object[];
}

/** A name as SQL: any text is a valid one. */
export function identifier(name: string): Query {
  return { text: `"${name.replaceAll('"', '""')}"`, values: [], holds: [] };
}

/** Text that is SQL already: our own, never a user's value. */
export function verbatim(text: string): Query {
  return { text, values: [], holds: [] };
}

export function isQuery(value: unknown): value is Query {
  return typeof value === "object" && value !== null && typeof (value as Query).text === "string" && Array.isArray((value as Query).holds);
}

/**
 * Composes SQL: queries are put in as they are, anything else becomes a bound value.
 *
 * @example
 * compose`select * from ${source} where ${identifier("delay")} > ${30}`;
 */
export function compose(strings: readonly string[], ...parts: readonly unknown[]): Query {
  let text = strings[0]!;
  const values: unknown[] = [];
  const holds: object[] = [];
  parts.forEach((part, index) => {
    if (isQuery(part)) {
      text += part.text;
      values.push(...part.values);
      holds.push(...part.holds);
    } else {
      text += "?";
      values.push(part);
    }
    text += strings[index + 1]!;
  });
  return { text, values, holds };
}

export function joined(queries: readonly Query[], separator = ", "): Query {
  return { text: queries.map(({ text }) => text).join(separator), values: queries.flatMap(({ values }) => values), holds: queries.flatMap(({ holds }) => holds) };
}
