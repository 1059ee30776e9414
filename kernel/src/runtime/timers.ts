import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers";
import { promisify } from "node:util";
import type { Evaluator } from "./evaluator";
import { followedTask } from "./attribution";
import { KeyboardInterrupt } from "./interrupt";

type Callback = (this: unknown, ...args: unknown[]) => void;
type Schedule = (callback: Callback, ...rest: unknown[]) => unknown;

/**
 * Makes callbacks of timers run in the name of the cell that set them, through the inspector's session: an
 * endless loop in one is then cut off as an ordinary error, and Node goes on with the timers behind it. (Cut
 * off without it, Node forgets the immediates that it had begun to call, the kernel's own among them.)
 *
 * @param fault told of what a callback throws
 */
export function followTimers(evaluator: Evaluator, fault: (task: number, error: unknown) => void): void {
  const scope = globalThis as unknown as Record<string, Schedule>;
  for (const name of ["setTimeout", "setInterval", "setImmediate"] as const) {
    const original = scope[name]!;
    const followed = function (callback: Callback, ...rest: unknown[]): unknown {
      const task = followedTask();
      if (task === 0 || typeof callback !== "function") return original(callback, ...rest);
      const timer = original(function (this: unknown, ...args: unknown[]) {
        evaluator.call(task, () => callback.apply(this, args), (error) => {
          // or it would be back at once
          if (name === "setInterval" && KeyboardInterrupt.is(error)) clearInterval(timer as NodeJS.Timeout);
          fault(task, error);
        });
      }, ...rest);
      return timer;
    };
    Object.defineProperty(followed, "name", { value: name });
    // `await promisify(setTimeout)(10)`
    const promised: unknown = Reflect.get(original, promisify.custom);
    if (promised !== undefined) Object.defineProperty(followed, promisify.custom, { value: promised });
    Object.defineProperty(globalThis, name, { value: followed, configurable: true, enumerable: true, writable: true });
    Object.defineProperty(timers, name, { value: followed, configurable: true, enumerable: true, writable: true });
  }
  syncBuiltinESMExports();
  const originalMicrotask = queueMicrotask;
  globalThis.queueMicrotask = (callback) => {
    const task = followedTask();
    // a promise carries its task by itself
    if (task === 0 || typeof callback !== "function") return originalMicrotask(callback);
    void Promise.resolve().then(() => {
      try {
        callback();
      } catch (error) {
        fault(task, error);
      }
    });
  };
}
