import { promiseHooks } from "node:v8";
import { NO_TASK, type Task } from "../threads";

/**
 * On whose behalf code runs: the cell that started it, also where a timer or a promise goes on after the
 * cell has ended. Timers carry it by `timers`; promises by V8's own hooks, and not by AsyncLocalStorage:
 * that keeps a stack, which an interrupt leaves corrupted on Node 20 and 22 (the process aborts).
 */
let current: Task = NO_TASK;
let latest: Task = NO_TASK;
/** null: the next promise is wanted. */
let first: object | null | undefined;

/** Lets a private field be added to an object that is there already; invisible to inspection. */
class Existing {
  constructor(object: object) {
    return object;
  }
}

class Tag extends Existing {
  #task: Task;
  constructor(promise: object, task: Task) {
    super(promise);
    this.#task = task;
  }
  static of(promise: object): Task {
    return #task in promise ? (promise as Tag).#task : NO_TASK;
  }
}

/** The task that runs now; a callback of Node's own (a socket, a file) counts to the latest one. */
export const currentTask = (): Task => current || latest;

/** The task that runs now, if its callback is one that we follow. */
export const followedTask = (): Task => current;

export const taskOfPromise = (promise: object): Task => Tag.of(promise) || currentTask();

/** Runs a callback in a task's name. Where it throws, the name stays until the next one: whoever reports the error reads it. */
export function runAs<T>(task: Task, action: () => T): T {
  const before = current;
  current = task;
  const result = action();
  current = before;
  return result;
}

/** A cell has begun. */
export function began(task: Task): void {
  latest = task;
}

/** Main is between tasks. */
export function forget(): void {
  current = NO_TASK;
}

/** Runs `action`, and gives the first promise made in it. */
export function firstPromise(action: () => void): object | undefined {
  first = null;
  action();
  const promise = first;
  first = undefined;
  return promise ?? undefined;
}

export function followPromises(): void {
  let outer = NO_TASK;
  promiseHooks.createHook({
    init(promise) {
      first ??= first === null ? promise : undefined;
      if (current !== NO_TASK) new Tag(promise, current);
    },
    before(promise) {
      outer = current;
      current = Tag.of(promise);
    },
    after() {
      current = outer;
    },
    settled: undefined as never,
  });
}
