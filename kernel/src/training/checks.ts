/** Numbers that a person gives, checked where they are given. */

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
