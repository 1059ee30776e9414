import type { DataFrame } from "danfojs-node";
import { requireDfd } from "../../tensorflow";
import { describeOptions } from "./checkpoint";
import type { Best } from "./monitor";
import { inWords } from "./option-words";
import type { EpochRecord } from "./run.types";

/** What a comparison reads of a run. */
export interface ComparedRun {
  id: string;
  name: string;
  state: string;
  step: number;
  history: readonly EpochRecord[];
  best: Best | undefined;
  /** The runs that it was forked from, and at which step. */
  lineage: ReadonlyMap<string, number>;
  /** What it was told, and what was decided for it. */
  options: Readonly<Record<string, unknown>>;
  /** Paths of the weights that trained last. */
  trained: readonly string[];
}

type Cell = string | number;

/** Two runs side by side; at the end of a cell it shows itself. */
export class RunComparison {
  /** The step up to which both are the same run; undefined where they are not related. */
  readonly forkedAt: number | undefined;
  readonly #runs: readonly [ComparedRun, ComparedRun];
  readonly #names: readonly [string, string];

  constructor(one: ComparedRun, other: ComparedRun) {
    this.#runs = [one, other];
    this.#names = one.name === other.name ? [`${one.name} (1)`, `${other.name} (2)`] : [one.name, other.name];
    this.forkedAt = parting(one, other);
  }

  /** What was not told both alike: a row an option. */
  get options(): DataFrame {
    return frame(["option", ...this.#names], this.#optionRows());
  }

  /** The figures of each epoch since they parted: a row an epoch, a column a metric and run. */
  get epochs(): DataFrame {
    return frame(this.#epochHead(), this.#epochRows());
  }

  /** Steps, the best epoch and what trains: a row a figure. */
  get summary(): DataFrame {
    return frame(["", ...this.#names], this.#summaryRows());
  }

  toString(): string {
    return this.#sections().map(({ title, head, rows }) => `${title}\n${textTable(head, rows)}`).join("\n\n");
  }

  [Symbol.for("Jupyter.display")](): Record<string, string> {
    const html = this.#sections().map(({ title, head, rows }) => `<p>${escaped(title)}</p>${htmlTable(head, rows)}`).join("");
    return { "text/html": html, "text/plain": this.toString() };
  }

  #sections(): { title: string; head: string[]; rows: Cell[][] }[] {
    const options = this.#optionRows();
    const epochs = this.#epochRows();
    const related = this.forkedAt === undefined ? "Two runs that have nothing in common" : `The same run up to step ${this.forkedAt}`;
    return [
      { title: related, head: ["", ...this.#names], rows: this.#summaryRows() },
      ...(options.length > 0 ? [{ title: "Options that differ", head: ["option", ...this.#names], rows: options }] : []),
      ...(epochs.length > 0 ? [{ title: this.forkedAt === undefined ? "Epochs" : "Epochs since then", head: this.#epochHead(), rows: shownEpochs(epochs) }] : []),
    ];
  }

  #optionRows(): Cell[][] {
    const [a, b] = this.#runs.map(({ options }) => describeOptions(options).options) as [Record<string, unknown>, Record<string, unknown>];
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => JSON.stringify(a[name]) !== JSON.stringify(b[name])).map((name) => [name, ...this.#runs.map(({ options }) => shortened(inWords(options[name])))]);
  }

  #metrics(): string[] {
    return [...new Set(this.#runs.flatMap(({ history }) => history.flatMap(({ metrics }) => Object.keys(metrics))))];
  }

  #epochHead(): string[] {
    return ["epoch", ...this.#metrics().flatMap((metric) => this.#names.map((name) => `${metric}, ${name}`))];
  }

  #epochRows(): Cell[][] {
    const histories = this.#runs.map(({ history }) => new Map(history.filter(({ step }) => step > (this.forkedAt ?? -1)).map((record) => [record.epoch, record])));
    const epochs = [...new Set(histories.flatMap((history) => [...history.keys()]))].sort((a, b) => a - b);
    return epochs.map((epoch) => [epoch, ...this.#metrics().flatMap((metric) => histories.map((history) => figure(history.get(epoch)?.metrics[metric])))]);
  }

  #summaryRows(): Cell[][] {
    const [a, b] = this.#runs;
    const best = ({ best: found }: ComparedRun) => (found ? `${found.name} ${figure(found.value)} in epoch ${found.epoch}` : "");
    const rows: Cell[][] = [
      ["state", a.state, b.state],
      ["steps", a.step, b.step],
      ["best", best(a), best(b)],
    ];
    const layers = [a, b].map(({ trained }) => [...new Set(trained.map((path) => path.slice(0, path.lastIndexOf("/"))))]);
    if (a.trained.join() !== b.trained.join()) rows.push(["trains", ...layers.map((names) => shortened(names.join(", ")))]);
    return rows;
  }
}

/** The last step that both lines have in common. */
function parting(one: ComparedRun, other: ComparedRun): number | undefined {
  const lineOf = ({ id, lineage, step }: ComparedRun) => new Map([...lineage, [id, step]]);
  const [a, b] = [lineOf(one), lineOf(other)];
  const common = [...a].flatMap(([id, step]) => (b.has(id) ? [Math.min(step, b.get(id)!)] : []));
  return common.length > 0 ? Math.max(...common) : undefined;
}

function frame(head: readonly string[], rows: readonly Cell[][]): DataFrame {
  return new (requireDfd().DataFrame)(rows.map((row) => [...row]), { columns: [...head] });
}

function figure(value: number | undefined): Cell {
  return value === undefined ? "" : Number(value.toPrecision(4));
}

/** As many epochs as are shown in full; of more, the first and the last. */
const MOST_EPOCHS = 12;

function shownEpochs(rows: Cell[][]): Cell[][] {
  return rows.length <= MOST_EPOCHS ? rows : [...rows.slice(0, 5), rows[0]!.map(() => "…"), ...rows.slice(-5)];
}

function shortened(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}

function textTable(head: readonly string[], rows: readonly Cell[][]): string {
  const all = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return all.map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join("  ").trimEnd()).join("\n");
}

function htmlTable(head: readonly string[], rows: readonly Cell[][]): string {
  const cells = (tag: string, row: readonly Cell[]) => `<tr>${row.map((cell) => `<${tag}>${escaped(String(cell))}</${tag}>`).join("")}</tr>`;
  return `<table><thead>${cells("th", head)}</thead><tbody>${rows.map((row) => cells("td", row)).join("")}</tbody></table>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
