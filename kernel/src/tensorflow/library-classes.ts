/** A class as tfjs registers it for models in files. */
type Registered = [constructor: object, fromConfig: unknown];

let known: WeakSet<object> | undefined;
const added = new WeakSet<object>();

/**
 * Notes down the classes of layers, constraints and the like that tfjs brings. Called as soon as it is loaded: what is registered
 * afterwards is somebody else's.
 */
export function noteLibraryClasses(registered: Readonly<Record<string, Registered>>): void {
  known = new WeakSet(Object.values(registered).map(([constructor]) => constructor));
}

/** Says that a class of ours computes with ops alone: what it does follows from its inputs, weights and settings. */
export function declarePure(constructor: object): void {
  added.add(constructor);
}

/** Whether an object is of a class that tfjs or this library brings; a subclass is its author's. */
export function isOfLibrary(value: object): boolean {
  const { constructor } = value;
  return known?.has(constructor) === true || added.has(constructor);
}
