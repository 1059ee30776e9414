import type { CellActions, Language, PreparedCell } from "../language";
import { scriptOf, type Cells } from "./cells";
import type { History } from "./history";
import { actBefore, bundleOf } from "./magics";
import type { Publisher } from "./publisher";
import type { Tasks } from "./tasks";
import { strong, type ErrorContent, type Tracebacks } from "./traceback";
import { NO_TASK, type Evaluated, type ExpressionScript, type Task, type ToGateway, type ToMain } from "../threads";
import type { Message } from "../wire";

type Done = Extract<ToGateway, { kind: "done" }>;
type Failure = { status: "error" } & ErrorContent;

/** What executors of one kernel (the main shell's and those of subshells) share. */
export interface Session {
  readonly language: Language;
  /** The notebook's folder. */
  readonly folder: string;
  readonly cells: Cells;
  readonly tasks: Tasks;
  readonly tracebacks: Tracebacks;
  readonly history: History;
  readonly publisher: Publisher;
  /** Cells counted so far. */
  count: number;
  post(message: ToMain): void;
  /** Whose code runs on main now, and a number that changes with each piece of code that begins. */
  running(): { task: Task; turn: number };
  /** Resolves when main has told that the task is done. */
  done(task: Task): Promise<Done>;
  reply(request: Message, type: string, content: Record<string, unknown>): void;
  address(code: string): string;
  willRun(cell: PreparedCell): Promise<void>;
}

/** Requests that a front end sent together with the failing one may still be on their way, … */
const BURST_MS = 5;
/** … unless it has run for so long. */
const BURST_OVER_MS = 200;

/** A cell that another one's code has kept from running for so long says so. */
const WAITING_MS = 2_000;

const INTERRUPTED: ErrorContent = { ename: "KeyboardInterrupt", evalue: "", traceback: ["KeyboardInterrupt: the cell was interrupted"] };

