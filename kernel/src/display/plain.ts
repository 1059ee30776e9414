/** Any value as text. */

import { inspect, types } from "node:util";
import { teachInspect } from "./libraries";

const DEPTH = 4;
/** Keys of an object that are shown: `inspect` limits arrays, maps and sets only. */
const MOST_KEYS = 200;
/** Objects that are looked into for too many keys. */
const MOST_OBJECTS = 10_000;
/** Characters: nobody reads more, and front ends become slow. */
const LONGEST = 1 << 18;

/** `util.inspect` as a notebook wants it: a little deeper than the console, never megabytes. */
export function plainText(value: unknown): string {
  try {
    if (typeof value === "object" && value !== null) teachInspect();
    const text = inspect(withFewKeys(value, DEPTH, { left: MOST_OBJECTS }), { depth: DEPTH, maxArrayLength: 100, maxStringLength: 10_000, breakLength: 100, compact: 3 });
    return text.length > LONGEST ? `${text.slice(0, LONGEST)}\n… ${text.length - LONGEST} more characters` : text;
  } catch (error) {
    // A getter or a proxy of the person's own may throw while it is looked at.
    return `[${typeof value} that cannot be shown: ${error instanceof Error ? error.message : String(error)}]`;
  }
}

/** The value itself; where it or a plain object in it has too many keys, a copy. No getter is called. */
function withFewKeys(value: unknown, depth: number, looked: { left: number }): unknown {
  if (depth < 0 || !isPlain(value) || --looked.left < 0) return value;
  const keys = Object.keys(value);
  let isCopy = keys.length > MOST_KEYS;
  const entries = keys.slice(0, MOST_KEYS).map((key): [string, PropertyDescriptor] => {
    const descriptor = Object.getOwnPropertyDescriptor(value, key)!;
    if (!("value" in descriptor)) return [key, descriptor];
    const inner = withFewKeys(descriptor.value, depth - 1, looked);
    isCopy ||= inner !== descriptor.value;
    return [key, { ...descriptor, value: inner }];
  });
  if (!isCopy) return value;
  const left = keys.length - entries.length;
  if (left > 0) entries.push(["…", { enumerable: true, value: { [inspect.custom]: () => `${left} more keys` } }]);
  return Object.create(Object.getPrototypeOf(value) as object | null, Object.fromEntries(entries)) as object;
}

/** An object literal: other kinds of objects have ways of their own to be shown. */
function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null || types.isProxy(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
