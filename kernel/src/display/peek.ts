/**
 * A property as it lies on an object or on what it inherits from; undefined where a getter stands in its place: looking at
 * a value runs no code of its own.
 */
export function peek(value: object, name: string): unknown {
  for (let at: object | null = value; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const descriptor = Object.getOwnPropertyDescriptor(at, name);
    if (descriptor !== undefined) return descriptor.value;
  }
  return undefined;
}
