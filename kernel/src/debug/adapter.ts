import type { DebugProtocol } from "@vscode/debugprotocol";
import { readFile } from "node:fs/promises";
import type { Debugger } from "node:inspector";
import { basename } from "node:path";
import { CAPABILITIES } from "./capabilities";
import { Breakpoints } from "./breakpoints";
import { CaughtErrors } from "./caught-errors";
import { CallStack, type CallStackOptions } from "./call-stack";
import { CELL_PATH, CellSources, HASH, cellPath, isCellPath, type DebuggedCell } from "./cells";
import { Evaluation, GROUP, type EvaluationOptions } from "./evaluation";
import { InspectorConnection } from "./inspector";
import { Values } from "./values";

/** JavaScript has one thread; the protocol wants a name for it. */
const THREAD = 1;

export interface DebugAdapterOptions extends CallStackOptions, EvaluationOptions {
  /** Sends a `debug_event`. */
  emit(event: DebugProtocol.Event): void;
  /** Whether an error out of this place (from 0) of a script is caught by the function that it is in. */
  catches(script: string, line: number, column: number): boolean;
  /** An expression that makes what runs ready to be ended when it goes on. */
  beforeTermination: string;
}

type Reply = Record<string, unknown> | void;

/**
 * The Debug Adapter Protocol for the cells of the main thread, spoken over V8's inspector from another
 * thread, so that it answers while main is paused or busy. `Debugger.enable` costs speed and holds only
 * from `attach` to `disconnect`.
 *
 * Source: https://microsoft.github.io/debug-adapter-protocol, with Jupyter's additions
 * (https://jupyter-client.readthedocs.io/en/stable/messaging.html#debug-request).
 */
export class DebugAdapter {
  readonly #options: DebugAdapterOptions;
  readonly #cells = new CellSources();
  #connection: InspectorConnection | undefined;
  #values: Values | undefined;
  #breakpoints: Breakpoints | undefined;
  #stack: CallStack | undefined;
  #evaluation: Evaluation | undefined;
  #attached = false;
  #stopsAtErrors: "all" | "uncaught" | "none" = "none";
  #pausedFor: Debugger.PausedEventDataType | undefined;
  #seq = 1;

  constructor(options: DebugAdapterOptions) {
    this.#options = options;
  }

  get paused(): boolean {
    return this.#pausedFor !== undefined;
  }

