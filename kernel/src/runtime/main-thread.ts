import { inspect } from "node:util";
import { getHeapStatistics } from "node:v8";
import type { MessagePort } from "node:worker_threads";
import { HOST_NAME, type MagicHost, type ScriptHost, type TimeMark } from "../language/script-abi";
import { NOTEBOOK_NAMES } from "../names";
import { RICH_DISPLAY, RingWriter, type CutOffReason, type ErrorReport, type Evaluated, type Flags, type Task, type ToMain } from "../threads";
import { began, currentTask, followPromises, forget, taskOfPromise, waitingBehind, type Waiting } from "./attribution";
import { followCallbacks } from "./callbacks";
import { followChildren } from "./child-output";
import { Comms } from "./comms";
import { installCutOff } from "./cut-off";
import { Evaluator, type Outcome } from "./evaluator";
import { endProcess, refuseExits } from "./exits";
import { createFrontend } from "./frontend";
import { GatewayPort } from "./gateway-port";
import { defineGlobals } from "./globals";
import { createImports, metaOf, type Imports } from "./imports";
import { Input } from "./input";
import { InterruptState, KeyboardInterrupt } from "./interrupt";
import { Library } from "./library";
import { report } from "./reports";
import { installStacks } from "./stacks";
import { installStreams, muteOwnWarnings } from "./streams";
import { createMagics, forgetNames, timing } from "./magics";
import { native } from "./native-timers";
import { own } from "./own";
import { followTimers } from "./timers";

/** Held before any cell can replace it. */
const { stringify } = JSON;

/** After an interrupt, a cell that listens to its signal has so long to end by itself: `finally` blocks run. */
const GRACE_MS = 50;
/** … and so long where it does not: for what ends with it anyway. */
const DEAF_GRACE_MS = 10;
/** … and so long where it trains: a step's call cannot be cut off. */
const TRAINING_GRACE_MS = 5_000;

type Run = Extract<ToMain, { kind: "run" }>;

interface RunningCell {
  request: Run;
  controller: AbortController | undefined;
  ended: boolean;
  /** When it began, where its time is asked for. */
  since: TimeMark | undefined;
}

/**
 * The main thread: runs cells as they are sent, one callback after the other. Nothing here awaits user
 * code: an interrupt may cut off a cell and drop every promise that waits behind it.
 */
export class MainThread {
  readonly #gateway: GatewayPort;
  readonly #evaluator = new Evaluator();
  readonly #interrupts: InterruptState;
  readonly #comms: Comms;
  readonly #library: Library;
  readonly #print: (task: Task, text: string) => void;
  readonly #magics: MagicHost;
  readonly #running = own(new Map<Task, RunningCell>());
  /** What waited behind the code that was cut off. */
  #behind: Waiting[] = [];
  /** Why V8 has last cut something off. */
  #cutFor: CutOffReason = "interrupt";

