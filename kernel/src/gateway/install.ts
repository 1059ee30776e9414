import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { StreamName } from "../threads";
import { dependencies, missingTypings } from "./typings";

const KERNEL_FOLDER = resolve(__dirname, "../..");
/** A package that the kernel cannot start without: where it lies, the kernel's own packages lie. */
const KERNEL_PACKAGE = "zeromq";

/** Said to be fetched, one line each; npm's other requests are for its own use. */
const ARCHIVE = /^npm http (?:fetch|cache) (?:GET \d+ )?(\S+\.tgz)\b/;

const UNREACHABLE = new Set(["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "ERR_SOCKET_TIMEOUT", "FETCH_ERROR", "UND_ERR_CONNECT_TIMEOUT"]);

export interface InstallOptions {
  /** Packages land in its node_modules, and in its package.json. */
  folder: string;
  signal: AbortSignal;
  write(name: StreamName, text: string): void;
}

/**
 * Runs npm for a notebook, telling what it does as it goes. Packages without types of their own get those of `@types`,
 * where there are any.
 *
 * @param packages as npm takes them: names, `name@version`, paths
 * @returns what is wrong, and what to do; undefined where all are installed
 */
export async function install(packages: readonly string[], options: InstallOptions): Promise<string | undefined> {
  const { folder, signal, write } = options;
  const option = packages.find((name) => name.startsWith("-"));
  if (option !== undefined) return `%install takes packages, and no options of npm such as ${option}`;
  if (holdsKernel(folder)) return `the kernel's own packages are in ${folder}, and a notebook must not change them: move it to a folder of its own`;
  const before = new Set(dependencies(folder));
  const ended = await run(packages, options);
  if (signal.aborted) return undefined;
  if (ended instanceof Error) return spawnFault(ended, folder);
  if (ended.status !== 0) return fault(packages, ended);
  const typings = missingTypings(folder, dependencies(folder).filter((name) => !before.has(name)));
  // one by one and in silence: there may be none, and the packages are installed all the same
  for (const name of typings) {
    const typed = signal.aborted ? undefined : await run([name], { folder, signal, write: () => undefined }, ["--save-dev"]);
    if (typed && !(typed instanceof Error) && typed.status === 0) write("stdout", `with types of ${name}\n`);
  }
  return undefined;
}

interface Ended {
  status: number;
  /** npm's word for what went wrong. */
  code: string | undefined;
}

async function run(packages: readonly string[], { folder, signal, write }: InstallOptions, more: readonly string[] = []): Promise<Ended | Error> {
  const [command, ...first] = npm();
  const options = ["--prefix", folder, "--no-fund", "--no-audit", "--no-update-notifier", "--loglevel=http", "--progress=false", "--color=false", "--fetch-retries=1", "--fetch-retry-mintimeout=1000", ...more];
  const child = spawn(command, [...first, "install", ...options, "--", ...packages], { cwd: folder, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const stop = (): void => endGroup(child);
  signal.addEventListener("abort", stop, { once: true });
  let code: string | undefined;
  const fetched = new Set<string>();
  eachLine(child.stdout, (line) => line !== "" && write("stdout", `${line}\n`));
  eachLine(child.stderr, (line) => {
    code ??= /^npm (?:error|ERR!) code (\S+)/.exec(line)?.[1];
    const archive = ARCHIVE.exec(line)?.[1];
    if (archive !== undefined) {
      if (!fetched.has(archive)) write("stdout", `fetched ${archive.slice(archive.lastIndexOf("/") + 1)}\n`);
      fetched.add(archive);
    } else if (!/^npm (?:http|verbose|info|notice)\b|complete log of this run/.test(line) && line !== "") write("stderr", `${line}\n`);
  });
  const ended = await new Promise<Ended | Error>((done) => {
    child.once("error", done);
    child.once("close", (status) => done({ status: status ?? 1, code }));
  });
  signal.removeEventListener("abort", stop);
  return ended;
}

/** npm and what it has started: it is the first of a process group of its own. */
function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGTERM");
  } catch {
    // it has just ended
  }
}

function eachLine(stream: Readable, told: (line: string) => void): void {
  createInterface({ input: stream }).on("line", told);
}

/** Node's own npm where it lies beside Node: Jupyter may have been started with another PATH. */
function npm(): [command: string, ...first: string[]] {
  const node = dirname(realpathSync(process.execPath));
  const cli = [join(node, "../lib/node_modules/npm/bin/npm-cli.js"), join(node, "node_modules/npm/bin/npm-cli.js")].find((path) => existsSync(path));
  return cli === undefined ? ["npm"] : [process.execPath, cli];
}

function holdsKernel(folder: string): boolean {
  const real = realpathSync(folder);
  if (`${real}${sep}`.startsWith(`${KERNEL_FOLDER}${sep}`)) return true;
  for (let at = KERNEL_FOLDER; ; at = dirname(at)) {
    if (at === real) return existsSync(join(at, "node_modules", KERNEL_PACKAGE));
    if (dirname(at) === at) return false;
  }
}

function spawnFault(error: NodeJS.ErrnoException, folder: string): string {
  if (error.code === "ENOENT" && existsSync(folder)) return "npm was not found, neither beside Node nor on the PATH: it comes with Node, install that with npm";
  return `npm cannot be started: ${error.message}`;
}

function fault(packages: readonly string[], { code, status }: Ended): string {
  const names = packages.join(" ");
  if (code === "E404") return `npm knows no such package: ${names} (look at the spelling)`;
  if (code === "ETARGET") return `there is no such version: ${names}`;
  if (code !== undefined && UNREACHABLE.has(code)) return `npm cannot reach its registry to install ${names} (${code}): check the network and npm's proxy settings`;
  return `npm could not install ${names}${code === undefined ? ` (it ended with ${status})` : ` (${code})`}; its own words are above`;
}
