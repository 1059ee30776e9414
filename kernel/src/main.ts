/**
 * The kernel's process: `node main.js connection.json`. Starts the gateway's thread, which answers the front
 * end, before it loads anything else.
 */
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { MessageChannel, Worker } from "node:worker_threads";
import { join } from "node:path";
import { RING_BYTES, createFlags, type GatewayStart } from "./threads";
import { NOTEBOOK_NAMES } from "./names";
import { redirectDescriptors } from "./runtime/descriptors";

/**
 * Unrolling a loop inside a loop, V8 of Node 24 forgets the outer one's check for interrupts: without this,
 * `for (;;) new Array(1000).fill(0)` could not be ended. Flags that a V8 does not know must not be set.
 */
function keepLoopsInterruptible(): void {
  if (Number(process.versions.node.split(".")[0]) >= 22) setFlagsFromString("--no-turboshaft-loop-unrolling");
}

/** Of the gateway's stack. The parser of cells calls itself for each bracket, and a stack that overflows ends the process. */
const STACK_MB = 64;

function begin(connectionFile: string | undefined): void {
  if (connectionFile === undefined) {
    process.stderr.write("usage: node main.js CONNECTION_FILE\nJupyter starts this kernel: try `npx thawbook install`, then choose TypeScript (Thawbook) in JupyterLab.\n");
    process.exit(2);
  }
  keepLoopsInterruptible();
  const { native, log } = redirectDescriptors();
  const folder = process.cwd();
  const flags = createFlags();
  const ring = new SharedArrayBuffer(RING_BYTES);
  const messages = new MessageChannel();
  const answers = new MessageChannel();
  const start: GatewayStart = {
    connectionFile, folder, flags, ring, port: messages.port2, answers: answers.port2, native, log, notebookNames: NOTEBOOK_NAMES,
    heapLimit: getHeapStatistics().heap_size_limit,
  };
  const gateway = new Worker(join(__dirname, "gateway", "thread.js"), {
    workerData: start, transferList: [messages.port2, answers.port2], stdout: true, stderr: true, trackUnmanagedFds: false,
    resourceLimits: { stackSizeMb: STACK_MB },
  });
  const exit = process.exit.bind(process);
  // without its gateway a kernel can neither be asked nor ended
  gateway.on("error", (error) => {
    void import("node:fs").then(({ writeSync }) => {
      if (log !== undefined) writeSync(log, `thawbook: the gateway has failed: ${error.stack ?? error.message}\n`);
      exit(1);
    });
  });
  gateway.on("exit", () => exit(1));
  const { MainThread } = require("./runtime/main-thread") as typeof import("./runtime/main-thread");
  new MainThread({ folder, flags, ring, port: messages.port1, answers: answers.port1 });
}

begin(process.argv[2]);
