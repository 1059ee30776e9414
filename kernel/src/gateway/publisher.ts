import { dropped } from "./log";
import { Sender, type Body, type Codec, type Sockets } from "../wire";

/** Memory for stream messages, used again and again: V8 frees what lies outside its heap only after 64 MiB of it. */
const SLOTS = 24;
const STREAM_BYTES = (1 << 17) + 64;

/** The iopub channel: everything that all front ends see. */
export class Publisher {
  readonly #codec: Codec;
  readonly #socket: Sockets["iopub"];
  readonly sender: Sender;
  readonly #slots: { memory: Buffer; message: number }[] = [];
  #slot = 0;

  constructor(codec: Codec, socket: Sockets["iopub"]) {
    this.#codec = codec;
    this.#socket = socket;
    this.sender = new Sender(socket, dropped("iopub"));
  }

  publish(parent: Uint8Array | undefined, type: string, content: Body, extras: { metadata?: Body; buffers?: readonly Uint8Array[] } = {}): void {
    this.sender.send(this.#codec.encode([Buffer.from(type)], type, content, { parent, ...extras }));
  }

  /** @param text JSON-escaped UTF-8 without quotes; copied */
  stream(parent: Uint8Array | undefined, name: "stdout" | "stderr", text: Uint8Array): void {
    const head = `{"name":"${name}","text":"`;
    const length = head.length + text.length + 2;
    const content = this.#memory(length);
    content.write(head, "latin1");
    content.set(text, head.length);
    content.write('"}', length - 2, "latin1");
    this.publish(parent, "stream", content);
  }

  #memory(length: number): Buffer {
    if (length < 1 << 12) return Buffer.allocUnsafe(length);
    const index = this.#slot++ % SLOTS;
    const slot = this.#slots[index];
    if (slot === undefined || slot.memory.length < length || !this.sender.released(slot.message)) {
      const memory = Buffer.allocUnsafeSlow(Math.max(length, STREAM_BYTES));
      this.#slots[index] = { memory, message: this.sender.next };
      return memory.subarray(0, length);
    }
    slot.message = this.sender.next;
    return slot.memory.subarray(0, length);
  }

  status(parent: Uint8Array | undefined, state: "starting" | "busy" | "idle"): void {
    this.publish(parent, "status", { execution_state: state });
  }

  /** JEP 65: greets every new subscriber, so that it knows when it misses nothing any more. Ends with the socket. */
  async welcome(): Promise<void> {
    for await (const [frame] of this.#socket) {
      if (frame === undefined || frame[0] !== 1) continue;
      const topic = frame.subarray(1).toString("utf8");
      this.sender.send(this.#codec.encode([frame.subarray(1)], "iopub_welcome", { subscription: topic }));
    }
  }
}
