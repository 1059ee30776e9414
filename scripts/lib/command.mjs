// Runs another program, keeps what it prints in a log, and turns its failure into a Trouble.
import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { basename, relative } from "node:path";
import { endGroup, remember } from "./leftovers.mjs";
import { cached, root } from "./places.mjs";
import { Trouble, diagnose } from "./trouble.mjs";

/**
 * What child processes see. Caches and temporary files stay in the checkout; user settings that would break a virtual
 * environment (PYTHONPATH, pip's `user = true`) are put out of force.
 */
export function environment() {
  mkdirSync(cached("tmp"), { recursive: true });
  return {
    ...process.env,
    TMPDIR: cached("tmp"),
    npm_config_cache: cached("npm"),
    npm_config_update_notifier: "false",
    PIP_CACHE_DIR: cached("pip"),
    PIP_DISABLE_PIP_VERSION_CHECK: "1",
    PIP_NO_INPUT: "1",
    PIP_USER: "0",
    PYTHONPATH: undefined,
    PYTHONHOME: undefined,
    PYTHONUNBUFFERED: "1",
    VIRTUAL_ENV: undefined,
    PLAYWRIGHT_BROWSERS_PATH: cached("playwright"),
  };
}

/**
 * @param {string} log the name of the log
 * @param {string} program @param {readonly string[]} args
 * @param {{ onLine?: (line: string) => boolean | void, cwd?: string }} [options] onLine says true where going on is pointless
 * @returns {Promise<string>} what it printed
 */
export async function command(log, program, args, { onLine, cwd = root } = {}) {
  mkdirSync(cached("logs"), { recursive: true });
  const logFile = cached("logs", `${log}.log`);
  const file = createWriteStream(logFile);
  // A group of its own, so that it can be ended with all that it starts.
  const child = spawn(program, args, { cwd, env: environment(), stdio: ["ignore", "pipe", "pipe"], detached: true });
  const { pid } = child;
  const forget = pid === undefined ? () => undefined : remember(pid);
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on("line", (text) => {
      output += `${text}\n`;
      file.write(`${text}\n`);
      if (onLine?.(text) && pid !== undefined) endGroup(pid);
    });
  /** @type {{ code: number | null, signal: string | null, error?: Error }} */
  const end = await new Promise((settle) => {
    child.once("error", (error) => settle({ code: null, signal: null, error }));
    child.once("close", (code, signal) => settle({ code, signal }));
  });
  forget();
  file.end();
  if (end.code === 0) return output;
  if (end.error) throw new Trouble(`${program} cannot be started`, "Install it, or put it on the PATH.", end.error.message);
  if (end.signal) output += `ended by ${end.signal}\n`;
  throw diagnose(`${basename(program)} ${basename(args[0] ?? "")}`.trim(), output, relative(root, logFile));
}
