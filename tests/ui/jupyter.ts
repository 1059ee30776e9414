/** A real JupyterLab for the UI tests: on a free loopback port, with folders of its own that end with it. */

import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TOKEN = "thawbook-tests";

/** What is told of a server to whoever did not start it. */
export interface JupyterAddress {
  port: number;
  /** Where notebooks lie. */
  folder: string;
}

export interface Jupyter extends JupyterAddress {
  /** The address of JupyterLab with a notebook open, the token in it. */
  address(notebook: string): string;
  /** Ends the kernels of all notebooks. */
  endKernels(): Promise<void>;
}

export function jupyterAt({ port, folder }: JupyterAddress): Jupyter {
  const api = (path: string, method = "GET"): Promise<Response> => fetch(`http://127.0.0.1:${port}/api/${path}?token=${TOKEN}`, { method });
  return {
    port,
    folder,
    address: (notebook) => `http://127.0.0.1:${port}/lab/tree/${encodeURIComponent(notebook)}?token=${TOKEN}&reset`,
    endKernels: async () => {
      const sessions = (await (await api("sessions")).json()) as { id: string }[];
      await Promise.all(sessions.map(({ id }) => api(`sessions/${id}`, "DELETE")));
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer();
    server.once("error", failed);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
  });
}

/** The kernel and the extension as they are built in this checkout, whatever is installed elsewhere. */
async function jupyterPath(home: string): Promise<string> {
  const path = join(home, "share");
  await mkdir(join(path, "labextensions", "@thawbook"), { recursive: true });
  await symlink(resolve(ROOT, "extension/labextension"), join(path, "labextensions/@thawbook/extension"));
  await mkdir(join(path, "kernels", "thawbook"), { recursive: true });
  const spec = {
    argv: [process.execPath, resolve(ROOT, "kernel/lib/main.js"), "{connection_file}"],
    display_name: "TypeScript (Thawbook)",
    language: "typescript",
    interrupt_mode: "message",
    metadata: { debugger: true },
  };
  await writeFile(join(path, "kernels/thawbook/kernel.json"), JSON.stringify(spec));
  return path;
}

function environment(home: string, path: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    JUPYTER_PATH: path,
    JUPYTER_CONFIG_DIR: join(home, "config"),
    JUPYTER_DATA_DIR: join(home, "data"),
    JUPYTER_RUNTIME_DIR: join(home, "runtime"),
    JUPYTERLAB_SETTINGS_DIR: join(home, "settings"),
    JUPYTERLAB_WORKSPACES_DIR: join(home, "workspaces"),
    JUPYTER_PLATFORM_DIRS: "1",
  };
}

/** JupyterLab asks at first whether to fetch news; the answer is no. */
async function settings(home: string): Promise<void> {
  const file = join(home, "settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings");
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, JSON.stringify({ fetchNews: "false", checkForUpdates: false }));
}

async function answering(server: ChildProcess, port: number, said: () => string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (server.exitCode !== null) throw new Error(`jupyter lab ended with ${server.exitCode}:\n${said()}`);
    const reply = await fetch(`http://127.0.0.1:${port}/api/status?token=${TOKEN}`).catch(() => undefined);
    if (reply?.ok) return;
    await new Promise((done) => setTimeout(done, 200));
  }
  throw new Error(`jupyter lab did not answer within 60 s:\n${said()}`);
}

/** Starts JupyterLab from the checkout's `.venv`. */
export async function startJupyter(): Promise<JupyterAddress & { stop(): Promise<void> }> {
  const lab = join(ROOT, ".venv/bin/jupyter-lab");
  if (!existsSync(lab)) throw new Error(`${lab} is missing: run \`npm run setup\` first`);
  const home = await mkdtemp(join(tmpdir(), "thawbook-ui-"));
  const folder = join(home, "notebooks");
  await mkdir(folder);
  const port = await freePort();
  const options = [
    "--no-browser",
    "--allow-root",
    "--ServerApp.ip=127.0.0.1",
    `--ServerApp.port=${port}`,
    "--ServerApp.port_retries=0",
    `--IdentityProvider.token=${TOKEN}`,
    `--ServerApp.root_dir=${folder}`,
    "--LabApp.expose_app_in_browser=True",
  ];
  await settings(home);
  const server = spawn(lab, options, { cwd: folder, env: environment(home, await jupyterPath(home)), stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [server.stdout, server.stderr]) stream.on("data", (text) => (output = (output + String(text)).slice(-8000)));
  try {
    await answering(server, port, () => output);
  } catch (error) {
    server.kill("SIGKILL");
    throw error;
  }
  return {
    port,
    folder,
    stop: async () => {
      const ended = new Promise((done) => server.once("exit", done));
      server.kill("SIGTERM");
      const late = setTimeout(() => server.kill("SIGKILL"), 10_000);
      await ended;
      clearTimeout(late);
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
