// What set-up prints: one line a step. On a terminal the line moves while the step works; elsewhere a long step prints a line now and then.

const terminal = Boolean(process.stdout.isTTY) && !process.env.CI;
const every = terminal ? 100 : 15_000;

/** @param {number} ms */
export const seconds = (ms) => (ms < 99_950 ? `${(ms / 1000).toFixed(1)} s` : `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`);

/** @param {number} bytes */
export const megabytes = (bytes) => `${Math.round(bytes / 1e6)} MB`;

/** @param {string} mark @param {string} place @param {string} name @param {string} rest */
const line = (mark, place, name, rest) => `${mark} ${place} ${name.padEnd(34)} ${rest}`;

/**
 * The line of one step.
 * @param {string} place such as "2/6" @param {string} name
 */
export function stepLine(place, name) {
  const started = performance.now();
  let last = started;
  let detail = "";
  const draw = () => {
    const text = line("…", place, name, `${seconds(performance.now() - started).padStart(8)}  ${detail}`);
    process.stdout.write(terminal ? `\r\x1b[K${text.slice(0, (process.stdout.columns ?? 80) - 1)}` : `${text}\n`);
    last = performance.now();
  };
  draw();
  const timer = setInterval(() => {
    if (performance.now() - last >= every) draw();
  }, 100);
  /** @param {string} mark @param {string} text */
  const end = (mark, text) => {
    clearInterval(timer);
    process.stdout.write(`${terminal ? "\r\x1b[K" : ""}${line(mark, place, name, text)}\n`);
  };
  return {
    /** @param {string} text what it does now */
    progress(text) {
      detail = text;
    },
    done() {
      const ms = performance.now() - started;
      end("✓", seconds(ms).padStart(8));
      return ms;
    },
    failed: () => end("✗", "failed"),
  };
}

/** @param {string} place @param {string} name */
export const upToDate = (place, name) => process.stdout.write(`${line("✓", place, name, "up to date")}\n`);

/** @param {string} text */
const indented = (text) => text.replace(/^/gm, "    ");

/** @param {string} step @param {import("./trouble.mjs").Trouble} trouble */
export function explain(step, trouble) {
  const parts = [`\n${step}: ${trouble.title}.`];
  if (trouble.evidence) parts.push(indented(trouble.evidence));
  parts.push("What to do:", indented(trouble.cure), "More: setup.md, Errors. Then run the same command again.\n");
  process.stderr.write(`${parts.join("\n")}\n`);
}
