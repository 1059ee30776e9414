/** What a notebook has to do with a query that runs: it shows how far it is, and may interrupt it. */

/** One line of a cell's output that can be replaced. */
export interface ProgressLine {
  update(text: string): void;
}

export interface Surroundings {
  /** Of the cell that runs now: aborted by an interrupt. */
  signal(): AbortSignal | undefined;
  /** Shows a line in the cell that runs now. */
  show(text: string): ProgressLine;
}

let around: Surroundings | undefined;

/** Tells in what surroundings queries run from now on. In a plain script nobody calls this, and they are silent. */
export function runIn(surroundings: Surroundings): void {
  around = surroundings;
}

/** What interrupts the queries that start now. */
export function currentSignal(): AbortSignal | undefined {
  return around?.signal();
}

export const showsProgress = (): boolean => around !== undefined;

/** Milliseconds between two looks; a query that is done before the first shows nothing. */
const EVERY = 1_000;
const WIDTH = 24;

interface Progress {
  percentage: number;
}

/** Shows once a second how far a query is, in one line, until `end` is called. */
export function showProgress(look: () => Progress): { end(): void } {
  if (!around) return { end: () => undefined };
  const { show } = around;
  const start = performance.now();
  const seconds = (): string => `${Math.round((performance.now() - start) / 1000)} s`;
  let line: ProgressLine | undefined;
  const timer = setInterval(() => {
    const text = progressText(look().percentage, seconds());
    if (line) line.update(text);
    else line = show(text);
  }, EVERY);
  return {
    end() {
      clearInterval(timer);
      line?.update(`frame: ${seconds()}`);
    },
  };
}

/** @param percentage negative where DuckDB cannot tell */
export function progressText(percentage: number, elapsed: string): string {
  if (!(percentage >= 0)) return `frame: ${elapsed} …`;
  const share = Math.min(percentage, 100) / 100;
  const full = Math.round(share * WIDTH);
  return `frame: ${"█".repeat(full)}${"░".repeat(WIDTH - full)} ${Math.round(share * 100)} %, ${elapsed}`;
}
