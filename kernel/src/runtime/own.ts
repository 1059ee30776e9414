/**
 * Gives a collection its methods as properties of its own: a cell that replaces `Map.prototype.get` breaks
 * its own maps, and not the kernel's. To be called before any cell runs.
 */
export function own<T extends object>(collection: T): T {
  const prototype: object = Object.getPrototypeOf(collection);
  for (const key of Reflect.ownKeys(prototype)) {
    const value: unknown = Object.getOwnPropertyDescriptor(prototype, key)?.value;
    if (typeof value === "function" && key !== "constructor") Object.defineProperty(collection, key, { value });
  }
  return collection;
}
