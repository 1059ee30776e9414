import type { Router, XPublisher } from "zeromq";

const STALLED_MS = 3_000;
/** Messages that may wait in ZeroMQ for a slow subscriber before the next one is held back. */
export const PUBLISH_QUEUE = 12;

/** A socket takes one send at a time: this queues the others, in order. */
export class Sender {
  readonly #socket: Router | XPublisher;
  #queue: Uint8Array[][] = [];
  #bytes = 0;
  #sending: Promise<void> | undefined;
  #roomier: (() => void)[] = [];
  #given = 0;
  #accepted = 0;
  #bounded = true;
  #saidFault = false;
  readonly #fault: (error: Error) => void;

  /** @param fault told once of a message that the socket does not take */
  constructor(socket: Router | XPublisher, fault: (error: Error) => void) {
    this.#fault = fault;
    this.#socket = socket;
  }

  /** Bytes that wait here. */
  get waiting(): number {
    return this.#bytes;
  }

  /** The number of the next message given. */
  get next(): number {
    return this.#given;
  }

  /** Whether ZeroMQ has let go of the memory of message `number`: so many later ones have been taken that its queue cannot hold it. */
  released(number: number): boolean {
    return this.#bounded && this.#accepted - number > PUBLISH_QUEUE + 2;
  }

  send(frames: Uint8Array[]): void {
    this.#given += 1;
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
      await this.#hand(frames);
      this.#accepted += 1;
      this.#bytes -= size(frames);
      if (this.#bytes === 0) for (const resolve of this.#roomier.splice(0)) resolve();
    }
    this.#sending = undefined;
  }

  async #hand(frames: Uint8Array[]): Promise<void> {
    const since = performance.now();
    for (;;) {
      try {
        return await this.#socket.send(frames);
      } catch (error) {
        // a full publisher refuses at once, and cannot be waited for
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return this.#drop(error as Error);
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (performance.now() - since > STALLED_MS) this.#unblock();
    }
  }

  #drop(error: Error): void {
    // nothing goes out of a kernel that ends
    if (this.#saidFault || this.#socket.closed) return;
    this.#saidFault = true;
    this.#fault(error);
  }

  /** A subscriber that has stopped reading (a suspended front end) must not stop the kernel: queue without bound. */
  #unblock(): void {
    if (!this.#bounded) return;
    this.#bounded = false;
    try {
      this.#socket.sendHighWaterMark = 0;
    } catch {
      // closed meanwhile
    }
  }
}

const size = (frames: readonly Uint8Array[]): number => frames.reduce((sum, frame) => sum + frame.byteLength, 0);
