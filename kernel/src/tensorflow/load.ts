import { readdirSync, readFileSync } from "node:fs";
import { setPriority } from "node:os";
import type * as TensorFlow from "@tensorflow/tfjs-node";
import type * as Danfo from "danfojs-node";
import { noteLibraryClasses } from "./library-classes";

export type Tf = typeof TensorFlow;
export type Dfd = typeof Danfo;

let tensorflow: Tf | undefined;
let danfo: Dfd | undefined;

/**
 * TensorFlow, loaded at the first call: `import type` of tfjs-node costs nothing, this costs about
 * half a second.
 *
 * @throws when the native addon has not been built, with what to do.
 * @example
 * const tf = requireTf();
 * tf.tensor1d([1, 2, 3]).sum().arraySync(); // 6
 */
export function requireTf(): Tf {
  if (tensorflow) return tensorflow;
  restoreRemovedUtil();
  // 2: errors only. TensorFlow's remarks on the processor's instructions are no news to a notebook.
  process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "2";
  // Sessions of compiled graphs may have thread counts of their own; read by the library when it starts.
  process.env["TF_OVERRIDE_GLOBAL_THREADPOOL"] ??= "1";
  // Memory that a step has let go of serves the next one: taken from the system anew, its pages cost a tenth of an encoder's step.
  process.env["TF_CPU_ALLOCATOR_USE_BFC"] ??= "1";
  // Products and convolutions by oneDNN, on processors too where TensorFlow leaves it off: a tenth less of an encoder's step, a fifth of a CNN's.
  process.env["TF_ENABLE_ONEDNN_OPTS"] ??= "1";
  try {
    tensorflow = lowPriorityThreads(() => require("@tensorflow/tfjs-node") as Tf);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`TensorFlow cannot be loaded (${firstLine(reason)}). Run "npm run setup" in the checkout; setup.md lists the causes.`, { cause });
  }
  noteLibraryClasses(tensorflow.serialization.SerializationMap.getMap().classNameMap as never);
  return tensorflow;
}

/** danfojs on the same TensorFlow. Loaded at the first call. */
export function requireDfd(): Dfd {
  requireTf();
  danfo ??= require("danfojs-node") as Dfd;
  return danfo;
}

/** Whether TensorFlow is in memory; asking does not load it. */
export function tfLoaded(): boolean {
  return tensorflow !== undefined;
}

/** tfjs-node 4.22 calls functions of `util` that Node 23 removed, and for which Node 22 prints a warning. */
function restoreRemovedUtil(): void {
  const util = require("node:util") as Record<string, unknown>;
  util["isNullOrUndefined"] = (value: unknown) => value === null || value === undefined;
  util["isArray"] = Array.isArray;
}

function threads(): number[] {
  if (process.platform !== "linux") return [];
  try {
    return readdirSync("/proc/self/task").map(Number);
  } catch {
    return [];
  }
}

/** Runs `work`, and lowers the priority of the threads that it starts. */
export function lowPriorityThreads<T>(work: () => T): T {
  const before = threads();
  const result = work();
  lowerPriority(threads().filter((thread) => !before.includes(thread)));
  return result;
}

/**
 * TensorFlow's pool takes every core; the kernel's other threads (messages, completion) must come
 * first, or the editor stutters while a model trains. On Linux a priority belongs to a thread.
 */
function lowerPriority(ids: readonly number[]): void {
  for (const id of ids) {
    try {
      const name = readFileSync(`/proc/self/task/${id}/comm`, "utf8");
      if (id !== process.pid && !name.startsWith("v8") && !name.startsWith("libuv")) setPriority(id, 5);
    } catch {
      // The thread has ended, or the system forbids it: only responsiveness is lost.
    }
  }
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? text;
}
