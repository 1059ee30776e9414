import type { MessagePort } from "node:worker_threads";
import type { CutOffReason } from "./cut-off";
import type { Flags } from "./flags";
import type { StreamName } from "./ring";

/**
 * What main and the gateway tell each other. A *task* is one thing that main does on a request's behalf (a
 * cell, a comm message); its number names the request that output belongs to, also after it has ended.
 */
export type Task = number;

/** Task 0 belongs to no request: output before the first cell. */
export const NO_TASK: Task = 0;

/** What the worker is started with. */
export interface GatewayStart {
  connectionFile: string;
  folder: string;
  flags: Flags;
  ring: SharedArrayBuffer;
  port: MessagePort;
  /** Answers to `input_request`; read synchronously by main. */
  answers: MessagePort;
  /** Read ends of what native code and child processes write to file descriptors 1 and 2. */
  native: { stdout: number; stderr: number } | undefined;
  notebookNames: readonly string[];
  /** Of main's V8, bytes. */
  heapLimit: number;
  /** The process's own stderr, for the kernel's faults; undefined where it could not be kept. */
  log: number | undefined;
}

/** A prepared script, as main needs it. */
export interface Script {
  code: string;
  url: string;
  /** What `error.stack` needs to show places of the cell and not of the script: see `PreparedCell`. */
  source: { label: string; map?: string | undefined; shifts: readonly { line: number; column: number; by: number }[] };
}

/** One of a request's `user_expressions`. */
export interface ExpressionScript extends Script {
  name: string;
}

export type ToMain =
  | { kind: "run"; task: Task; script: Script; silent: boolean; allowStdin: boolean; messageId: string; timed: boolean }
  /** Evaluated one after the other once the cell has ended; answered by a `done` of their own. */
  | { kind: "expressions"; task: Task; expressions: ExpressionScript[] }
  | { kind: "comm"; task: Task; event: "open" | "message" | "close"; id: string; target?: string; data: unknown; metadata: Record<string, unknown>; buffers: Uint8Array[] }
  /** Forgets what cells have bound; answered by a `done`. */
  | { kind: "reset"; task: Task; names: readonly string[] }
  | { kind: "interrupt"; serial: number }
  /** Whatever ran has been cut off by V8: nothing that waited behind it will come. */
  | { kind: "terminated"; reason: CutOffReason }
  | { kind: "shutdown" };

/** A thrown value as read on main; the gateway, which knows the cells' source, makes the traceback. */
export interface ErrorReport {
  name: string;
  message: string;
  /** V8's frames, one a line; empty where a value without a stack was thrown. */
  stack: string;
  /** False where something else than an Error was thrown. */
  isError: boolean;
  cause?: ErrorReport;
  errors?: ErrorReport[];
}

export type Evaluated = { status: "ok"; shown?: string } | { status: "error"; error: ErrorReport };

/** All but `poke` carry `at`, the output written before them. */
export type ToGateway =
  | { kind: "poke" }
  | { kind: "ready"; at: number }
  /** `shown` is JSON: `{ data, metadata }`. */
  | { kind: "done"; at: number; task: Task; outcome: Evaluated; expressions: Record<string, Evaluated> }
  | { kind: "comm done"; at: number; task: Task }
  /** A message on iopub; `content` is JSON. */
  | { kind: "publish"; at: number; task: Task; type: string; content: string; metadata?: string; buffers: Uint8Array[] }
  /** An error that came after its task had ended, or beside it. */
  | { kind: "stray"; at: number; task: Task; error: ErrorReport }
  /** The read end of what a child process of the task writes; the gateway closes it. */
  | { kind: "pipe"; at: number; task: Task; name: StreamName; descriptor: number }
  | { kind: "ask"; at: number; task: Task; prompt: string; password: boolean }
  | { kind: "targets"; at: number; names: string[] }
  | { kind: "comms"; at: number; open: Record<string, string> };

/** A reply to `ask`; undefined: interrupted. */
export interface Answer {
  value: string | undefined;
}
