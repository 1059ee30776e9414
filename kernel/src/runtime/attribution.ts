import { inspect } from "node:util";
import { promiseHooks } from "node:v8";
import { Flag, NO_TASK, createFlags, type Flags, type Task } from "../threads";
import { native } from "./native-timers";

/**
 * On whose behalf code runs: the cell that started it, also where a timer or a promise goes on after the
 * cell has ended. Timers carry it by `timers`; promises by V8's own hooks, and not by AsyncLocalStorage:
 * that keeps a stack, which an interrupt leaves corrupted on Node 20 and 22 (the process aborts).
 */
let current: Task = NO_TASK;
let latest: Task = NO_TASK;
/** Where the gateway sees whose code keeps main from the next cell. */
let words: Flags = createFlags();
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
  /** Whether the callback that it stands for has been called. */
  #begun = false;
  /** What waits for it: a promise for each `await` and `then`. */
  #waiters: Tag | Tag[] | undefined;

  constructor(promise: object, task: Task) {
    super(promise);
    this.#task = task;
  }

  static of(promise: object): Task {
    return #task in promise ? (promise as Tag).#task : NO_TASK;
  }

  /** Its callback is called now. */
  static begin(promise: object): Task {
    if (!(#task in promise)) return NO_TASK;
    const tag = promise as Tag;
    tag.#begun = true;
    return tag.#task;
  }

  /** @param task of the one that waits */
  static waits(promise: object, parent: object, task: Task): void {
    const tag = new Tag(promise, task);
    const awaited = #task in parent ? (parent as Tag) : new Tag(parent, NO_TASK);
    const waiters = awaited.#waiters;
    if (waiters === undefined) awaited.#waiters = tag;
    else if (Array.isArray(waiters)) waiters.push(tag);
    else awaited.#waiters = [waiters, tag];
  }

  static hasWaiters(promise: object): boolean {
    return #task in promise && (promise as Tag).#waiters !== undefined;
  }

  /** What waits for it and has not been called. */
  static waiting(promise: object): Tag[] {
    const waiters = (promise as Tag).#waiters;
    return (Array.isArray(waiters) ? waiters : waiters === undefined ? [] : [waiters]).filter((tag) => !tag.#begun);
  }

  static begun(tag: Tag): boolean {
    return tag.#begun;
  }
}

/** Promises that have been settled since the event loop last turned: V8 has their callbacks in a queue, which it drops when it terminates what runs. */
let settled: object[] = [];

/** Callbacks whose turn has come, and who waits for them. */
export interface Waiting {
  task: Task;
  /** Whether it has been called by now. */
  called(): boolean;
}

/** What waits behind the callback that runs now. */
export function waitingBehind(): Waiting[] {
  // one that was resolved with another promise is not settled yet, and nothing but its picture tells
  const ready = settled.filter((promise) => !inspect(promise, { depth: 0, customInspect: false, maxArrayLength: 0, maxStringLength: 0 }).includes("<pending>"));
  return ready.flatMap((promise) => Tag.waiting(promise)).map((tag) => ({ task: Tag.of(tag), called: () => Tag.begun(tag) }));
}

/** The task that runs now; a callback that nothing carries a task to (see `callbacks`) counts to the latest one. */
export const currentTask = (): Task => current || latest;

/** The task that runs now, if its callback is one that we follow. */
export const followedTask = (): Task => current;

export const taskOfPromise = (promise: object): Task => Tag.of(promise) || currentTask();

/** Runs a callback in a task's name. Where it throws, the name stays until the next one: whoever reports the error reads it. */
export function runAs<T>(task: Task, action: () => T): T {
  const before = current;
  words[Flag.runs] = current = task;
  words[Flag.turns]! += 1;
  const result = action();
  words[Flag.runs] = current = before;
  return result;
}

/** A cell has begun. */
export function began(task: Task): void {
  latest = task;
}

/** Main is between tasks. */
export function forget(): void {
  words[Flag.runs] = current = NO_TASK;
}

/** Runs `action`, and gives the first promise made in it. */
export function firstPromise(action: () => void): object | undefined {
  first = null;
  action();
  const promise = first;
  first = undefined;
  return promise ?? undefined;
}

/** The queue is empty whenever the event loop turns. */
const turned = (): void => void (settled = []);

export function followPromises(flags: Flags): void {
  words = flags;
  let outer = NO_TASK;
  promiseHooks.createHook({
    init(promise, parent) {
      first ??= first === null ? promise : undefined;
      if (current === NO_TASK) return;
      if (parent === undefined) new Tag(promise, current);
      else Tag.waits(promise, parent, current);
    },
    before(promise) {
      outer = current;
      words[Flag.runs] = current = Tag.begin(promise);
      words[Flag.turns]! += 1;
    },
    after() {
      words[Flag.runs] = current = outer;
    },
    settled(promise) {
      if (!Tag.hasWaiters(promise)) return;
      if (settled.length === 0) native.setImmediate(turned);
      settled.push(promise);
    },
  });
}