/** Runs the execute requests of one shell, one after the other. */
export class Executor {
  readonly #session: Session;
  #queue: (Message | (() => void))[] = [];
  #running = false;
  #current: Message | undefined;
  #interruptWait: (() => void) | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  get busy(): boolean {
    return this.#running;
  }

  /** The request that runs, for the status that front ends see. */
  get current(): Message | undefined {
    return this.#current;
  }

  execute(request: Message): void {
    this.#queue.push(request);
    void this.#run();
  }

  /** Runs `action` once the cells asked for before it have ended. */
  after(action: () => void): void {
    if (!this.#running) return action();
    this.#queue.push(action);
  }

  /** An interrupt while a cell is being checked, which then does not run, or while its expressions are evaluated. */
  interrupt(): void {
    this.#interruptWait?.();
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      if (typeof next === "function") {
        next();
        continue;
      }
      await this.#answer(next);
    }
    this.#running = false;
  }

  async #answer(request: Message): Promise<void> {
    const { publisher } = this.#session;
    this.#current = request;
    const began = performance.now();
    publisher.status(request.headerBytes, "busy");
    const reply = await this.#execute(request).catch((fault: unknown) => this.#broken(request, fault));
    let aborted: Message[] = [];
    // a request that is none, without code, says nothing about the cells behind it
    if (reply["status"] === "error" && request.content["stop_on_error"] !== false && typeof request.content["code"] === "string") {
      if (performance.now() - began < BURST_OVER_MS) await new Promise((resolve) => setTimeout(resolve, BURST_MS));
      aborted = this.#queue.filter((queued): queued is Message => typeof queued !== "function");
      this.#queue = this.#queue.filter((queued) => typeof queued === "function");
    }
    this.#current = undefined;
    this.#session.reply(request, "execute_reply", reply);
    publisher.status(request.headerBytes, "idle");
    for (const queued of aborted) {
      publisher.status(queued.headerBytes, "busy");
      this.#session.reply(queued, "execute_reply", { status: "aborted", execution_count: this.#session.count });
      publisher.status(queued.headerBytes, "idle");
    }
  }

  async #execute(request: Message): Promise<Record<string, unknown>> {
    const { content, headerBytes } = request;
    const { publisher, history, tracebacks } = this.#session;
    const code = content["code"];
    if (typeof code !== "string") return this.#broken(request, new Error(`an execute_request needs code as text, not ${JSON.stringify(code)}`));
    const silent = content["silent"] === true;
    const stored = !silent && content["store_history"] !== false;
    if (stored) this.#session.count += 1;
    const count = stored ? this.#session.count : this.#session.count + (silent ? 0 : 1);
    const number = silent ? 0 : count;
    if (!silent) publisher.publish(headerBytes, "execute_input", { code, execution_count: count });
    if (stored) history.add(count, code);
    const task = this.#session.tasks.start(headerBytes);
    if (number > 0) this.#session.tasks.isCell(task, number);
    const fail = (error: ErrorContent): Record<string, unknown> => {
      if (!silent) publisher.publish(headerBytes, "error", { ...error });
      return { status: "error", execution_count: count, ...error, user_expressions: {}, payload: [] };
    };
    if (code.trim() === "" && Object.keys(record(content["user_expressions"])).length === 0) return { status: "ok", execution_count: count, user_expressions: {}, payload: [] };

    const actions = this.#session.language.actions(code);
    const refused = await this.#act(actions, headerBytes, task);
    if (refused) return fail(refused);
    if (actions.shows && !silent) publisher.publish(headerBytes, "display_data", bundleOf(actions.shows));
    const prepared = await this.#prepare({ id: `${request.header.msg_id}`, number, code });
    if (prepared === "interrupted") return fail(INTERRUPTED);
    if (!prepared.ok) return fail(tracebacks.diagnostics(prepared.kind, prepared.diagnostics, number, code));
    const { cell } = prepared;
    this.#session.cells.add(cell);
    if (cell.diagnostics.length > 0 && !silent) {
      const warnings = tracebacks.diagnostics("type", cell.diagnostics, number, code).traceback.slice(0, -1);
      publisher.publish(headerBytes, "stream", { name: "stderr", text: warnings.join("\n") + "\n" });
    }
    if (cell.shows && !silent) publisher.publish(headerBytes, "display_data", bundleOf(cell.shows, "JavaScript for the browser"));
    await this.#session.willRun(cell);
    this.#session.tasks.current = task;
    const done = this.#session.done(task);
    this.#session.post({ kind: "run", task, script: scriptOf(cell), silent, allowStdin: content["allow_stdin"] === true, messageId: request.header.msg_id, timed: actions.timed });
    const patience = silent ? undefined : this.#watchOthers(headerBytes, task);
    const { outcome } = await done;
    clearInterval(patience);
    this.#session.language.commit(cell);
    if (outcome.status === "error") return fail(tracebacks.error(outcome.error));
    if (outcome.shown !== undefined && !silent) {
      publisher.publish(headerBytes, "execute_result", `{"execution_count":${count},${outcome.shown.slice(1)}`);
      if (stored) history.setOutput(count, plainText(outcome.shown));
    }
    return { status: "ok", execution_count: count, user_expressions: await this.#expressions(record(content["user_expressions"]), task), payload: [] };
  }

  /** An earlier cell's timer that loops would otherwise hold up this one without a word. */
  #watchOthers(parent: Uint8Array, task: Task): NodeJS.Timeout {
    let before = this.#session.running();
    const watch = setInterval(() => {
      const now = this.#session.running();
      const stands = now.task !== NO_TASK && now.task !== task && now.task === before.task && now.turn === before.turn;
      before = now;
      if (!stands) return;
      clearInterval(watch);
      const cell = this.#session.tasks.cell(now.task);
      const whose = cell === undefined ? "an earlier request" : `cell ${cell} (a timer, a promise or a listener)`;
      this.#session.publisher.publish(parent, "stream", { name: "stderr", text: `This cell waits: code of ${whose} has been running for ${WAITING_MS / 1_000} s. An interrupt ends it.\n` });
    }, WAITING_MS);
    return watch;
  }

  /** Something broke in the kernel, not in the cell: said as such, and the kernel goes on. */
  #broken({ content, headerBytes }: Message, fault: unknown): Record<string, unknown> {
    const message = fault instanceof Error ? fault.message : String(fault);
    const error: ErrorContent = { ename: "KernelError", evalue: message, traceback: [`KernelError: ${message}`] };
    if (content["silent"] !== true) this.#session.publisher.publish(headerBytes, "error", { ...error });
    return { status: "error", execution_count: this.#session.count, ...error, user_expressions: {}, payload: [] };
  }

  /** What the cell's magics do before it is checked. */
  async #act(actions: CellActions, parent: Uint8Array, task: Task): Promise<ErrorContent | undefined> {
    if (actions.before.length === 0) return undefined;
    const { language, folder, publisher } = this.#session;
    const controller = new AbortController();
    this.#interruptWait = () => controller.abort();
    const failed = await actBefore(actions, {
      language, folder, signal: controller.signal,
      write: (name, text) => publisher.publish(parent, "stream", { name, text }),
      forget: async (names) => {
        const done = this.#session.done(task);
        this.#session.post({ kind: "reset", task, names });
        await done;
      },
    });
    this.#interruptWait = undefined;
    if (controller.signal.aborted) return INTERRUPTED;
    if (!failed) return undefined;
    const ename = `${failed.magic[0]!.toUpperCase()}${failed.magic.slice(1)}Error`;
    return { ename, evalue: failed.fault, traceback: [`${strong(ename)}: ${failed.fault}`] };
  }

  #prepare(cell: { id: string; number: number; code: string }): Promise<Awaited<ReturnType<Language["prepare"]>> | "interrupted"> {
    return this.#unlessInterrupted(this.#session.language.prepare({ ...cell, url: this.#session.address(cell.code) }));
  }

  /** What `work` gives, or that an interrupt came before it. */
  async #unlessInterrupted<T>(work: Promise<T>): Promise<T | "interrupted"> {
    const interrupted = new Promise<"interrupted">((resolve) => (this.#interruptWait = () => resolve("interrupted")));
    return Promise.race([work, interrupted]).finally(() => (this.#interruptWait = undefined));
  }

  /** Evaluated after the cell's declarations have joined the session. A fault of one is its own result. */
  async #expressions(asked: Record<string, unknown>, task: Task): Promise<Record<string, unknown>> {
    const scripts: ExpressionScript[] = [];
    const faults: Record<string, Failure> = {};
    const { language, tracebacks, cells } = this.#session;
    for (const [name, expression] of Object.entries(asked)) {
      // parentheses keep `{ a: 1 }` an object
      const code = `(${String(expression)}\n)`;
      const url = `${this.#session.address(code)}?${task}`;
      const prepared = await language.prepare({ id: url, number: 0, code, url });
      if (prepared.ok) {
        cells.add(prepared.cell);
        scripts.push({ name, ...scriptOf(prepared.cell) });
      } else faults[name] = { status: "error", ...tracebacks.diagnostics(prepared.kind, prepared.diagnostics, 0, code) };
    }
    if (scripts.length === 0) return faults;
    const done = this.#session.done(task);
    this.#session.post({ kind: "expressions", task, expressions: scripts });
    const answered = await this.#unlessInterrupted(done);
    if (answered === "interrupted") return { ...faults, ...Object.fromEntries(scripts.map(({ name }) => [name, { status: "error", ...INTERRUPTED }])) };
    return { ...faults, ...this.#shown(answered.expressions) };
  }

  #shown(expressions: Record<string, Evaluated>): Record<string, unknown> {
    return Object.fromEntries(Object.entries(expressions).map(([name, result]) => [
      name,
      result.status === "error"
        ? { status: "error", ...this.#session.tracebacks.error(result.error) }
        : { status: "ok", ...(result.shown === undefined ? { data: { "text/plain": "undefined" }, metadata: {} } : (JSON.parse(result.shown) as object)) },
    ]));
  }
}

const record = (value: unknown): Record<string, unknown> => (typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {});

const plainText = (shown: string): string => {
  if (shown.length > 1 << 16) return "";
  const text: unknown = (JSON.parse(shown) as { data?: Record<string, unknown> }).data?.["text/plain"];
  return typeof text === "string" ? text : "";
};

