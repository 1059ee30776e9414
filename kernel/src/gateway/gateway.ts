import type { Language } from "../language";
import { Flag, RingReader, type Answer, type GatewayStart, type Task, type ToGateway, type ToMain } from "../threads";
import { Sender, type Codec, type Message, type Sockets } from "../wire";
import { Cells } from "./cells";
import { scriptAddress } from "./addresses";
import type { Session } from "./executor";
import { Debugging } from "./debugging";
import { HeapWatch } from "./heap-watch";
import { History } from "./history";
import { Interrupts } from "./interrupts";
import { debugRoom, languageRoom } from "./later";
import { dropped, log } from "./log";
import { NativeOutput } from "./native";
import { Outputs } from "./outputs";
import { Publisher } from "./publisher";
import { complete, inspect, isComplete, kernelInfo } from "./services";
import { Subshells } from "./subshells";
import { Tasks } from "./tasks";
import { Tracebacks } from "./traceback";

type Done = Extract<ToGateway, { kind: "done" }>;
type Channel = "shell" | "control" | "stdin";

const ENDED_MS = 400;

/**
 * The thread that never blocks: it owns the sockets, answers what can be answered without main, and gives
 * main one cell at a time.
 */
export class Gateway {
  readonly #start: GatewayStart;
  readonly #codec: Codec;
  readonly #sockets: Sockets;
  readonly #senders: Record<Channel | "heartbeat", Sender>;
  readonly #publisher: Publisher;
  readonly #outputs: Outputs;
  readonly #native: NativeOutput;
  readonly #tasks = new Tasks();
  readonly #history = new History();
  readonly #interrupts: Interrupts;
  readonly #heap: HeapWatch;
  readonly #debugging: Debugging;
  readonly #shells: Subshells;
  readonly #tracebacks: Tracebacks;
  readonly #done = new Map<Task, (done: Done) => void>();
  readonly #commRequests = new Map<Task, Message>();
  #language: Language | undefined;
  #comms: Record<string, string> = {};
  #targets = new Set<string>();
  #ending = false;

