/**
 * Tensors, models and frames that lie inside other values: `{ x: tensor }` would print dozens of lines of
 * their insides. Libraries that are loaded already are taught Node's `util.inspect.custom`.
 */

import { inspect } from "node:util";
import { isFrame } from "./frames";
import { isTensor } from "./tensors";
import { count } from "./words";

type Inspected = { prototype: object } | undefined;

interface Lesson {
  /** The end of the module's path. */
  module: RegExp;
  /** Classes in the module's exports. */
  classes: readonly string[];
  text: (value: unknown) => string | undefined;
}

const LESSONS: readonly Lesson[] = [
  {
    module: /@tensorflow[\\/]tfjs-core[\\/]dist[\\/]tf-core\.node\.js$/,
    classes: ["Tensor"],
    text: (value) => (isTensor(value) ? `Tensor ${value.dtype} ${value.shape.length === 0 ? "scalar" : `[${value.shape.join(", ")}]`}` : undefined),
  },
  {
    module: /@tensorflow[\\/]tfjs-layers[\\/]dist[\\/]tf-layers\.node\.js$/,
    classes: ["LayersModel"],
    text: (value) => {
      const model = value as { name?: unknown; layers?: unknown; countParams?: () => number };
      if (typeof model.name !== "string" || !Array.isArray(model.layers) || typeof model.countParams !== "function") return undefined;
      return `LayersModel ${model.name} (${model.layers.length} layers, ${count(model.countParams())} parameters)`;
    },
  },
  {
    module: /danfojs-node[\\/]dist[\\/]danfojs-base[\\/]index\.js$/,
    classes: ["NDframe", "DataFrame", "Series"],
    text: (value) => (isFrame(value) ? `${value.$isSeries ? "Series" : "DataFrame"} [${value.shape.join(", ")}]` : undefined),
  },
];

const taught = new Set<string>();

/** Looks through the loaded modules; those of libraries that are not loaded stay so. */
export function teachInspect(): void {
  for (const path of Object.keys(require.cache)) {
    if (taught.has(path)) continue;
    const lesson = LESSONS.find(({ module }) => module.test(path));
    if (!lesson || !require.cache[path]?.loaded) continue;
    taught.add(path);
    const exports = require.cache[path].exports as Record<string, Inspected>;
    for (const name of lesson.classes) {
      const prototype = exports[name]?.prototype;
      if (prototype && !(inspect.custom in prototype)) define(prototype, lesson.text);
    }
  }
}

function define(prototype: object, text: Lesson["text"]): void {
  Object.defineProperty(prototype, inspect.custom, {
    configurable: true,
    writable: true,
    enumerable: false,
    value(this: unknown, _depth: number, options: object): string {
      return text(this) ?? inspect(this, { ...options, customInspect: false });
    },
  });
}