  constructor(start: { folder: string; flags: Flags; ring: SharedArrayBuffer; port: MessagePort; answers: MessagePort }) {
    const { folder, flags, port } = start;
    const ring = new RingWriter(start.ring, flags, () => port.postMessage({ kind: "poke" }));
    this.#gateway = new GatewayPort(port, ring);
    this.#interrupts = new InterruptState(flags);
    this.#comms = new Comms(this.#gateway);
    const frontend = createFrontend(this.#gateway, ring, this.#comms, (task) => this.#running.get(task)?.request.messageId);
    this.#library = new Library(frontend, this.#interrupts.betweenSteps, () => this.#signal(currentTask()));
    this.#print = (task, text) => ring.write("stdout", task, text);
    this.#magics = createMagics((text) => this.#print(currentTask(), text));
    installStreams(ring, () => frontend.clear(false));
    installStacks();
    muteOwnWarnings();
    followPromises(flags);
    followTimers(this.#evaluator, (task, error) => {
      // a cell that still runs says itself that it was interrupted
      if (!(KeyboardInterrupt.is(error) && this.#running.has(task))) this.#gateway.stray(task, error);
    });
    followCallbacks();
    followChildren((task, name, descriptor) => this.#gateway.tell({ kind: "pipe", task, name, descriptor }));
    refuseExits();
    installCutOff(() => this.#interrupts.unseen, (reason) => {
      this.#cutFor = reason;
      this.#behind = waitingBehind();
    });
    const imports = createImports(folder, (specifier, path) => this.#library.loaded(specifier, path));
    this.#installHost(folder, imports);
    const input = new Input(this.#gateway, flags, start.answers, this.#interrupts, (task) => this.#running.get(task)?.request.allowStdin === true);
    defineGlobals({
      library: (name) => this.#library.read(name), names: NOTEBOOK_NAMES, require: imports.require, folder, input,
      comms: this.#comms, signal: () => this.#signal(currentTask()),
    });
    listenForGood("uncaughtException", (error) => {
      const task = currentTask();
      forget();
      this.#gateway.stray(task, error);
    });
    listenForGood("unhandledRejection", (reason, promise) => this.#gateway.stray(taskOfPromise(promise as Promise<unknown>), reason));
    // a Ctrl-C in the server's terminal is the server's to answer
    process.on("SIGINT", () => undefined);
    port.on("message", (message: ToMain) => this.#hear(message));
    this.#gateway.tell({ kind: "ready" });
  }

  #installHost(folder: string, imports: Imports): void {
    const host = {
      meta: { ...metaOf(folder), resolve: (specifier: string) => imports.resolve(specifier) },
      import: (specifier, options) => imports.import(specifier, options),
      define: (name, source) => imports.define(name, source),
      require: (specifier) => imports.requireModule(specifier),
      named: (fn, name) => Object.defineProperty(fn, "name", { value: name, configurable: true }),
      magics: this.#magics,
    } satisfies Omit<ScriptHost, "value">;
    Object.defineProperties(host, this.#evaluator.hostProperties());
    Object.defineProperty(globalThis, HOST_NAME, { value: host });
    Object.defineProperty(globalThis, RICH_DISPLAY, { value: (value: unknown) => this.#library.rich(value) });
  }

  #hear(message: ToMain): void {
    forget();
    switch (message.kind) {
      case "run":
        return this.#run(message);
      case "expressions":
        return this.#evaluateEach(message.task, message.expressions);
      case "reset":
        forgetNames(message.names, NOTEBOOK_NAMES);
        return this.#gateway.done(message.task, { status: "ok" });
      case "comm":
        return this.#comms.handle(message);
      case "interrupt":
        return this.#interrupt();
      case "terminated":
        this.#interrupts.seen();
        this.#library.terminated();
        this.#reportStranded();
        return this.#ended(message.reason);
      case "shutdown":
        return endProcess(0);
    }
  }

  #run(request: Run): void {
    const { task, script } = request;
    this.#running.set(task, { request, controller: undefined, ended: false, since: request.timed ? this.#magics.now() : undefined });
    this.#interrupts.clear();
    this.#cutFor = "interrupt";
    began(task);
    this.#evaluator.evaluate(script, task, (outcome) => this.#evaluated(task, outcome));
  }

  #evaluated(task: Task, outcome: Outcome): void {
    const cell = this.#running.get(task);
    if (cell === undefined || cell.ended) return;
    if (cell.since) this.#print(task, timing(cell.since, this.#magics.now()));
    if (!outcome.ok) return this.#end(task, KeyboardInterrupt.is(outcome.error) && this.#cutFor === "memory" ? { status: "error", error: OUT_OF_MEMORY } : failed(outcome.error));
    if (cell.request.silent) return this.#end(task, { status: "ok" });
    this.#shown(outcome.value, (shown) => this.#end(task, shown));
  }

  /** Makes a value ready to be sent. Simple ones at once: the display room is not even loaded for `1+1`. */
  #shown(value: unknown, done: (shown: Evaluated) => void): void {
    if (value === undefined) return done({ status: "ok" });
    if (typeof value === "number" || typeof value === "boolean") return done(ok({ data: { "text/plain": inspect(value) } }));
    try {
      this.#library.show(value).then(
        (shown) => done(shown === undefined ? { status: "ok" } : ok(shown)),
        (error: unknown) => done(failed(error)),
      );
    } catch (error) {
      // a cell may have replaced what showing needs: it must end all the same
      done(failed(error));
    }
  }

  /** Told a turn later: what the cell's last microtasks throw belongs before its end. */
  #end(task: Task, outcome: Evaluated): void {
    const cell = this.#running.get(task);
    if (cell === undefined || cell.ended) return;
    cell.ended = true;
    native.setImmediate(() =>
      this.#library.settle(() => {
        this.#running.delete(task);
        this.#evaluator.abandon(task);
        this.#gateway.done(task, outcome);
      }),
    );
  }

