import { Sender, type Body, type Codec, type Sockets } from "../wire";
import { log } from "./log";

/** The iopub channel: everything that all front ends see. */
export class Publisher {
  readonly #codec: Codec;
  readonly #socket: Sockets["iopub"];
  readonly sender: Sender;

  constructor(codec: Codec, socket: Sockets["iopub"]) {
    this.#codec = codec;
    this.#socket = socket;
    this.sender = new Sender(socket);
  }

  publish(parent: Uint8Array | undefined, type: string, content: Body, extras: { metadata?: Body; buffers?: readonly Uint8Array[] } = {}): void {
    this.sender.send(this.#codec.encode([Buffer.from(type)], type, content, { parent, ...extras }));
  }

  status(parent: Uint8Array | undefined, state: "starting" | "busy" | "idle"): void {
    this.publish(parent, "status", { execution_state: state });
  }

  /** JEP 65: greets every new subscriber, so that it knows when it misses nothing any more. */
  async welcome(): Promise<void> {
    for await (const [frame] of this.#socket) {
      if (frame === undefined || frame[0] !== 1) continue;
      const topic = frame.subarray(1).toString("utf8");
      this.sender.send(this.#codec.encode([frame.subarray(1)], "iopub_welcome", { subscription: topic }));
    }
    log("the iopub channel has closed");
  }
}
