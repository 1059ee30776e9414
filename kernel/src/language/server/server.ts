/** TypeScript 7's native server as a child process: started at once, started again when it dies, ended with this thread. */

import { spawn, type ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import { connect, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { RpcConnection, RpcError } from "./rpc.js";

export interface LspPosition {
  line: number;
  character: number;
}

export interface LspDiagnostic {
  range: { start: LspPosition; end: LspPosition };
  severity?: number;
  code?: number | string;
  message: string;
}

interface OpenDocument {
  uri: string;
  text: string;
  version: number;
}

/** A snapshot of the project in the server's API, for questions about types. */
export interface TypeSnapshot {
  snapshot: number;
  project: string;
}

/** Holds nothing; see {@link TypeScriptServer.settle}. */
export const PROBE_DOCUMENT = "thawbook-probe.ts";
export const PROBE_TEXT = "export {};";

/**
 * The server collects garbage when its heap has grown by so much. By Go's own 100 it takes 135 to 170 MiB with tfjs' types, by 60 it stays
 * at 125, for a tenth more of its processor time.
 */
const GARBAGE_PERCENT = "60";

/** A server that has not answered by then is not waited for. */
const FREE_TIMEOUT = 3_000;

const START_TIMEOUT = 20_000;
/** The first cell that names a large library waits for its types. */
const REQUEST_TIMEOUT = 30_000;
/** A server that dies more often than this in a minute is given up. */
const RESTARTS_A_MINUTE = 5;

export class TypeScriptServer {
  private child?: ChildProcess;
  private rpc?: RpcConnection;
  private api?: Promise<{ rpc: RpcConnection; socket: Socket }>;
  private documents = new Map<string, OpenDocument>();
  private started: Promise<void>;
  /** The document whose last change no answer has followed yet. */
  private unread?: string;
  /** Changes reach the server in the order in which they were asked for, also where one has to wait. */
  private changing: Promise<void> = Promise.resolve();
  private restarts: number[] = [];
  private disposed = false;
  private givenUp = false;
  /** The process that we have ended ourselves: nobody is told. */
  private replacing?: ChildProcess;

  /**
   * @param written documents that lie in the directory with these texts: part of the project from the start, opened when they change.
   *   Each one that is opened has the server build its program once more, 20 ms.
   * @param onExit called when the server died by itself; `restarting` is false when it is given up
   */
  constructor(
    private readonly directory: string,
    private readonly written: ReadonlyMap<string, string>,
    private readonly onExit: (restarting: boolean) => void,
  ) {
    this.openProbe(PROBE_DOCUMENT);
    this.started = this.start();
    // Whoever asks gets the error; nobody asking is no unhandled rejection.
    this.started.catch(() => undefined);
  }

  /** It keeps dying and is not started any more. */
  get isGivenUp(): boolean {
    return this.givenUp;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  uri(name: string): string {
    return pathToFileURL(join(this.directory, name)).href;
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /**
   * The document's text from now on; it stays open, since a closed one has no diagnostics.
   *
   * One change at a time: where two documents have changed since its last answer, the server builds its whole program anew,
   * 50 ms with tfjs' types instead of 7. So a question that costs nothing comes between.
   */
  set(name: string, text: string): Promise<void> {
    return (this.changing = this.changing.then(() => this.change(name, text)));
  }

  private async change(name: string, text: string): Promise<void> {
    if ((this.documents.get(name)?.text ?? this.written.get(name)) === text) return;
    if (this.unread !== undefined && this.unread !== name) await this.settle();
    this.unread = name;
    const open = this.documents.get(name);
    if (!open) {
      const document = { uri: this.uri(name), text, version: 1 };
      this.documents.set(name, document);
      if (this.rpc) this.open(this.rpc, document);
    } else {
      open.text = text;
      open.version++;
      this.rpc?.notify("textDocument/didChange", { textDocument: { uri: open.uri, version: open.version }, contentChanges: [{ text }] });
    }
  }

  /** Resolves when the server has taken in the last change. */
  async settle(): Promise<void> {
    const name = this.unread;
    if (name === undefined || !this.rpc) return;
    // Asked of the project's smallest document: what is cheap for one line is not for the declarations of 200 cells.
    const asked = join(dirname(name), PROBE_DOCUMENT);
    if (!this.documents.has(asked)) this.openProbe(asked);
    await this.request("textDocument/foldingRange", { textDocument: { uri: this.uri(asked) } }).catch(() => undefined);
    if (this.unread === name) this.unread = undefined;
  }

  diagnostics(name: string, timeoutMs = REQUEST_TIMEOUT): Promise<LspDiagnostic[]> {
    return this.diagnosticsOf(this.path(name), timeoutMs);
  }

  /** @param path of a document, or of a file that a document imports */
  async diagnosticsOf(path: string, timeoutMs = REQUEST_TIMEOUT): Promise<LspDiagnostic[]> {
    const { items } = await this.request<{ items?: LspDiagnostic[] }>("textDocument/diagnostic", { textDocument: { uri: pathToFileURL(path).href } }, timeoutMs);
    return items ?? [];
  }

  async request<T>(method: string, params: unknown, timeoutMs = REQUEST_TIMEOUT): Promise<T> {
    await this.started;
    if (!this.rpc) throw new RpcError(method, "closed", "the server is not running");
    const { unread } = this;
    const answer = await this.rpc.request<T>(method, params, timeoutMs);
    if (this.unread === unread) this.unread = undefined;
    return answer;
  }

  /** Completions, with names that would have to be imported. */
  async requestWithImports<T>(params: unknown): Promise<T> {
    await this.started;
    const allow = (imports: boolean) => this.rpc?.notify("workspace/didChangeConfiguration", { settings: { typescript: preferences(imports) } });
    allow(true);
    const answer = this.request<T>("textDocument/completion", params);
    // Told behind the question and not behind its answer: others that are asked meanwhile are not to wait for packages.
    await Promise.resolve();
    allow(false);
    return answer;
  }

  /** Resolves when a server that was given too much is free again: it gives cancelled work up by itself, or is started anew. */
  async freed(): Promise<void> {
    const { child } = this;
    const answered = this.request("textDocument/foldingRange", { textDocument: { uri: this.uri(PROBE_DOCUMENT) } }, FREE_TIMEOUT);
    if (await answered.then(() => true, () => false) || child !== this.child) return;
    this.replacing = child;
    this.rpc?.close();
    child?.kill("SIGKILL");
    await this.back().catch(() => undefined);
  }

  private openProbe(name: string): void {
    const document = { uri: this.uri(name), text: PROBE_TEXT, version: 1 };
    this.documents.set(name, document);
    if (this.rpc) this.open(this.rpc, document);
  }

  /** Resolves when a server that has just died is running again. */
  async back(): Promise<void> {
    const { child } = this;
    const isDying = child && this.rpc?.isClosed && child.exitCode === null && child.signalCode === null;
    if (isDying) await new Promise<void>((resolve) => child.once("exit", () => resolve()));
    await this.started;
  }

  /** Files that are new or changed on disk; without this the server keeps believing what it knows. */
  filesChanged(created: readonly string[], changed: readonly string[], deleted: readonly string[] = []): void {
    if (!created.length && !changed.length && !deleted.length) return;
    const change = (type: number) => (path: string) => ({ uri: pathToFileURL(path).href, type });
    this.rpc?.notify("workspace/didChangeWatchedFiles", { changes: [...created.map(change(1)), ...changed.map(change(2)), ...deleted.map(change(3))] });
  }

  /** Asks the server's type API about the project as it is now; the snapshot is released afterwards. */
  async withTypes<T>(ask: (request: <R>(method: string, params: object) => Promise<R>) => Promise<T>): Promise<T> {
    await this.started;
    const { rpc } = await (this.api ??= this.connectApi());
    const request = <R>(method: string, params: object) => rpc.request<R>(method, params, REQUEST_TIMEOUT);
    const { snapshot, projects } = await request<{ snapshot: number; projects: { id: string; configFileName: string }[] }>("updateSnapshot", { openProjects: [this.path("tsconfig.json")] });
    const project = projects.find(({ configFileName }) => configFileName === this.path("tsconfig.json"))!.id;
    try {
      return await ask((method, params) => request(method, { snapshot, project, ...params }));
    } finally {
      request("release", { snapshot }).catch(() => undefined);
    }
  }

  /** Ends the process: it ends by itself when its input closes, also when this process is killed. */
  async dispose(): Promise<void> {
    this.disposed = true;
    const { child } = this;
    this.rpc?.close();
    void this.api?.then(({ socket }) => socket.destroy(), () => undefined);
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.stdin?.end();
    child.kill();
    await ended;
  }

  private async start(): Promise<void> {
    const env = { ...process.env, GOGC: process.env["GOGC"] ?? GARBAGE_PERCENT };
    const child = spawn(serverBinary(), ["--lsp", "--stdio"], { cwd: this.directory, env, stdio: ["pipe", "pipe", "ignore"] });
    this.child = child;
    this.rpc = undefined;
    this.api = undefined;
    const rpc = new RpcConnection(child.stdout, child.stdin, answerServer);
    child.on("error", () => rpc.close());
    child.on("exit", () => this.exited(rpc, child === this.replacing));
    await rpc.request("initialize", {
      processId: process.pid,
      rootUri: pathToFileURL(this.directory).href,
      capabilities: CAPABILITIES,
      initializationOptions: {},
    }, START_TIMEOUT);
    // Without this each answer comes with twenty messages on how it was found.
    rpc.notify("custom/setLogVerbosity", { verbosity: 0 });
    rpc.notify("initialized", {});
    for (const document of this.documents.values()) this.open(rpc, document);
    this.rpc = rpc;
  }

  private open(rpc: RpcConnection, { uri, text, version }: OpenDocument): void {
    rpc.notify("textDocument/didOpen", { textDocument: { uri, languageId: uri.endsWith("x") ? "typescriptreact" : "typescript", version, text } });
  }

  private exited(rpc: RpcConnection, replaced: boolean): void {
    rpc.close();
    this.rpc = undefined;
    if (this.disposed) return;
    if (replaced) {
      this.started = this.start();
      this.started.catch(() => undefined);
      return;
    }
    const now = Date.now();
    this.restarts = this.restarts.filter((at) => now - at < 60_000);
    const restarting = this.restarts.length < RESTARTS_A_MINUTE;
    this.restarts.push(now);
    this.givenUp = !restarting;
    if (restarting) {
      this.started = this.start();
      this.started.catch(() => undefined);
    }
    this.onExit(restarting);
  }

  private async connectApi(): Promise<{ rpc: RpcConnection; socket: Socket }> {
    const { pipe } = await this.request<{ pipe: string }>("custom/initializeAPISession", {});
    const socket = connect(pipe);
    await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    const rpc = new RpcConnection(socket, socket);
    await rpc.request("initialize", null, START_TIMEOUT);
    return { rpc, socket };
  }
}

const CAPABILITIES = {
  workspace: { configuration: true },
  textDocument: {
    diagnostic: {},
    completion: {
      completionItem: { documentationFormat: ["markdown"], snippetSupport: false, resolveSupport: { properties: ["detail", "documentation"] } },
      completionList: { itemDefaults: ["editRange", "commitCharacters"] },
    },
    hover: { contentFormat: ["markdown"] },
    signatureHelp: { signatureInformation: { documentationFormat: ["markdown"] } },
  },
};

/** @param imports whether completions may need an import: while they may, the server reads through packages at each change */
const preferences = (imports: boolean) => ({ suggest: { autoImports: imports, completeFunctionCalls: false }, preferences: { includeCompletionsForModuleExports: imports } });

function answerServer(method: string, params: unknown): unknown {
  if (method !== "workspace/configuration") return null;
  return (params as { items: unknown[] }).items.map(() => preferences(false));
}

/** The native executable beside the `typescript` package; the package itself is a wrapper that starts it through Node. */
function serverBinary(): string {
  const fromTypescript = createRequire(require.resolve("typescript/package.json"));
  const platform = `@typescript/typescript-${process.platform}-${process.arch}`;
  try {
    const home = fromTypescript.resolve(`${platform}/package.json`);
    return join(home, "..", "lib", process.platform === "win32" ? "tsc.exe" : "tsc");
  } catch {
    throw new Error(`TypeScript's native server is not installed for ${process.platform}-${process.arch}: run \`npm install\` again (package ${platform}).`);
  }
}
