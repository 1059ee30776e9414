/** What a person gives, checked where it is given. */

export function whole(name: string, value: number, least: number): number {
  if (!Number.isInteger(value) || value < least) throw new RangeError(`${name} must be a whole number${least === -Infinity ? "" : ` from ${least} on`}; it is ${value}`);
  return value;
}

export function positive(name: string, value: number): number {
  if (!(value > 0) || !Number.isFinite(value)) throw new RangeError(`${name} must be a number above 0; it is ${value}`);
  return value;
}

export function atLeastZero(name: string, value: number): number {
  if (!(value >= 0) || !Number.isFinite(value)) throw new RangeError(`${name} must be a number from 0 on; it is ${value}`);
  return value;
}

export function share(name: string, value: number): number {
  if (!(value >= 0 && value < 1)) throw new RangeError(`${name} must lie in [0, 1); it is ${value}`);
  return value;
}

/** What was given, in a word: an object may be a model. */
export function brief(value: unknown): string {
  return typeof value === "object" && value !== null ? `an object (${value.constructor?.name ?? "no class"})` : (JSON.stringify(value) ?? typeof value);
}

/** @param example how it is meant: `schedules.cosine()` */
export function callable<T>(name: string, value: T, example: string): T {
  if (typeof value !== "function") throw new TypeError(`${name} must be a function, as in ${example}; it is ${JSON.stringify(value) ?? "undefined"}`);
  return value;
}

export function list<T>(name: string, value: readonly T[], example: string): readonly T[] {
  if (!Array.isArray(value)) throw new TypeError(`${name} must be an array, as in ${example}; it is ${JSON.stringify(value)}`);
  return value;
}

export function flag(name: string, value: boolean): boolean {
  if (typeof value !== "boolean") throw new TypeError(`${name} must be true or false; it is ${JSON.stringify(value)}`);
  return value;
}

export function oneOf<T extends string>(name: string, value: T, choices: readonly T[]): T {
  if (!choices.includes(value)) throw new Error(`${name} must be ${choices.map((choice) => JSON.stringify(choice)).join(", ").replace(/, ([^,]*)$/, " or $1")}; it is ${JSON.stringify(value)}`);
  return value;
}
