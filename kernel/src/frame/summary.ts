/** What matters of a frame before a fine-tune: what is missing, constant, doubled, uneven, or gives the label away. */
import { inspect } from "node:util";
import { run } from "./engine";
import { compose, identifier, joined, verbatim } from "./query";
import type { Query } from "./query";
import { from, known } from "./relation";
import type { Relation } from "./relation";
import { isNumeric } from "./types";
import type { Dtype } from "./types";
import { rowsOf } from "./values";

export interface ColumnSummary {
  name: string;
  dtype: Dtype;
  missing: number;
  /** Different values. */
  distinct: number;
  /** Characters of a text: the least, the mean, the most. */
  lengths?: readonly [least: number, mean: number, most: number];
  /** Of the rows, the share whose label this column alone tells: of each value, or interval of values, the most frequent label. */
  tells?: number;
}

export interface Summary {
  rows: number;
  /** Rows that equal one above them. */
  duplicates: number;
  columns: readonly ColumnSummary[];
  /** Rows of each class, the most frequent first; of a label with at most 1,000 values. */
  classes?: readonly { value: unknown; rows: number }[];
  /** What should be looked at, in words; empty where nothing stands out. */
  findings: readonly string[];
}

/** A column tells the label by itself where it is right this often, and guessing the commonest class is not. */
const TELLS = 0.98;
const MOST_CLASSES = 1_000;
const INTERVALS = 20;
/** A value must have so many rows on average: of fewer anything seems to tell the label. */
const ROWS_A_VALUE = 10;

export async function summary(source: Relation, dtypes: Readonly<Record<string, Dtype>>, label: string | undefined): Promise<Summary> {
  if (label !== undefined) known("summary", source, label);
  const { columns } = source;
  const figures = columns.flatMap((name, index) => {
    const at = identifier(name);
    const nan = dtypes[name] === "float32" || dtypes[name] === "float64" ? compose` or isnan(${at})` : verbatim("");
    const own = [compose`count(*) filter (where ${at} is null${nan}) as ${verbatim(`m${index}`)}`, compose`count(distinct ${at}) as ${verbatim(`d${index}`)}`];
    return dtypes[name] === "string" ? [...own, compose`[min(length(${at})), avg(length(${at})), max(length(${at}))] as ${verbatim(`l${index}`)}`] : own;
  });
  const [found] = await rowsOf(await run(compose`select count(*) as n, ${joined(figures)} from ${from(source)}`));
  const rows = found!["n"] as number;
  const [unique] = await rowsOf(await run(compose`select count(*) as n from (select distinct * from ${from(source)})`));
  const classes = label === undefined ? undefined : await classCounts(source, label);
  const summaries = await Promise.all(columns.map(async (name, index): Promise<ColumnSummary> => {
    const distinct = found![`d${index}`] as number;
    const lengths = found![`l${index}`] as [number, number, number] | undefined;
    const tells = label === undefined || name === label || !classes ? undefined : await telling(source, name, label, dtypes[name]!, distinct, rows);
    return { name, dtype: dtypes[name]!, missing: found![`m${index}`] as number, distinct, ...(lengths && lengths[0] !== null && { lengths }), ...(tells !== undefined && { tells }) };
  }));
  const plain = { rows, duplicates: rows - (unique!["n"] as number), columns: summaries, ...(classes && { classes }) };
  return { ...plain, findings: findingsOf(plain, label), ...{ [inspect.custom]: () => text(plain, label) } };
}

async function classCounts(source: Relation, label: string): Promise<{ value: unknown; rows: number }[] | undefined> {
  const at = identifier(label);
  const found = await rowsOf(await run(compose`select ${at} as v, count(*) as n from ${from(source)} where ${at} is not null group by ${at} order by n desc, v limit ${verbatim(String(MOST_CLASSES + 1))}`));
  return found.length > MOST_CLASSES ? undefined : found.map((row) => ({ value: row["v"], rows: row["n"] as number }));
}

async function telling(source: Relation, name: string, label: string, dtype: Dtype, distinct: number, rows: number): Promise<number | undefined> {
  const [at, target] = [identifier(name), identifier(label)];
  let key: Query = at;
  if (distinct * ROWS_A_VALUE > rows) {
    if (!isNumeric(dtype) || rows < INTERVALS * ROWS_A_VALUE) return undefined;
    const shares = Array.from({ length: INTERVALS - 1 }, (_, index) => (index + 1) / INTERVALS).join(", ");
    key = compose`len(list_filter((select quantile_cont(${at}::double, [${verbatim(shares)}]) from ${from(source)} where not isnan(${at}::double)), lambda e: e < ${at}::double))`;
  }
  const [row] = await rowsOf(await run(compose`select sum(best)::double / sum(n) as share from (select k, max(c) as best, sum(c) as n from (select ${key} as k, ${target} as l, count(*) as c from ${from(source)} where ${target} is not null group by k, l) group by k)`));
  return (row!["share"] as number | null) ?? undefined;
}

function findingsOf({ rows, duplicates, columns, classes }: Omit<Summary, "findings">, label: string | undefined): string[] {
  const share = (count: number): string => `${Math.round((count / rows) * 1000) / 10} %`;
  const found: string[] = [];
  if (rows === 0) return ["the frame has no row"];
  const target = columns.find(({ name }) => name === label);
  if (target && target.missing > 0) found.push(`the label ${label} is missing in ${target.missing} rows (${share(target.missing)})`);
  for (const { name, missing, distinct, dtype, tells } of columns) {
    if (name !== label && missing > 0) found.push(`${name} is missing in ${missing} rows (${share(missing)})`);
    if (distinct <= 1 && missing < rows) found.push(`${name} is constant`);
    if (distinct === rows && rows > 1 && dtype !== "float64" && dtype !== "float32" && name !== label) found.push(`${name} is different in each row: an identifier, from which nothing can be learned?`);
    const usual = classes ? classes[0]!.rows / classes.reduce((sum, each) => sum + each.rows, 0) : 1;
    if (tells !== undefined && tells >= TELLS && tells - usual > (1 - usual) / 2) found.push(`${name} alone tells ${label} in ${Math.round(tells * 1000) / 10} % of the rows: is it known before the label is?`);
  }
  if (duplicates > 0) found.push(`${duplicates} rows (${share(duplicates)}) equal another one: split keeps them on one side`);
  if (classes && classes.length > 1) {
    const [most, least] = [classes[0]!, classes.at(-1)!];
    if (most.rows > 3 * least.rows) found.push(`the classes are uneven: ${String(most.value)} has ${most.rows} rows, ${String(least.value)} ${least.rows}; see classWeights`);
  }
  return found;
}

function text(plain: Omit<Summary, "findings">, label: string | undefined): string {
  const lines = plain.columns.map(({ name, dtype, missing, distinct, lengths }) => `${name}: ${dtype}, ${distinct} distinct${missing > 0 ? `, ${missing} missing` : ""}${lengths ? `, ${lengths[0]} to ${lengths[2]} characters (mean ${Math.round(lengths[1])})` : ""}`);
  const found = findingsOf(plain, label);
  return [`${plain.rows} rows`, ...lines.map((line) => `  ${line}`), ...(found.length > 0 ? ["To look at:", ...found.map((line) => `  ${line}`)] : ["Nothing stands out."])].join("\n");
}