  #evaluateEach(task: Task, expressions: Extract<ToMain, { kind: "expressions" }>["expressions"], results: Record<string, Evaluated> = {}): void {
    const [first, ...rest] = expressions;
    if (first === undefined) return this.#gateway.done(task, { status: "ok" }, results);
    const next = (result: Evaluated): void => this.#evaluateEach(task, rest, { ...results, [first.name]: result });
    this.#evaluator.evaluate(first, task, (outcome) => (outcome.ok ? this.#shown(outcome.value, next) : next(failed(outcome.error))));
  }

  /** The first level: what listens ends by itself, and its `finally` blocks run; what does not is given up. */
  #interrupt(): void {
    this.#interrupts.seen();
    const since = performance.now();
    const cells = [...this.#running];
    for (const [, { controller }] of cells) controller?.abort(new KeyboardInterrupt());
    const look = (): void => {
      const waiting = cells.filter(([, cell]) => !cell.ended);
      if (waiting.length === 0) return;
      const trains = this.#interrupts.stepped(1_000) && performance.now() - since < TRAINING_GRACE_MS;
      if (trains) return void native.setTimeout(look, GRACE_MS);
      for (const [task] of waiting) this.#end(task, interrupted());
    };
    native.setTimeout(look, cells.some(([, { controller }]) => controller !== undefined) ? GRACE_MS : DEAF_GRACE_MS);
  }

  /** Whatever ran has been cut off; where no cell did, its callback belonged to the latest. */
  #ended(reason: CutOffReason): void {
    const error = reason === "memory" ? OUT_OF_MEMORY : KEYBOARD_INTERRUPT;
    const tasks = [...this.#running.keys()];
    for (const task of tasks) this.#end(task, { status: "error", error });
    if (reason === "memory" && tasks.length === 0) this.#gateway.tell({ kind: "stray", task: currentTask(), error });
  }

  /** V8 drops what waits behind a callback that it cuts off: cells that run end by it, others are told. */
  #reportStranded(): void {
    const tasks = new Set(this.#behind.filter((waiting) => !waiting.called()).map(({ task }) => task));
    this.#behind = [];
    for (const task of tasks) if (!this.#running.has(task)) this.#gateway.stray(task, new Stranded());
  }

  #signal(task: Task): AbortSignal {
    const cell = this.#running.get(task);
    if (cell === undefined) return AbortSignal.abort(new KeyboardInterrupt());
    cell.controller ??= new AbortController();
    return cell.controller.signal;
  }
}

/** A test runner in a cell removes all listeners; without these Node ends the process at the next late error. */
function listenForGood(event: "uncaughtException" | "unhandledRejection", listener: (error: unknown, promise: unknown) => void): void {
  process.on(event, listener);
  process.on("removeListener", (removed, which) => {
    if (removed === event && which === listener) process.on(event, listener);
  });
}

class Stranded extends Error {
  override readonly name = "Stranded";
  override readonly stack = "";
  constructor() {
    super("the interrupt of another cell cut off what this cell's promises waited behind: they will not settle. Run this cell again if you need them.");
  }
}

const failed = (error: unknown): Evaluated => ({ status: "error", error: KeyboardInterrupt.is(error) ? KEYBOARD_INTERRUPT : report(error) });

const KEYBOARD_INTERRUPT: ErrorReport = { name: "KeyboardInterrupt", message: "the cell was interrupted", stack: "", isError: true };

const OUT_OF_MEMORY: ErrorReport = {
  name: "OutOfMemory", stack: "", isError: true,
  message: `JavaScript's values have filled the ${Math.round(getHeapStatistics().heap_size_limit / (1 << 20))} MiB that they may take, so what ran was ended. Variables are kept: set large ones to undefined, or restart the kernel. NODE_OPTIONS=--max-old-space-size=8192 in Jupyter's environment allows 8 GiB. Typed arrays, data frames and tensors lie outside and are not counted.`,
};

const interrupted = (): Evaluated => ({ status: "error", error: KEYBOARD_INTERRUPT });

function ok(shown: { data: Record<string, unknown>; metadata?: Record<string, unknown> }): Evaluated {
  const { data } = shown;
  // a cell may have replaced what showing needs, `Object.prototype.then` for one
  if (typeof data !== "object" || data === null) return failed(new TypeError(`the value cannot be shown: it was made into ${inspect(data)} and not into a MIME bundle`));
  try {
    return { status: "ok", shown: stringify({ data, metadata: shown.metadata ?? {} }) };
  } catch (error) {
    return failed(error);
  }
}

