import { receiveMessageOnPort, type MessagePort } from "node:worker_threads";
import type { RingReader, StreamName, Task, ToGateway } from "../threads";

/** A stream message at most: what a front end parses in a few milliseconds. */
const MESSAGE_BYTES = 1 << 17;
/** After the first output, and then while it goes on: front ends are not sent a message a line. */
const FIRST_MS = 10;
const PERIOD_MS = 50;
/** While output comes, the ring is looked at so often; then main is asked for a message instead. */
const LOOK_MS = 4;
/** Bytes that may wait for the subscribers before main is made to wait. */
const WAITING_BYTES = 1 << 20;
/** Text that one task may write; a front end that is sent more stops responding. */
export const LIMIT_BYTES = 64 * (1 << 20);

export interface OutputSink {
  /** A stream message; `text` is JSON-escaped UTF-8 without quotes, valid during the call. */
  stream(task: Task, name: StreamName, text: Uint8Array): void;
  /** Bytes not yet taken by the subscribers' sockets, and when there are none. */
  readonly waiting: number;
  room(): Promise<void>;
  /** A message of main, after all output that main wrote before it. */
  message(message: Exclude<ToGateway, { kind: "poke" }>): void;
  /** Brings in what child processes have written, before a task's end is told. */
  native(): void;
}

/**
 * Merges what main writes (a ring of text, see `threads/ring`) and what it tells (messages) into the order
 * in which main did it, and text into few messages.
 */
export class Outputs {
  readonly #reader: RingReader;
  readonly #port: MessagePort;
  readonly #sink: OutputSink;
  readonly #messages: ToGateway[] = [];
  readonly #pending = Buffer.allocUnsafeSlow(MESSAGE_BYTES);
  #bytes = 0;
  #task: Task = 0;
  #name: StreamName = "stdout";
  #flushTimer: NodeJS.Timeout | undefined;
  #flushedAt = 0;
  #lookTimer: NodeJS.Timeout | undefined;
  #working = false;
  readonly #written = new Map<Task, number>();

  constructor(reader: RingReader, port: MessagePort, sink: OutputSink) {
    this.#reader = reader;
    this.#port = port;
    this.#sink = sink;
    port.on("message", (message: ToGateway) => {
      this.#messages.push(message);
      this.#work();
    });
    if (!reader.rest()) this.#work();
  }

  /** Text that did not come through the ring. */
  write(task: Task, name: StreamName, text: string): void {
    const escaped = Buffer.from(JSON.stringify(text));
    this.#append(task, name, [escaped.subarray(1, -1)], escaped.length - 2);
  }

  /** Sends what is pending: the next message comes after it. */
  flush(): void {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    if (this.#bytes === 0) return;
    this.#flushedAt = performance.now();
    const text = this.#pending.subarray(0, this.#bytes);
    this.#bytes = 0;
    this.#sink.stream(this.#task, this.#name, text);
  }

  #work(): void {
    if (this.#working) return;
    this.#working = true;
    void this.#turn().finally(() => (this.#working = false));
  }

  async #turn(): Promise<void> {
    clearTimeout(this.#lookTimer);
    this.#lookTimer = undefined;
    this.#reader.attend();
    let found = false;
    for (;;) {
      // in this order: a message that comes after `written` was read cannot belong before it
      const written = this.#reader.written;
      for (let next = receiveMessageOnPort(this.#port); next; next = receiveMessageOnPort(this.#port)) this.#messages.push(next.message as ToGateway);
      if (this.#messages.length === 0 && !this.#reader.before(written)) break;
      for (let message = this.#messages.shift(); message; message = this.#messages.shift()) {
        if (message.kind === "poke") continue;
        await this.#take(message.at);
        if (message.kind === "done") this.#sink.native();
        this.flush();
        this.#sink.message(message);
      }
      if (this.#reader.before(written)) found = true;
      await this.#take(written);
    }
    // a loop that prints would be slowed down by a message for each line: look again before asking for one
    if (found || !this.#reader.rest()) this.#lookTimer = setTimeout(() => this.#work(), LOOK_MS);
  }

  async #take(limit: number): Promise<void> {
    while (this.#reader.before(limit)) {
      if (this.#sink.waiting > WAITING_BYTES) await this.#sink.room();
      this.#reader.take(({ task, stream, pieces, bytes }) => this.#append(task, stream, pieces, bytes));
    }
  }

  #append(task: Task, name: StreamName, pieces: readonly Uint8Array[], bytes: number): void {
    if (!this.#allowed(task, bytes)) return;
    if (this.#bytes > 0 && (task !== this.#task || name !== this.#name || this.#bytes + bytes > MESSAGE_BYTES)) this.flush();
    this.#task = task;
    this.#name = name;
    if (bytes > MESSAGE_BYTES) return this.#sink.stream(task, name, Buffer.concat(pieces));
    for (const piece of pieces) {
      this.#pending.set(piece, this.#bytes);
      this.#bytes += piece.length;
    }
    this.#flushTimer ??= setTimeout(() => this.flush(), Math.max(FIRST_MS, PERIOD_MS - (performance.now() - this.#flushedAt)));
  }

  #allowed(task: Task, bytes: number): boolean {
    const before = this.#written.get(task) ?? 0;
    if (before > LIMIT_BYTES) return false;
    // the one that has not written for longest is forgotten first
    this.#written.delete(task);
    this.#written.set(task, before + bytes);
    if (this.#written.size > 1_000) this.#written.delete(this.#written.keys().next().value!);
    if (before + bytes <= LIMIT_BYTES) return true;
    this.flush();
    this.#sink.stream(task, "stderr", Buffer.from(`\\n[This cell has written ${LIMIT_BYTES >> 20} MiB; the rest of its output is left out. Write it to a file instead.]\\n`));
    return false;
  }
}
