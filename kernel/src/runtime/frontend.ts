import type { Frontend } from "../display/frontend";
import type { RingWriter } from "../threads";
import { currentTask } from "./attribution";
import type { Comms } from "./comms";
import type { GatewayPort } from "./gateway-port";

/** The front end as the display room sees it; everything counts to the cell that is running. */
export function createFrontend(gateway: GatewayPort, ring: RingWriter, comms: Comms, cellOf: (task: number) => string | undefined): Frontend {
  return {
    display({ data, metadata = {} }, { displayId, update = false } = {}) {
      const transient = displayId === undefined ? {} : { display_id: displayId };
      gateway.publish(currentTask(), update ? "update_display_data" : "display_data", { data, metadata, transient });
    },
    clear: (wait) => gateway.publish(currentTask(), "clear_output", { wait }),
    stream: (name, text) => ring.write(name, currentTask(), text),
    registerCommTarget: (target, opened) => comms.register(target, opened),
    openComm: (target, data) => comms.open(target, data),
    currentCell: () => cellOf(currentTask()),
  };
}
