import { inspect, types } from "node:util";
import type { ErrorReport } from "../threads";
import { rawStack } from "./stacks";

const DEEPEST = 8;

/** Reads a thrown value without trusting it: any of its properties may throw, or be of any type. */
export function report(thrown: unknown, within: readonly unknown[] = []): ErrorReport {
  if (!isError(thrown)) return { name: "Thrown", message: guarded(() => inspect(thrown, { depth: 4 }), "a value that cannot be shown"), stack: "", isError: false };
  const name = guarded(() => text(thrown.name), undefined) ?? guarded(() => text(thrown.constructor.name), undefined) ?? "Error";
  const message = guarded(() => text(thrown.message), undefined) ?? "";
  const stack = guarded(() => rawStack(thrown), undefined) ?? "";
  const path = [...within, thrown];
  // an error may be its own cause
  const isNew = (inner: unknown): boolean => path.length <= DEEPEST && !path.includes(inner);
  const cause = guarded(() => thrown.cause, undefined);
  const errors = guarded(() => (thrown as AggregateError).errors as unknown, undefined);
  return {
    name, message, isError: true, stack: framesOf(stack),
    ...(cause !== undefined && isNew(cause) && { cause: report(cause, path) }),
    ...(Array.isArray(errors) && { errors: errors.slice(0, 10).filter(isNew).map((inner) => report(inner, path)) }),
  };
}

const isError = (value: unknown): value is Error => types.isNativeError(value) || guarded(() => value instanceof Error, false);

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

/** A stack without its first lines, which repeat the message. */
function framesOf(stack: string): string {
  const lines = stack.split("\n");
  return lines.slice(Math.max(0, lines.findIndex((line) => /^\s+at /.test(line)))).filter((line) => /^\s+at /.test(line)).join("\n");
}

function guarded<T, F>(read: () => T, otherwise: F): T | F {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
