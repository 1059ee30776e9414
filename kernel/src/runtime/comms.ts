import { randomUUID } from "node:crypto";
import type { Comm } from "../display/frontend";
import type { ToMain } from "../threads";
import { currentTask, runAs } from "./attribution";
import type { GatewayPort } from "./gateway-port";

type Opened = (comm: Comm, data: unknown) => void;
type Listener = (data: unknown, buffers: readonly Uint8Array[]) => void;
type CommEvent = Extract<ToMain, { kind: "comm" }>;

class OpenComm implements Comm {
  readonly id: string;
  readonly target: string;
  readonly #comms: Comms;
  readonly messageListeners: Listener[] = [];
  readonly closeListeners: ((data: unknown) => void)[] = [];

  constructor(comms: Comms, id: string, target: string) {
    this.#comms = comms;
    this.id = id;
    this.target = target;
  }

  send(data: unknown, buffers: Uint8Array[] = []): void {
    if (!this.#comms.has(this.id)) throw new Error(`the comm ${this.id} (${this.target}) is closed: nothing can be sent`);
    this.#comms.publish("comm_msg", { comm_id: this.id, data: data ?? {} }, buffers);
  }

  close(data: unknown = {}): void {
    if (this.#comms.remove(this.id)) this.#comms.publish("comm_close", { comm_id: this.id, data });
  }

  onMessage(listener: Listener): void {
    this.messageListeners.push(listener);
  }

  onClose(listener: (data: unknown) => void): void {
    this.closeListeners.push(listener);
  }
}

/**
 * Channels between the kernel and code in the front end, in both directions. Messages act between a cell's
 * awaits and between training steps.
 */
export class Comms {
  readonly #gateway: GatewayPort;
  readonly #targets = new Map<string, Opened>();
  readonly #open = new Map<string, OpenComm>();

  constructor(gateway: GatewayPort) {
    this.#gateway = gateway;
  }

  has(id: string): boolean {
    return this.#open.has(id);
  }

  /** Calls `opened` for each comm that a front end opens for the target. Registered again, the new one holds. */
  register(target: string, opened: Opened): void {
    if (typeof target !== "string" || typeof opened !== "function") throw new TypeError("comms.register(target, opened) takes the target's name and a function");
    this.#targets.set(target, opened);
    this.#gateway.tell({ kind: "targets", names: [...this.#targets.keys()] });
  }

  /** Opens a comm to the front end's code registered for `target`. */
  open(target: string, data: unknown = {}): Comm {
    if (typeof target !== "string") throw new TypeError(`comms.open(target) takes the target's name, not ${typeof target}`);
    const comm = this.#add(randomUUID().replaceAll("-", ""), target);
    this.publish("comm_open", { comm_id: comm.id, target_name: target, data });
    return comm;
  }

  remove(id: string): boolean {
    const was = this.#open.delete(id);
    if (was) this.#told();
    return was;
  }

  publish(type: string, content: Record<string, unknown>, buffers: Uint8Array[] = []): void {
    this.#gateway.publish(currentTask(), type, content, { buffers });
  }

  /** Acts on a front end's message; what its listeners throw is shown as an error of that message. */
  handle(event: CommEvent): void {
    try {
      runAs(event.task, () => this.#act(event));
    } catch (error) {
      this.#gateway.stray(event.task, error);
    } finally {
      this.#gateway.tell({ kind: "comm done", task: event.task });
    }
  }

  #act({ event, id, target = "", data, buffers }: CommEvent): void {
    if (event === "open") {
      const opened = this.#targets.get(target);
      // the protocol's way to say that nobody is there
      if (opened === undefined) return this.publish("comm_close", { comm_id: id, data: {} });
      const comm = this.#add(id, target);
      try {
        return opened(comm, data);
      } catch (error) {
        // nobody listens: the front end must not go on sending
        comm.close();
        throw error;
      }
    }
    const comm = this.#open.get(id);
    if (comm === undefined) return;
    if (event === "message") for (const listener of [...comm.messageListeners]) listener(data, buffers);
    else {
      this.remove(id);
      for (const listener of [...comm.closeListeners]) listener(data);
    }
  }

  #add(id: string, target: string): OpenComm {
    const comm = new OpenComm(this, id, target);
    this.#open.set(id, comm);
    this.#told();
    return comm;
  }

  #told(): void {
    this.#gateway.tell({ kind: "comms", open: Object.fromEntries([...this.#open].map(([id, comm]) => [id, comm.target])) });
  }
}

