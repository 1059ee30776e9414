import { workerData } from "node:worker_threads";
import type { GatewayStart } from "../threads";
import { Codec, openSockets, readConnection } from "../wire";
import { Gateway } from "./gateway";
import { watchParent } from "./lifetime";
import { log, logTo } from "./log";

/** The gateway's thread begins here; main starts it before anything else. */
async function begin(start: GatewayStart): Promise<void> {
  logTo(start.log);
  const connection = readConnection(start.connectionFile);
  const gateway = new Gateway(start, new Codec(connection.key, connection.digest), await openSockets(connection));
  process.on("uncaughtException", (error) => log(error.stack ?? String(error)));
  process.on("unhandledRejection", (reason) => log(`unhandled rejection: ${reason instanceof Error ? reason.stack : String(reason)}`));
  gateway.serve();
  watchParent(() => void gateway.end());
}

begin(workerData as GatewayStart).catch((error: unknown) => {
  logTo((workerData as GatewayStart).log);
  log((error as Error).message);
  process.kill(process.pid, "SIGTERM");
});