  constructor(start: GatewayStart, codec: Codec, sockets: Sockets) {
    this.#start = start;
    this.#codec = codec;
    this.#sockets = sockets;
    this.#senders = {
      shell: new Sender(sockets.shell, dropped("shell")), control: new Sender(sockets.control, dropped("control")),
      stdin: new Sender(sockets.stdin, dropped("stdin")), heartbeat: new Sender(sockets.heartbeat, dropped("heartbeat")),
    };
    const publisher = (this.#publisher = new Publisher(codec, sockets.iopub));
    const tasks = this.#tasks;
    this.#interrupts = new Interrupts(start.flags, (message) => this.#post(message));
    this.#heap = new HeapWatch(start.heapLimit, () => this.#shells.main.busy, () => this.#post({ kind: "terminated", reason: "memory" }));
    this.#debugging = new Debugging(publisher, (message) => this.#post(message));
    const cells = new Cells();
    this.#tracebacks = new Tracebacks(cells, start.folder, (path) => this.#language?.moduleSource(path));
    const language = (): Language => this.language;
    const session: Session = {
      get language() { return language(); },
      cells, tasks, publisher, folder: start.folder, tracebacks: this.#tracebacks, history: this.#history, count: 0,
      post: (message) => this.#post(message),
      running: () => ({ task: Atomics.load(start.flags, Flag.runs), turn: Atomics.load(start.flags, Flag.turns) }),
      done: (task) => new Promise((resolve) => this.#done.set(task, resolve)),
      reply: (request, type, content) => this.#reply("shell", request, type, content),
      address: scriptAddress,
      willRun: (cell) => {
        this.#heap.hurry();
        return this.#debugging.willRun(cell);
      },
    };
    this.#shells = new Subshells(session);
    this.#outputs = new Outputs(new RingReader(start.ring, start.flags), start.port, {
      stream: (task, name, text) => publisher.stream(tasks.parent(task), name, text),
      get waiting() { return publisher.sender.waiting; },
      room: () => publisher.sender.room(),
      message: (message) => this.#heard(message),
      native: () => this.#native.drain(),
    });
    this.#native = new NativeOutput(start.native, (task, name, text) => this.#outputs.write(task ?? tasks.current, name, text));
  }

  /** Started a moment after the sockets: whoever asks for kernel_info need not wait for it. */
  get language(): Language {
    return (this.#language ??= languageRoom().createLanguage({
      folder: this.#start.folder, notebookNames: this.#start.notebookNames,
      notices: (text) => this.#publisher.publish(this.#tasks.parent(this.#tasks.current), "stream", { name: "stderr", text: `${text}\n` }),
    }));
  }

  /** Answers until the sockets close. */
  serve(): void {
    this.#publisher.status(undefined, "starting");
    void this.#publisher.welcome();
    void this.#echo();
    for (const channel of ["shell", "control", "stdin"] as const) void this.#listen(channel);
    // after the first requests, which are waiting already
    setTimeout(() => {
      void this.language;
      debugRoom();
      this.#interrupts.connect();
      this.#heap.begin();
    }, 0);
  }

  /** Ends the process, also where main is in a loop. */
  async end(): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    // what a magic has started
    for (const shell of this.#shells.all()) shell.interrupt();
    const kill = setTimeout(() => process.kill(process.pid, "SIGKILL"), ENDED_MS + 200);
    await Promise.race([
      Promise.all([this.#language?.dispose(), this.#debugging.dispose(), ...Object.values(this.#senders).map((sender) => sender.flushed()), this.#publisher.sender.flushed()]),
      new Promise((resolve) => setTimeout(resolve, ENDED_MS / 2)),
    ]).catch((error: unknown) => log(`while ending: ${String(error)}`));
    for (const socket of Object.values(this.#sockets)) socket.close();
    this.#post({ kind: "shutdown" });
    this.#interrupts.interrupt(true);
    setTimeout(() => {
      this.#interrupts.close();
      this.#heap.close();
    }, ENDED_MS / 2);
    void kill;
  }

  async #echo(): Promise<void> {
    for await (const frames of this.#sockets.heartbeat) this.#senders.heartbeat.send(frames);
  }

  async #listen(channel: Channel): Promise<void> {
    for await (const frames of this.#sockets[channel]) {
      const decoded = this.#codec.decode(frames);
      if (!decoded.ok) {
        log(`a message on ${channel} is dropped: ${decoded.reason}`);
        continue;
      }
      // nothing that a message says may end the kernel
      this.#dispatch(channel, decoded.message).catch((error: unknown) => log(`${decoded.message.header.msg_type}: ${(error as Error).stack ?? String(error)}`));
    }
  }

  async #dispatch(channel: Channel, request: Message): Promise<void> {
    const type = request.header.msg_type;
    const { content } = request;
    if (channel === "stdin") return type === "input_reply" ? this.#answerInput(content["value"]) : undefined;
    const answer = (reply: Record<string, unknown> | Promise<Record<string, unknown>>): Promise<void> => this.#answer(channel, request, reply);
    switch (type) {
      case "execute_request":
        return this.#shells.of(request).execute(request);
      case "kernel_info_request":
        return answer(kernelInfo({ debugger: true }));
      case "complete_request":
        return answer(complete(this.language, content));
      case "inspect_request":
        return answer(inspect(this.language, content));
      case "is_complete_request":
        return answer(isComplete(this.language, content));
      case "history_request":
        return answer({ status: "ok", history: this.#history.ask(content) });
      case "comm_info_request":
        return answer({ status: "ok", comms: this.#commInfo(content["target_name"]) });
      case "comm_open":
      case "comm_msg":
      case "comm_close":
        return this.#comm(request);
      case "debug_request":
        return answer(this.#debugging.handle(request.headerBytes, content));
      case "interrupt_request":
        await this.#interrupt();
        return answer({ status: "ok" });
      case "shutdown_request":
        await answer({ status: "ok", restart: content["restart"] === true });
        return this.end();
      case "create_subshell_request":
        return answer({ status: "ok", subshell_id: this.#shells.create() });
      case "delete_subshell_request":
        return answer(this.#shells.delete(content["subshell_id"]) ? { status: "ok" } : { status: "error", ename: "SubshellError", evalue: `there is no subshell ${JSON.stringify(content["subshell_id"])}`, traceback: [] });
      case "list_subshell_request":
        return answer({ status: "ok", subshell_id: this.#shells.ids });
      default:
        log(`a message of unknown type ${JSON.stringify(type).slice(0, 80)} on ${channel} is dropped`);
    }
  }

  /** Busy, reply, idle. While a cell runs, the kernel is said to be busy again afterwards: its indicator must not go out. */
  async #answer(channel: "shell" | "control", request: Message, reply: Record<string, unknown> | Promise<Record<string, unknown>>): Promise<void> {
    this.#publisher.status(request.headerBytes, "busy");
    const content = await Promise.resolve(reply).catch((error: unknown) => ({ status: "error", ename: "KernelError", evalue: (error as Error).message, traceback: [] }));
    this.#reply(channel, request, request.header.msg_type.replace(/_request$/, "_reply"), content);
    this.#idle(request);
  }

  #idle(request: Message): void {
    this.#publisher.status(request.headerBytes, "idle");
    const running = this.#shells.main.current;
    if (running) this.#publisher.status(running.headerBytes, "busy");
  }

  #reply(channel: "shell" | "control", request: Message, type: string, content: Record<string, unknown>): void {
    this.#senders[channel].send(this.#codec.encode(request.identities, type, content, { parent: request.headerBytes }));
  }

  #post(message: ToMain): void {
    this.#start.port.postMessage(message);
  }

  async #interrupt(): Promise<void> {
    if (await this.#debugging.terminate()) return;
    for (const shell of this.#shells.all()) shell.interrupt();
    this.#interrupts.interrupt();
  }

  #comm(request: Message): void {
    const { content } = request;
    const id = content["comm_id"];
    if (typeof id !== "string") return log("a comm message without comm_id is dropped");
    const event = ({ comm_open: "open", comm_msg: "message", comm_close: "close" } as const)[request.header.msg_type as "comm_open"];
    const target = typeof content["target_name"] === "string" ? content["target_name"] : "";
    const send = (): void => {
      const task = this.#tasks.start(request.headerBytes, true);
      this.#commRequests.set(task, request);
      this.#publisher.status(request.headerBytes, "busy");
      this.#post({ kind: "comm", task, event, id, target, data: content["data"] ?? {}, metadata: request.metadata, buffers: request.buffers });
    };
    const known = event === "open" ? this.#targets.has(target) : id in this.#comms;
    // one that nobody knows yet may be made by a cell that waits for its turn
    if (known) send();
    else this.#shells.main.after(send);
  }

  #commInfo(target: unknown): Record<string, { target_name: string }> {
    return Object.fromEntries(Object.entries(this.#comms).filter(([, name]) => typeof target !== "string" || target === "" || name === target).map(([id, name]) => [id, { target_name: name }]));
  }

  #answerInput(value: unknown): void {
    this.#start.answers.postMessage({ value: typeof value === "string" ? value : "" } satisfies Answer);
    Atomics.add(this.#start.flags, Flag.answers, 1);
    Atomics.notify(this.#start.flags, Flag.answers);
  }

  /** What main tells, after all output that it wrote before. */
  #heard(message: Exclude<ToGateway, { kind: "poke" }>): void {
    switch (message.kind) {
      case "done": {
        this.#done.get(message.task)?.(message);
        this.#done.delete(message.task);
        return;
      }
      case "comm done": {
        const request = this.#commRequests.get(message.task);
        this.#commRequests.delete(message.task);
        if (request) this.#idle(request);
        return;
      }
      case "publish":
        return this.#publisher.publish(this.#tasks.parent(message.task), message.type, message.content, { metadata: message.metadata ?? "{}", buffers: message.buffers });
      case "stray":
        return this.#publisher.publish(this.#tasks.parent(message.task), "error", { ...this.#tracebacks.error(message.error) });
      case "ask": {
        const asker = this.#shells.all().map((shell) => shell.current).find((current) => current?.headerBytes === this.#tasks.parent(message.task));
        if (asker) this.#senders.stdin.send(this.#codec.encode(asker.identities, "input_request", { prompt: message.prompt, password: message.password }, { parent: asker.headerBytes }));
        return;
      }
      case "targets":
        this.#targets = new Set(message.names);
        return;
      case "comms":
        this.#comms = message.open;
        return;
      case "pipe":
        return this.#native.open(message.descriptor, message.name, message.task);
      case "ready":
        return;
    }
  }
}
