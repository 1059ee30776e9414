import { availableParallelism } from "node:os";
import { encodeMessage } from "./protobuf";
import type { Field } from "./protobuf";

export interface SessionConfig {
  /** Threads within one op; all cores unless given. */
  threads?: number;
  /** Runs every op in the caller's thread, one after the other: what small graphs want. */
  inCaller?: boolean;
}

/**
 * A serialized tensorflow.ConfigProto (tensorflow/core/protobuf/config.proto; the numbers are its
 * field numbers). The thread count takes effect only where TF_OVERRIDE_GLOBAL_THREADPOOL=1 was set before the
 * library was loaded: otherwise the first device of the process decides for all.
 */
export function sessionConfig({ threads = availableParallelism(), inCaller = threads === 1 }: SessionConfig): Uint8Array {
  const fields: Field[] = [
    [2, threads], // intra_op_parallelism_threads
    [5, inCaller ? -1 : threads], // inter_op_parallelism_threads; negative: in the caller's thread
    [7, true], // allow_soft_placement
    // A pool of the session's own would take the work away from the caller's thread.
    [9, !inCaller], // use_per_session_threads
  ];
  // graph_options.rewrite_options.disable_meta_optimizer: rewriting is up to half of what a first run costs (an encoder's step: 1.2 of
  // 3.7 s), and what it fuses made neither an encoder nor a convolutional network faster, in training as in inference.
  fields.push([10, [[10, [[19, true]]]]]);
  // experimental.executor_type: without queues and locks between ops. It knows no control flow of old, which tfjs has no ops for.
  if (inCaller) fields.push([16, [[3, "SINGLE_THREADED_EXECUTOR"]]]);
  return encodeMessage(fields);
}

/**
 * Below this many multiply-adds in one run, one thread is faster than several. On two cores a head of 3 million took 0.35 ms
 * a step with one thread and 1.3 with two; a convolutional network of 1,150 million gains from the second.
 */
const SINGLE_THREAD_WORK = 20e6;

/**
 * How many threads a graph should have.
 *
 * @param work multiply-adds of one run
 */
export function threadsFor(threads: number | "auto", work: number): number {
  if (threads === "auto") return work < SINGLE_THREAD_WORK ? 1 : availableParallelism();
  if (!(Number.isInteger(threads) && threads >= 1)) throw new RangeError(`threads: a whole number from 1, or "auto"; it is ${threads}`);
  return threads;
}
