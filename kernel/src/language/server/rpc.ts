/** JSON-RPC with `Content-Length` framing, as the Language Server Protocol has it: over a child's pipes or a socket. */

import type { Readable, Writable } from "node:stream";

type Json = unknown;

interface Message {
  id?: number | string;
  method?: string;
  params?: Json;
  result?: Json;
  error?: { code: number; message: string };
}

interface Pending {
  method: string;
  resolve(result: Json): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

/** The other side answered with an error, did not answer in time, or is gone. */
export class RpcError extends Error {
  constructor(readonly method: string, readonly reason: "error" | "timeout" | "closed", detail: string) {
    super(`TypeScript server, ${method}: ${detail}`);
    this.name = "RpcError";
  }
}

const SEPARATOR = Buffer.from("\r\n\r\n");

export class RpcConnection {
  private pending = new Map<number, Pending>();
  private chunks: Buffer[] = [];
  private buffered = 0;
  /** Bytes that the message being read needs in all, header included; 0 while its header is unread. */
  private needed = 0;
  private bodyStart = 0;
  private lastId = 0;
  private closed = false;

  /** @param answer what the other side's own requests get (a server asks for configuration, registers capabilities). */
  constructor(
    input: Readable,
    private readonly output: Writable,
    private readonly answer: (method: string, params: Json) => Json = () => null,
  ) {
    input.on("data", (chunk: Buffer) => this.receive(chunk));
    input.on("close", () => this.close());
    // A write to a process that has just died: its exit is reported elsewhere.
    output.on("error", () => this.close());
  }

  request<T>(method: string, params: Json, timeoutMs: number): Promise<T> {
    if (this.closed) return Promise.reject(new RpcError(method, "closed", "the connection is closed"));
    const id = ++this.lastId;
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.pending.delete(id);
        this.notify("$/cancelRequest", { id });
        reject(new RpcError(method, "timeout", `no answer in ${timeoutMs} ms`));
      }, timeoutMs);
      this.pending.set(id, { method, resolve: resolve as (result: Json) => void, reject, timer });
      this.send({ id, method, params });
    });
  }

  notify(method: string, params: Json): void {
    if (!this.closed) this.send({ method, params });
  }

  get isClosed(): boolean {
    return this.closed;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const { method, reject, timer } of this.pending.values()) {
      clearTimeout(timer);
      reject(new RpcError(method, "closed", "the connection was closed"));
    }
    this.pending.clear();
  }

  private send(message: Message): void {
    const body = JSON.stringify({ jsonrpc: "2.0", ...message });
    this.output.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }

  private receive(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.buffered += chunk.length;
    for (;;) {
      if (!this.needed && !this.readHeader()) return;
      if (this.buffered < this.needed) return;
      const all = this.joined();
      const body = all.toString("utf8", this.bodyStart, this.needed);
      this.chunks = all.length > this.needed ? [all.subarray(this.needed)] : [];
      this.buffered = all.length - this.needed;
      this.needed = 0;
      this.dispatch(JSON.parse(body) as Message);
    }
  }

  private readHeader(): boolean {
    if (!this.buffered) return false;
    const all = this.joined();
    const end = all.indexOf(SEPARATOR);
    if (end < 0) return false;
    const length = /Content-Length: (\d+)/i.exec(all.toString("latin1", 0, end));
    this.bodyStart = end + SEPARATOR.length;
    this.needed = this.bodyStart + Number(length?.[1] ?? 0);
    return true;
  }

  /** One buffer of what has arrived. A completion of `tf.` comes in many chunks: they are joined once, not at each. */
  private joined(): Buffer {
    if (this.chunks.length > 1) this.chunks = [Buffer.concat(this.chunks)];
    return this.chunks[0] ?? Buffer.alloc(0);
  }

  private dispatch(message: Message): void {
    if (message.method !== undefined) {
      if (message.id !== undefined) this.send({ id: message.id, result: this.answer(message.method, message.params) ?? null });
      return;
    }
    const waiting = this.pending.get(message.id as number);
    if (!waiting) return;
    this.pending.delete(message.id as number);
    clearTimeout(waiting.timer);
    if (message.error) waiting.reject(new RpcError(waiting.method, "error", message.error.message));
    else waiting.resolve(message.result);
  }
}
