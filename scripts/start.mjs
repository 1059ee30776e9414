// npm start: sets up what is missing, then opens JupyterLab on the first tutorial.
// npm start -- --no-browser prints the address instead; other arguments go to `jupyter lab`.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { at, cached, jupyterEnvironment, python } from "./lib/places.mjs";
import { setUp } from "./lib/steps.mjs";
import { forNotebooks } from "./steps/index.mjs";

const given = process.argv.slice(2);
const tutorial = at("notebooks/01-first-fine-tune.ipynb");
const notebooks = given.some((argument) => !argument.startsWith("-")) ? [] : [tutorial];

/** The server's file in Jupyter's runtime directory, written once it listens. @param {number} pid */
async function address(pid) {
  const file = join(jupyterEnvironment.JUPYTER_RUNTIME_DIR, `jpserver-${pid}.json`);
  rmSync(file, { force: true }); // of a server that was killed and had the same number; the new one has not started yet
  while (!existsSync(file)) await sleep(50);
  const { url, token } = JSON.parse(readFileSync(file, "utf8"));
  const page = notebooks.length > 0 ? `lab/tree/${basename(tutorial)}` : "lab";
  return `${url}${page}${token ? `?token=${token}` : ""}`;
}

/** Passes on what JupyterLab logs, but for information and its own three lines about the address. */
function troubled() {
  let shown = true;
  return (/** @type {string} */ line) => {
    if (/^\[[A-Z] /.test(line)) shown = !/^\[I |^\[C [^\]]*\]\s*$/.test(line);
    if (shown) console.error(line);
  };
}

async function start() {
  if (!(await setUp(forNotebooks, { quiet: true }))) return 1;
  mkdirSync(cached("jupyter"), { recursive: true });
  const root = process.getuid?.() === 0 ? ["--allow-root"] : []; // a container: the token still guards it
  const lab = spawn(python, ["-m", "jupyterlab", "--ServerApp.log_level=WARN", ...root, ...notebooks, ...given], {
    cwd: process.env.INIT_CWD ?? at("."), // where the user typed, so that a path among the arguments means theirs
    env: { ...process.env, ...jupyterEnvironment, TMPDIR: undefined },
    stdio: ["inherit", "inherit", "pipe"],
  });
  createInterface({ input: lab.stderr }).on("line", troubled());
  // JupyterLab ends first, then we do. Ctrl-C reaches it through the terminal, and it asks back.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => lab.kill());
  const ended = new Promise((settle) => lab.once("exit", (code) => settle(code ?? 1)));
  const listening = await Promise.race([address(lab.pid ?? 0), ended.then(() => undefined)]);
  if (listening) console.log(`JupyterLab runs at\n\n    ${listening}\n\nCtrl-C ends it. Your settings for it lie in ${cached("jupyter")}.`);
  return ended;
}

process.exit(await start());
