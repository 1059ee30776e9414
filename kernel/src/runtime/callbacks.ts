import childProcess from "node:child_process";
import crypto from "node:crypto";
import dns from "node:dns";
import { EventEmitter } from "node:events";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { Writable } from "node:stream";
import zlib from "node:zlib";
import { NO_TASK } from "../threads";
import { followedTask, runAs } from "./attribution";
import { own } from "./own";

/** Held before any cell can replace it. */
const { apply } = Reflect;

type Callback = (this: unknown, ...args: unknown[]) => unknown;
type Register = (this: EventEmitter, event: string | symbol, listener: unknown) => EventEmitter;
/** `removeListener` and `listeners` look for this, as they do for those of `once`. */
type Carrier = Callback & { listener: Callback };

/** Listeners that carry their cell already: a stream's `on` calls that of emitters, `once` calls `on`. */
const carriers = own(new WeakSet<object>());

/** These know their callback again by its identity. */
const BY_IDENTITY: ReadonlySet<string> = new Set(["watchFile", "unwatchFile"]);

/**
 * Makes callbacks that Node calls by itself (a file was read, a socket has data, a child has ended) run in
 * the name of the cell that gave them. One that is called out of a cell's code is that cell's: `emit` is a call.
 *
 * No async hook: each promise would cost four times as much.
 */
export function followCallbacks(): void {
  for (const name of ["on", "addListener", "prependListener"] as const) followListeners(name);
  followOnce("once", "on");
  followOnce("prependOnceListener", "prependListener");
  for (const module of [fs, dns, zlib, crypto, childProcess]) followModule(module as unknown as Record<string, unknown>);
  for (const name of ["write", "end"]) followMethod(Writable.prototype as unknown as Record<string, unknown>, name);
  followTicks();
  syncBuiltinESMExports();
}

/** `callback`, to be called in the name of the cell that runs now. */
function carried(callback: Callback): Callback {
  const task = followedTask();
  if (task === NO_TASK) return callback;
  return function (...args) {
    return followedTask() === NO_TASK ? runAs(task, () => apply(callback, this, args)) : apply(callback, this, args);
  };
}

function followListeners(name: "on" | "addListener" | "prependListener"): void {
  const original = EventEmitter.prototype[name] as unknown as Register;
  replace(EventEmitter.prototype, name, function (this: EventEmitter, event: string | symbol, listener: unknown) {
    if (followedTask() === NO_TASK || typeof listener !== "function" || carriers.has(listener)) return apply(original, this, [event, listener]);
    const carrier = carried(listener as Callback) as Carrier;
    carrier.listener = (listener as Carrier).listener ?? listener;
    carriers.add(carrier);
    return apply(original, this, [event, carrier]);
  });
}

function followOnce(name: "once" | "prependOnceListener", register: "on" | "prependListener"): void {
  const original = EventEmitter.prototype[name] as unknown as Register;
  replace(EventEmitter.prototype, name, function (this: EventEmitter, event: string | symbol, listener: unknown) {
    if (followedTask() === NO_TASK || typeof listener !== "function") return apply(original, this, [event, listener]);
    const call = carried(listener as Callback);
    let called = false;
    const carrier = function (this: EventEmitter, ...args: unknown[]): unknown {
      if (called) return undefined;
      called = true;
      this.removeListener(event, carrier);
      return apply(call, this, args);
    } as Carrier;
    carrier.listener = listener as Callback;
    carriers.add(carrier);
    return this[register](event, carrier);
  });
}

function followModule(module: Record<string, unknown>): void {
  // classes are called with `new`
  for (const name of Object.keys(module)) if (/^[a-z]/.test(name) && !name.endsWith("Sync") && !BY_IDENTITY.has(name)) followMethod(module, name);
}

/** A function whose callback is its last argument. */
function followMethod(scope: Record<string, unknown>, name: string): void {
  const descriptor = Object.getOwnPropertyDescriptor(scope, name);
  if (typeof descriptor?.value !== "function" || descriptor.configurable === false) return;
  const original = descriptor.value as Callback;
  replace(scope, name, function (this: unknown, ...args: unknown[]) {
    const last = args.length - 1;
    if (typeof args[last] === "function" && followedTask() !== NO_TASK) args[last] = carried(args[last] as Callback);
    return apply(original, this, args);
  });
}

function followTicks(): void {
  const original = process.nextTick as unknown as Callback;
  replace(process, "nextTick", function (this: unknown, ...args: unknown[]) {
    if (typeof args[0] === "function" && followedTask() !== NO_TASK) args[0] = carried(args[0] as Callback);
    return apply(original, process, args);
  });
}

/** Puts `replacement` in the place of a function, with its name, length and whatever else it carries (`util.promisify.custom`). */
function replace(scope: object, name: string, replacement: Callback | Register): void {
  const descriptor = Object.getOwnPropertyDescriptor(scope, name)!;
  for (const key of Reflect.ownKeys(descriptor.value as object)) {
    if (key !== "prototype" && key !== "arguments" && key !== "caller") Object.defineProperty(replacement, key, Object.getOwnPropertyDescriptor(descriptor.value, key)!);
  }
  Object.defineProperty(scope, name, { ...descriptor, value: replacement });
}
