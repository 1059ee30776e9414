/** The inputs of this session, as `history_request` wants them. In memory: nothing is written to disk. */
interface Entry {
  number: number;
  code: string;
  output: string | undefined;
}

type Row = [session: number, line: number, input: string | [string, string | null]];

const SESSION = 1;
const KEPT = 10_000;

export class History {
  #entries: Entry[] = [];

  add(number: number, code: string): void {
    this.#entries.push({ number, code, output: undefined });
    if (this.#entries.length > KEPT) this.#entries.shift();
  }

  setOutput(number: number, output: string): void {
    const entry = this.#entries.findLast((candidate) => candidate.number === number);
    if (entry) entry.output = output;
  }

  /** `hist_access_type`: `tail` (the last n), `range` (start <= number < stop), `search` (glob, the last n). */
  ask(request: Record<string, unknown>): Row[] {
    const rows = (entries: Entry[]): Row[] =>
      entries.map(({ number, code, output }) => [SESSION, number, request["output"] === true ? [code, output ?? null] : code]);
    const n = typeof request["n"] === "number" ? Math.max(0, request["n"]) : 1_000;
    switch (request["hist_access_type"]) {
      case "tail":
        return rows(n === 0 ? [] : this.#entries.slice(-n));
      case "range": {
        const session = Number(request["session"] ?? 0);
        if (session !== 0 && session !== SESSION) return [];
        const start = Number(request["start"] ?? 0);
        const stop = typeof request["stop"] === "number" ? request["stop"] : Infinity;
        return rows(this.#entries.filter(({ number }) => number >= start && number < stop));
      }
      case "search": {
        const pattern = String(request["pattern"] ?? "*");
        let found = this.#entries.filter(({ code }) => matches(pattern, code));
        if (request["unique"] === true) found = [...new Map(found.map((entry) => [entry.code, entry])).values()];
        return rows(n === 0 ? [] : found.slice(-n));
      }
      default:
        return [];
    }
  }
}

/**
 * `*`: anything, `?`: one character, all else itself. Where a part fails, only the last `*` takes one more
 * character: steps are at most the product of both lengths, and not exponential in the stars.
 */
export function matches(pattern: string, text: string): boolean {
  let at = 0;
  let star = -1;
  let resume = 0;
  for (let i = 0; i < text.length; ) {
    if (pattern[at] === "*") {
      star = at++;
      resume = i;
    } else if (at < pattern.length && (pattern[at] === "?" || pattern[at] === text[i])) {
      at += 1;
      i += 1;
    } else if (star >= 0) {
      at = star + 1;
      i = ++resume;
    } else return false;
  }
  while (pattern[at] === "*") at += 1;
  return at === pattern.length;
}
