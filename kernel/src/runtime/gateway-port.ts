import type { MessagePort } from "node:worker_threads";
import type { Evaluated, RingWriter, Task, ToGateway } from "../threads";
import { report } from "./reports";

/** Held before any cell can replace it. */
const { stringify } = JSON;

type Told = Exclude<ToGateway, { kind: "poke" }>;
/** Without `at`, which is added when it is sent. */
type Untimed<T> = T extends Told ? Omit<T, "at"> : never;

/** What main tells the gateway, each message in its place among the output. */
export class GatewayPort {
  readonly #port: MessagePort;
  readonly #ring: RingWriter;

  constructor(port: MessagePort, ring: RingWriter) {
    this.#port = port;
    this.#ring = ring;
  }

  tell(message: Untimed<Told>): void {
    this.#port.postMessage({ ...message, at: this.#ring.position });
  }

  done(task: Task, outcome: Evaluated, expressions: Record<string, Evaluated> = {}): void {
    this.tell({ kind: "done", task, outcome, expressions });
  }

  stray(task: Task, error: unknown): void {
    this.tell({ kind: "stray", task, error: report(error) });
  }

  /**
   * Sends a message on iopub.
   *
   * @throws TypeError where `content` is no JSON (a cycle, a bigint)
   */
  publish(task: Task, type: string, content: Record<string, unknown>, extras: { metadata?: Record<string, unknown>; buffers?: Uint8Array[] } = {}): void {
    this.tell({
      kind: "publish", task, type, content: stringify(content),
      ...(extras.metadata !== undefined && { metadata: stringify(extras.metadata) }), buffers: extras.buffers ?? [],
    });
  }
}
