import type { Router, XPublisher } from "zeromq";

const STALLED_MS = 3_000;

/** A socket takes one send at a time: this queues the others, in order. */
export class Sender {
  readonly #socket: Router | XPublisher;
  #queue: Uint8Array[][] = [];
  #bytes = 0;
  #sending: Promise<void> | undefined;
  #roomier: (() => void)[] = [];

  constructor(socket: Router | XPublisher) {
    this.#socket = socket;
  }

  /** Bytes that wait here. */
  get waiting(): number {
    return this.#bytes;
  }

  send(frames: Uint8Array[]): void {
    this.#queue.push(frames);
    this.#bytes += size(frames);
    this.#sending ??= this.#pump();
  }

  /** Resolves when everything given so far has been handed to ZeroMQ. */
  async flushed(): Promise<void> {
    await this.#sending;
  }

  /** Resolves when nothing waits here. */
  room(): Promise<void> {
    return this.#bytes === 0 ? Promise.resolve() : new Promise((resolve) => this.#roomier.push(resolve));
  }

  async #pump(): Promise<void> {
    for (let frames = this.#queue.shift(); frames; frames = this.#queue.shift()) {
      try {
        const sent = this.#socket.send(frames);
        const timer = setTimeout(() => this.#unblock(), STALLED_MS);
        await sent;
        clearTimeout(timer);
      } catch {
        // closed, or the peer is gone: there is nobody to tell
      }
      this.#bytes -= size(frames);
      if (this.#bytes === 0) for (const resolve of this.#roomier.splice(0)) resolve();
    }
    this.#sending = undefined;
  }

  /** A subscriber that has stopped reading (a suspended front end) must not stop the kernel: queue without bound. */
  #unblock(): void {
    try {
      this.#socket.sendHighWaterMark = 0;
    } catch {
      // closed meanwhile
    }
  }
}

const size = (frames: readonly Uint8Array[]): number => frames.reduce((sum, frame) => sum + frame.byteLength, 0);
