/** Whether a script would catch an error itself: what V8 cannot tell a debugger of a cell, whose promise the inspector handles. */

import { children, parse, type AnyNode } from "./parse.js";

interface Call extends AnyNode {
  callee: AnyNode & { object?: AnyNode; property?: AnyNode & { name?: string } };
  arguments: AnyNode[];
}

/**
 * Whether an error that is thrown at a place of a JavaScript script, or comes out of the call there, is caught within the
 * function that the place is in: by `try … catch`, `.catch(…)`, `.then(…, …)` or `Promise.allSettled(…)`.
 *
 * @param line from 0, as V8 counts
 * @param column from 0
 * @example catches("try { f() } catch {}", 0, 6) // true
 */
export function catches(script: string, line: number, column: number): boolean {
  const { program, errors } = parse(script, "js");
  if (errors.length) return false;
  const offset = offsetOf(script, line, column);
  let caught = false;
  for (let node: AnyNode | undefined = program as AnyNode; node; node = childAt(node, offset)) {
    if (isFunction(node)) caught = false;
    else if (node.type === "TryStatement") caught ||= catchesIn(node as AnyNode & { block: AnyNode; handler: AnyNode | null }, offset);
    else if (node.type === "CallExpression") caught ||= settles(node as Call, offset);
  }
  return caught;
}

const catchesIn = ({ block, handler }: { block: AnyNode; handler: AnyNode | null }, offset: number): boolean => handler !== null && holds(block, offset);

/** `promise.catch(…)` around the promise, `Promise.allSettled([promise])` around it. */
function settles({ callee, arguments: given }: Call, offset: number): boolean {
  const { object, property } = callee;
  if (!object || !property) return false;
  if (property.name === "catch" || (property.name === "then" && given.length > 1)) return holds(object, offset);
  return property.name === "allSettled" && given.some((argument) => holds(argument, offset));
}

const isFunction = ({ type }: AnyNode): boolean => type === "FunctionDeclaration" || type === "FunctionExpression" || type === "ArrowFunctionExpression";

const holds = ({ start, end }: AnyNode, offset: number): boolean => start <= offset && offset < end;

function childAt(node: AnyNode, offset: number): AnyNode | undefined {
  for (const child of children(node)) if (holds(child, offset)) return child;
  return undefined;
}

function offsetOf(script: string, line: number, column: number): number {
  let start = 0;
  for (let i = 0; i < line; i++) start = script.indexOf("\n", start) + 1;
  return start + column;
}
