import { Session } from "node:inspector";
import { CUT_OFF, type CutOffReason } from "../threads";

/** Frames of the stack that are the inspector's call of {@link CutOff} itself. */
const OWN_FRAMES = 2;

/** What Node does about an error that nobody has caught; `undefined` where a Node to come has it no more. */
const fatal: unknown = Reflect.get(process, "_fatalException");
const capture = process.setUncaughtExceptionCaptureCallback.bind(process);
const captured = process.hasUncaughtExceptionCaptureCallback.bind(process);
const { captureStackTrace } = Error;

/**
 * Ends what main runs, from within: the gateway has V8 call it in the middle of a loop.
 *
 * V8's termination unwinds the stack past every `finally`, also Node's own, which leaves the list of async
 * contexts longer than the stack; with an async hook or (on Node 20 and 22) AsyncLocalStorage the process
 * then aborts. So Node is first told what it is told of every uncaught error: it empties that list.
 *
 * @param wanted whether main has yet to see the interrupt
 * @param before called at the last moment
 */
export function installCutOff(wanted: () => boolean, before: (reason: CutOffReason) => void): void {
  const session = new Session();
  session.connect();
  const cutOff = (reason: CutOffReason, paused: boolean): boolean => {
    if (reason === "interrupt" && !paused && !(wanted() && somethingRuns())) return false;
    before(reason);
    emptyAsyncContexts();
    // whoever has paused it terminates it, as it goes on
    if (!paused) session.post("Runtime.terminateExecution");
    return true;
  };
  Object.defineProperty(globalThis, CUT_OFF, { value: cutOff });
}

/** Whether the inspector has called in the middle of something, and not out of the event loop. */
function somethingRuns(): boolean {
  const { stackTraceLimit, prepareStackTrace } = Error;
  Error.stackTraceLimit = OWN_FRAMES + 3;
  Error.prepareStackTrace = (_, frames) => frames;
  const trace: { stack?: unknown } = {};
  captureStackTrace(trace, somethingRuns);
  const frames = trace.stack;
  Error.stackTraceLimit = stackTraceLimit;
  Error.prepareStackTrace = prepareStackTrace;
  return !Array.isArray(frames) || frames.length > OWN_FRAMES;
}

function emptyAsyncContexts(): void {
  if (typeof fatal !== "function") return;
  // a notebook's own listeners have nothing to do with it
  const ours = !captured();
  if (ours) capture(() => undefined);
  fatal(new Error("interrupted"), false);
  if (ours) capture(null);
}
