/** What kind of thing a value is, in a word or two, without loading any library. */

interface TensorLike {
  shape: readonly number[];
  dtype: string;
}

/** By its structure: TensorFlow may not be loaded. */
export function isTensorLike(value: unknown): value is TensorLike {
  if (typeof value !== "object" || value === null) return false;
  try {
    return Array.isArray((value as TensorLike).shape) && typeof (value as TensorLike).dtype === "string" && "dataId" in value;
  } catch {
    return false;
  }
}

/** `number`, `function`, `class`, `array of 3`, `Tensor float32 [2, 3]`, `DataFrame [891, 12]`, `Map`. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "function") return /^class\b/.test(Function.prototype.toString.call(value)) ? "class" : "function";
  if (typeof value !== "object") return typeof value;
  try {
    if (isTensorLike(value)) return `Tensor ${value.dtype} [${value.shape.join(", ")}]`;
    if (Array.isArray(value)) return `array of ${value.length}`;
    const name: unknown = (value as { constructor?: { name?: unknown } }).constructor?.name;
    if (name === "DataFrame" || name === "Series") return `${name} [${(value as unknown as TensorLike).shape.join(", ")}]`;
    return typeof name === "string" && name !== "" && name !== "Object" ? name : "object";
  } catch {
    return "object"; // a proxy, or a getter that throws
  }
}
