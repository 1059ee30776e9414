/**
 * A user's `const process = 5` must not be what libraries read as `process`: a script's `let` stands before the global object
 * for all code of the realm. So top-level names that exist on `globalThis` get another name in the script, by scope analysis.
 */

import type { Variable } from "eslint-scope";
import { RENAMED_SUFFIX } from "../script-abi.js";
import type { Edits } from "./edits.js";
import { children, parse, type AnyNode } from "./parse.js";

interface IdentifierNode extends AnyNode {
  name: string;
}

/**
 * Renames, in `edits`, every identifier that means one of `names` at the cell's top level.
 * @param script the cell as JavaScript, with the offsets of `edits.source`
 */
export function renameGlobals(script: string, names: ReadonlySet<string>, edits: Edits): void {
  const { analyze } = require("eslint-scope") as typeof import("eslint-scope");
  const { program, errors } = parse(script, "js", true);
  if (errors.length) return;
  const scopes = analyze(program as never, { ecmaVersion: 2022, sourceType: "module", childVisitorKeys: visitorKeys() });
  const moduleScope = scopes.globalScope!.childScopes[0]!;
  const identifiers = new Set<IdentifierNode>();
  for (const variable of moduleScope.variables as Variable[]) {
    if (!names.has(variable.name)) continue;
    for (const identifier of variable.identifiers) identifiers.add(identifier as unknown as IdentifierNode);
    for (const { identifier } of variable.references) identifiers.add(identifier as unknown as IdentifierNode);
  }
  for (const { identifier } of scopes.globalScope!.through) {
    if (names.has((identifier as unknown as IdentifierNode).name)) identifiers.add(identifier as unknown as IdentifierNode);
  }
  const shorthands = shorthandProperties(program);
  for (const identifier of identifiers) {
    if (shorthands.has(identifier.start)) edits.insert(identifier.end, `: ${identifier.name}${RENAMED_SUFFIX}`);
    else edits.insert(identifier.end, RENAMED_SUFFIX);
  }
}

/** Where `{ URL }` stands for `{ URL: URL }`: the key keeps its name. By the offset of the value's identifier. */
function shorthandProperties(program: AnyNode): Set<number> {
  const found = new Set<number>();
  const visit = (node: AnyNode): void => {
    const { type, shorthand, key } = node as AnyNode & { shorthand?: boolean; key?: AnyNode };
    if (type === "Property" && shorthand) found.add(key!.start);
    for (const child of children(node)) visit(child);
  };
  visit(program);
  return found;
}

function visitorKeys(): Record<string, string[]> {
  return (require("oxc-parser") as typeof import("oxc-parser")).visitorKeys;
}
