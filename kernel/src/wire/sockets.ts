import type { Router, XPublisher } from "zeromq";
import { PUBLISH_QUEUE } from "./sender";
import { address, type Channel, type Connection } from "./connection";

/** Larger frames are refused by ZeroMQ: the peer is cut off, the kernel lives. */
const LARGEST_FRAME = 1 << 29;
const LINGER_MS = 1_000;

export interface Sockets {
  shell: Router;
  control: Router;
  stdin: Router;
  heartbeat: Router;
  iopub: XPublisher;
}

/**
 * Binds the five sockets of a kernel.
 *
 * @throws Error that names the channel and its address, where one is taken
 */
export async function openSockets(connection: Connection): Promise<Sockets> {
  const zmq: typeof import("zeromq") = require("zeromq");
  const router = (): Router => new zmq.Router({ linger: LINGER_MS, sendHighWaterMark: 0, receiveHighWaterMark: 0, maxMessageSize: LARGEST_FRAME });
  const sockets: Sockets = {
    shell: router(), control: router(), stdin: router(), heartbeat: router(),
    // dropping is ZeroMQ's way with a subscriber that is slower than the cell; nothing may be lost here
    iopub: new zmq.XPublisher({ linger: LINGER_MS, sendHighWaterMark: PUBLISH_QUEUE, noDrop: true }),
  };
  // every subscription is reported, also the second one to the same topic: each gets its iopub_welcome
  sockets.iopub.verbosity = "allSubs";
  for (const channel of Object.keys(sockets) as Channel[]) {
    const at = address(connection, channel);
    try {
      await sockets[channel].bind(at);
    } catch (error) {
      throw new Error(`the ${channel} channel cannot be bound at ${at}: ${(error as Error).message}`);
    }
  }
  return sockets;
}
