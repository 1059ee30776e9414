import { run } from "./engine";
import { Expression } from "./expression";
import { Frame } from "./frame";
import { compose, isQuery } from "./query";
import type { Query, Value } from "./query";
import { from, relation } from "./relation";
import { rowsOf } from "./values";

/**
 * A frame from SQL: frames stand for their rows, anything else is bound as a value and never read as SQL.
 *
 * @throws FrameError where DuckDB cannot understand the text
 * @example
 * const flights = frame({ carrier: ["AA", "UA", "AA"], delay: [10, 45, 60] });
 * const late = await sql`select carrier, count(*) as flights from ${flights} where delay > ${30} group by carrier order by carrier`;
 * await late.rows(); // [{ carrier: "AA", flights: 1 }, { carrier: "UA", flights: 1 }]
 */
export async function sql(strings: TemplateStringsArray, ...parts: readonly (Frame | Expression | Value)[]): Promise<Frame> {
  const text = strings.raw.map(unescaped);
  // A semicolon at the end is how people write SQL.
  text.push(text.pop()!.replace(/;\s*$/, ""));
  const query = compose(text, ...parts.map(sqlPart));
  // A column without a name of its own, or a name that is there twice, would be a frame that nobody can ask.
  const described = await rowsOf(await run(compose`describe ${query}`));
  return new Frame(relation(query, described.map((row) => String(row["column_name"]))));
}

/** A backslash is one, as SQL and its regular expressions have it; only before ` and ${ it is TypeScript's. */
const unescaped = (text: string): string => text.replace(/\\(?=`|\$\{)/g, "");

function sqlPart(part: Frame | Expression | Value): Query | Value {
  if (part instanceof Frame) return from(part.relation);
  if (part instanceof Expression) return part.query;
  if (isQuery(part)) throw new TypeError("sql`…` takes frames, expressions and values");
  return part;
}
