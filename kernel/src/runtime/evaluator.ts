import { Session, type Runtime } from "node:inspector";
import { HOST_NAME, NO_VALUE } from "../language/script-abi";
import { type Script, type Task } from "../threads";
import { forget, followedTask, runAs } from "./attribution";
import { KeyboardInterrupt } from "./interrupt";

export type Outcome = { ok: true; value: unknown } | { ok: false; error: unknown };

/** Where the inspector's own small scripts find what they need; on the host, out of the notebook's sight. */
const BOX = Symbol.for("thawbook.box");
const BOX_EXPRESSION = `globalThis.${HOST_NAME}[Symbol.for("thawbook.box")]`;

interface Box {
  call(): void;
  take(thrown: unknown): void;
}

/**
 * Runs scripts in V8's REPL mode through an inspector session of this very thread. Never through promises
 * of our own: an interrupt may drop whatever waits behind a cell's.
 */
export class Evaluator {
  readonly #session = new Session();
  readonly #values = new Map<Task, unknown>();
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

  /** Calls `done` exactly once, unless the script never ends or an interrupt cuts it off after an await. */
  evaluate(script: Script, task: Task, done: (outcome: Outcome) => void): void {
    const group = `task ${task} ${script.url}`;
    this.#values.set(task, NO_VALUE);
    const parameters: Runtime.EvaluateParameterType & { replMode: true } = {
      expression: `${script.code}\n//# sourceURL=${script.url}`,
      objectGroup: group, replMode: true, awaitPromise: true, silent: true,
    };
    runAs(task, () => {
      this.#session.post("Runtime.evaluate", parameters, (error, result) => {
        const outcome: Outcome = error ? { ok: false, error: new KeyboardInterrupt() } : this.#outcome(task, result);
        this.#values.delete(task);
        this.#session.post("Runtime.releaseObjectGroup", { objectGroup: group });
        done(outcome);
      });
    });
    forget();
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

  /** A cell that has been given up: its value is not wanted any more. */
  abandon(task: Task): void {
    this.#values.delete(task);
  }

  #outcome(task: Task, result: Runtime.EvaluateReturnType): Outcome {
    const { exceptionDetails } = result;
    if (exceptionDetails === undefined) {
      const value = this.#values.get(task);
      return { ok: true, value: value === NO_VALUE ? undefined : value };
    }
    return { ok: false, error: this.#thrown(exceptionDetails) };
  }

  /** The thrown value itself, not the inspector's description of it. */
  #thrown(details: Runtime.ExceptionDetails): unknown {
    const exception = details.exception;
    if (exception === undefined) return new Error(details.text);
    if (exception.objectId === undefined) return primitive(exception);
    let thrown: unknown = new Error(exception.description ?? details.text);
    this.#box.take = (value) => (thrown = value);
    this.#session.post("Runtime.callFunctionOn", {
      objectId: exception.objectId, functionDeclaration: `function () { ${BOX_EXPRESSION}.take(this) }`, silent: true,
    });
    this.#box.take = () => undefined;
    return thrown;
  }
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

