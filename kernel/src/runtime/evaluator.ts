import { Session, type Runtime } from "node:inspector";
import { HOST_NAME, NO_VALUE } from "../language/script-abi";
import type { Script, Task } from "../threads";
import { firstPromise, followedTask, forget, runAs } from "./attribution";
import { KeyboardInterrupt } from "./interrupt";
import { native } from "./native-timers";
import { own } from "./own";
import { nameScript, placeUnread } from "./stacks";

export type Outcome = { ok: true; value: unknown } | { ok: false; error: unknown };

/** Where the inspector's own small scripts find what they need; on the host, out of the notebook's sight. */
const BOX = Symbol.for("thawbook.box");
const BOX_EXPRESSION = `globalThis.${HOST_NAME}[Symbol.for("thawbook.box")]`;

interface Box {
  call(): void;
  take(object: object): void;
}

interface OpenEvaluation {
  session: Session;
  /** Held so that it is not collected. */
  promise: object | undefined;
}

/**
 * Runs scripts in V8's REPL mode through inspector sessions of this very thread. Never through promises of
 * our own: an interrupt may drop whatever waits behind a cell's.
 */
export class Evaluator {
  /** For callbacks: they end at once. */
  readonly #session = new Session();
  readonly #open = own(new Map<Task, OpenEvaluation>());
  readonly #values = own(new Map<Task, unknown>());
  readonly #box: Box = { call: () => undefined, take: () => undefined };

  constructor() {
    this.#session.connect();
  }

  /** The properties of the script host that are the evaluator's: the cell's value, by the task that sets it. */
  hostProperties(): PropertyDescriptorMap {
    const values = this.#values;
    return {
      value: {
        get: () => values.get(followedTask()) ?? NO_VALUE,
        set: (value: unknown) => void values.set(followedTask(), value),
      },
      [BOX]: { value: this.#box },
    };
  }

  /**
   * Calls `done` once, unless the script never ends, or an interrupt cuts it off after an await: then
   * {@link abandon} it.
   *
   * In REPL mode the inspector itself waits for the script's promise. One that is collected would end the
   * cell on Node 20 and 24, and abort the process on Node 22 (the inspector calls its session from within
   * the collector): so the promise is held here while the cell runs, and each cell has a session of its own,
   * which is closed with it.
   */
  evaluate(script: Script, task: Task, done: (outcome: Outcome) => void): void {
    this.abandon(task);
    nameScript(script);
    const session = new Session();
    session.connect();
    const open: OpenEvaluation = { session, promise: undefined };
    this.#open.set(task, open);
    this.#values.set(task, NO_VALUE);
    const parameters: Runtime.EvaluateParameterType & { replMode: true } = {
      // not `silent`: the debugger would not stop at errors
      expression: `${script.code}\n//# sourceURL=${script.url}`, replMode: true, awaitPromise: true,
    };
    let posted = false;
    const answered = (error: Error | null, result: Runtime.EvaluateReturnType): void => {
      if (this.#open.get(task) !== open) return;
      const outcome = this.#outcome(task, session, error, result);
      // an answer at once: V8 could not read the script, and its error knows nothing of the place
      if (!posted && error === null && !outcome.ok && result.exceptionDetails) placeUnread(outcome.error, script.url, result.exceptionDetails);
      this.#open.delete(task);
      this.#values.delete(task);
      // not from within its own answer
      native.setImmediate(() => session.disconnect());
      done(outcome);
    };
    runAs(task, () => {
      open.promise = firstPromise(() => session.post("Runtime.evaluate", parameters, answered));
      posted = true;
    });
    forget();
  }

  /** Gives a script up that may never end. */
  abandon(task: Task): void {
    const open = this.#open.get(task);
    this.#open.delete(task);
    this.#values.delete(task);
    open?.session.disconnect();
  }

  /** Runs a callback so that an interrupt ends it alone, and no frame of Node's event loop with it. */
  call(task: Task, callback: () => void, fault: (error: unknown) => void): void {
    this.#box.call = () => {
      try {
        runAs(task, callback);
      } catch (error) {
        fault(error);
      }
    };
    this.#session.post("Runtime.evaluate", { expression: `${BOX_EXPRESSION}.call()`, silent: true, returnByValue: true }, (error) => {
      if (error) fault(new KeyboardInterrupt());
    });
    forget();
  }

  #outcome(task: Task, session: Session, error: Error | null, result: Runtime.EvaluateReturnType): Outcome {
    // the one error of the inspector itself: execution was terminated
    if (error) return { ok: false, error: new KeyboardInterrupt() };
    if (result.exceptionDetails) return { ok: false, error: thrown(session, result.exceptionDetails, this.#box) };
    const value = this.#values.get(task);
    return { ok: true, value: value === NO_VALUE ? undefined : value };
  }
}

/** The thrown value itself, not the inspector's description of it. */
function thrown(session: Session, details: Runtime.ExceptionDetails, box: Box): unknown {
  const exception = details.exception;
  if (exception === undefined) return new Error(details.text);
  if (exception.objectId === undefined) return primitive(exception);
  let taken: unknown = new Error(exception.description ?? details.text);
  box.take = (object) => (taken = object);
  session.post("Runtime.callFunctionOn", { objectId: exception.objectId, functionDeclaration: `function () { ${BOX_EXPRESSION}.take(this) }`, silent: true });
  box.take = () => undefined;
  return taken;
}

function primitive(object: Runtime.RemoteObject): unknown {
  if (object.subtype === "null") return null;
  switch (object.type) {
    case "undefined":
      return undefined;
    case "bigint":
      return BigInt((object.unserializableValue ?? "0n").slice(0, -1));
    case "number":
      return object.unserializableValue === undefined ? object.value : Number(object.unserializableValue);
    default:
      return object.value ?? object.description;
  }
}