  /** Told of each cell before it runs; returns once the cell's breakpoints hold for its script. */
  async willRun(code: string, cell: Omit<DebuggedCell, "code">): Promise<void> {
    const path = cellPath(code);
    this.#cells.add(path, { code, ...cell });
    if (this.#attached && cell.map !== undefined) await this.#breakpoints?.refresh(path);
  }

  /** Where main stands at a breakpoint: ends the cell there. @returns whether it did */
  async terminate(): Promise<boolean> {
    const frame = this.#pausedFor?.callFrames[0];
    if (!frame) return false;
    await this.#live().post("Debugger.evaluateOnCallFrame", { callFrameId: frame.callFrameId, expression: this.#options.beforeTermination, silent: true, returnByValue: true });
    await this.#live().post("Debugger.resume", { terminateOnResume: true });
    return true;
  }

  /** Answers every request; a fault becomes `success: false` with a message. */
  async handle(request: DebugProtocol.Request): Promise<DebugProtocol.Response> {
    const answer = { type: "response", seq: this.#seq++, request_seq: request.seq, command: request.command } as const;
    try {
      const body = await this.#dispatch(request.command, (request.arguments ?? {}) as Record<string, unknown>);
      return { ...answer, success: true, body: body ?? {} };
    } catch (error) {
      return { ...answer, success: false, message: (error as Error).message, body: {} };
    }
  }

  async dispose(): Promise<void> {
    if (this.#connection) await this.#detach().catch(() => undefined);
  }

  async #dispatch(command: string, args: Record<string, unknown>): Promise<Reply> {
    switch (command) {
      case "debugInfo":
        return this.#info();
      case "initialize":
        return this.#initialize(args as unknown as DebugProtocol.InitializeRequestArguments);
      case "attach":
        return this.#attach();
      case "disconnect":
      case "terminate":
        return this.#detach();
      case "dumpCell":
        return this.#dumpCell(String(args["code"] ?? ""));
      case "source":
        return { content: await this.#source(args as unknown as DebugProtocol.SourceArguments) };
      case "setBreakpoints":
        return this.#setBreakpoints(args as unknown as DebugProtocol.SetBreakpointsArguments);
      case "setExceptionBreakpoints":
        return this.#setExceptionBreakpoints(args as unknown as DebugProtocol.SetExceptionBreakpointsArguments);
      case "configurationDone":
        return;
      case "threads":
        return { threads: [{ id: THREAD, name: "main" }] };
      case "stackTrace":
        return this.#stack?.trace() ?? { stackFrames: [], totalFrames: 0 };
      case "scopes":
        return { scopes: this.#stopped().scopes(Number(args["frameId"])) };
      case "variables":
        return { variables: await this.#variables(args as unknown as DebugProtocol.VariablesArguments) };
      case "inspectVariables":
        return { variables: await this.#evaluating().sessionVariables() };
      case "richInspectVariables":
        return { ...await this.#evaluating().rich(String(args["variableName"] ?? ""), args["frameId"] as number | undefined) };
      case "evaluate":
        return this.#evaluating().evaluate(args as unknown as DebugProtocol.EvaluateArguments);
      case "copyToGlobals":
        return this.#evaluating().copyToGlobals(args as { srcVariableName: string; dstVariableName: string; srcFrameId: number });
      case "modules":
        return this.#modules();
      case "exceptionInfo":
        return this.#exceptionInfo();
      case "continue":
        await this.#command("Debugger.resume");
        return { allThreadsContinued: true };
      case "next":
        return this.#command("Debugger.stepOver");
      case "stepIn":
        return this.#command("Debugger.stepInto");
      case "stepOut":
        return this.#command("Debugger.stepOut");
      case "pause":
        return this.#live().post("Debugger.pause");
      default:
        throw new Error(`The debugger does not know the request "${command}".`);
    }
  }

  #info(): Reply {
    return {
      isStarted: this.#connection !== undefined,
      hashMethod: HASH.method,
      hashSeed: HASH.seed,
      tmpFilePrefix: CELL_PATH.prefix,
      tmpFileSuffix: CELL_PATH.suffix,
      breakpoints: this.#breakpoints?.list() ?? [],
      stoppedThreads: this.paused ? [THREAD] : [],
      richRendering: true,
      exceptionPaths: ["JavaScript errors"],
      copyToGlobals: true,
    };
  }

  #initialize({ clientID }: DebugProtocol.InitializeRequestArguments): Reply {
    if (!this.#connection) {
      const connection = new InspectorConnection();
      this.#connection = connection;
      this.#values = new Values(connection, { withTypes: clientID !== "jupyterlab", userName: this.#options.userName });
      this.#breakpoints = new Breakpoints(connection, this.#cells, {
        changed: (breakpoint) => this.#emit("breakpoint", { reason: "changed", breakpoint }),
        withoutTypes: (code) => this.#options.withoutTypes(code),
      });
      const stack = (this.#stack = new CallStack(connection, this.#cells, this.#values, this.#options));
      this.#evaluation = new Evaluation(connection, this.#values, stack, this.#options);
      const caught = new CaughtErrors(connection, stack, this.#options);
      connection.on("Debugger.paused", (event) => void this.#paused(event, caught));
      connection.on("Debugger.resumed", () => this.#resumed());
    }
    return { ...CAPABILITIES };
  }

  async #attach(): Promise<void> {
    const connection = this.#live();
    await connection.post("Debugger.enable");
    // so that an error is followed to the cell that awaits it
    await connection.post("Debugger.setAsyncCallStackDepth", { maxDepth: 16 });
    await connection.post("Debugger.setBlackboxPatterns", { patterns: [...this.#options.blackbox] });
    this.#attached = true;
    this.#emit("initialized");
  }

  async #detach(): Promise<void> {
    const connection = this.#live();
    this.#connection = undefined;
    this.#attached = false;
    await this.#breakpoints?.clear().catch(() => undefined);
    // Disabling resumes a paused program by itself.
    await connection.post("Debugger.disable").catch(() => undefined);
    connection.close();
    if (this.paused) this.#resumed();
  }

  /** The local files that the session has loaded, to look into and to stop in. */
  #modules(): Reply {
    const modules = (this.#stack?.files() ?? []).map((path): DebugProtocol.Module => ({ id: path, name: basename(path), path }));
    return { modules, totalModules: modules.length };
  }

  #dumpCell(code: string): Reply {
    const path = cellPath(code);
    this.#cells.add(path, { code });
    return { sourcePath: path };
  }

  async #source({ source, sourceReference }: DebugProtocol.SourceArguments): Promise<string> {
    const path = source?.path;
    if (!path) throw new Error(`A source is asked for by its path; got reference ${sourceReference}.`);
    const cell = this.#cells.code(path);
    if (cell !== undefined) return cell;
    if (isCellPath(path)) throw new Error(`No cell of this session has the path ${path}.`);
    return readFile(path, "utf8");
  }

  async #setBreakpoints({ source, breakpoints, lines }: DebugProtocol.SetBreakpointsArguments): Promise<Reply> {
    this.#live();
    if (!source?.path) throw new Error("Breakpoints are set by the source's path, and the request names none.");
    return { breakpoints: await this.#breakpoints!.set(source.path, breakpoints ?? (lines ?? []).map((line) => ({ line }))) };
  }

  async #setExceptionBreakpoints({ filters, exceptionOptions }: DebugProtocol.SetExceptionBreakpointsArguments): Promise<void> {
    const modes = [...(filters ?? []), ...(exceptionOptions ?? []).map((o) => (o.breakMode === "always" ? "all" : o.breakMode === "never" ? "none" : "uncaught"))];
    this.#stopsAtErrors = modes.includes("all") ? "all" : modes.includes("uncaught") ? "uncaught" : "none";
    // V8 takes every error of a cell for caught: the inspector itself handles the cell's promise. So we look.
    await this.#live().post("Debugger.setPauseOnExceptions", { state: this.#stopsAtErrors === "none" ? "none" : "all" });
  }

  async #variables({ variablesReference, start, count }: DebugProtocol.VariablesArguments): Promise<DebugProtocol.Variable[]> {
    this.#live();
    return this.#values!.children(variablesReference, { start, count });
  }

  #exceptionInfo(): Reply {
    const thrown = this.#pausedFor?.data as { className?: string; description?: string; uncaught?: boolean } | undefined;
    if (!thrown || !this.#pausedFor || !isException(this.#pausedFor)) throw new Error("The program is not stopped at an error.");
    return { exceptionId: thrown.className ?? "Error", description: thrown.description, breakMode: thrown.uncaught ? "unhandled" : "always" };
  }

  async #paused(event: Debugger.PausedEventDataType, caught: CaughtErrors): Promise<void> {
    this.#pausedFor = event;
    if (isException(event) && this.#stopsAtErrors === "uncaught" && !isUncaught(event) && (await caught.catches(event))) {
      void this.#live().post("Debugger.resume");
      return;
    }
    if (!this.#stack?.stop(event.callFrames)) {
      // A `debugger` statement or a pause inside a library: there is no line of the person's to show.
      void this.#live().post("Debugger.stepOut");
      return;
    }
    const hit = event.hitBreakpoints?.length ? "breakpoint" : undefined;
    const thrown = isException(event) ? ((event.data as { description?: string } | undefined)?.description ?? "Error").split("\n")[0] : undefined;
    this.#emit("stopped", { reason: thrown !== undefined ? "exception" : (hit ?? "step"), text: thrown, threadId: THREAD, allThreadsStopped: true });
  }

  #resumed(): void {
    this.#pausedFor = undefined;
    this.#stack?.resume();
    this.#values?.clear();
    void this.#connection?.post("Runtime.releaseObjectGroup", { objectGroup: GROUP });
    this.#emit("continued", { threadId: THREAD, allThreadsContinued: true });
  }

  async #command(command: "Debugger.resume" | "Debugger.stepOver" | "Debugger.stepInto" | "Debugger.stepOut"): Promise<void> {
    this.#stopped();
    await this.#live().post(command);
  }

  #stopped(): CallStack {
    if (!this.#stack || !this.paused) throw new Error("The program is not stopped.");
    return this.#stack;
  }

  #live(): InspectorConnection {
    if (!this.#connection) throw new Error("The debugger is not started: send `initialize` first.");
    return this.#connection;
  }

  #evaluating(): Evaluation {
    this.#live();
    return this.#evaluation!;
  }

  #emit(event: string, body?: unknown): void {
    this.#options.emit({ type: "event", seq: this.#seq++, event, body });
  }
}

const isException = (event: Debugger.PausedEventDataType): boolean => event.reason === "exception" || event.reason === "promiseRejection";
/** A promise that is rejected before its `catch` is attached is taken for uncaught by V8 of Node 22. */
const isUncaught = (event: Debugger.PausedEventDataType): boolean => event.reason === "exception" && (event.data as { uncaught?: boolean } | undefined)?.uncaught === true;
