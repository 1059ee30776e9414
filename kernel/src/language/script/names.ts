/** The names that statements bind, and which kind of thing each is. */

import type { BindingPattern, Program, Statement } from "oxc-parser";
import { children, type AnyNode } from "./parse.js";

/** The names in a pattern: `{ a, b: [c = 1], ...d }` binds a, c and d. */
export function patternNames(pattern: BindingPattern | AnyNode | null, names: string[] = []): string[] {
  const node = pattern as BindingPattern | { type: "RestElement"; argument: BindingPattern } | null;
  switch (node?.type) {
    case "Identifier":
      names.push(node.name);
      break;
    case "ObjectPattern":
      for (const property of node.properties) patternNames(property.type === "RestElement" ? property.argument : property.value, names);
      break;
    case "ArrayPattern":
      for (const element of node.elements) patternNames(element, names);
      break;
    case "AssignmentPattern":
      patternNames(node.left, names);
      break;
    case "RestElement":
      patternNames(node.argument, names);
      break;
  }
  return names;
}

/** `export const x = 1` as `const x = 1`: a cell has no exports, but a statement copied from a module has. */
export function withoutExport(statement: Statement): AnyNode {
  if (statement.type === "ExportNamedDeclaration" && statement.declaration) return statement.declaration;
  if (statement.type === "ExportDefaultDeclaration") return statement.declaration;
  return statement;
}

/** Values that a cell binds at its top level, each once, in source order. `var` counts where it is nested in blocks, too. */
export function boundNames(program: Program): string[] {
  const names = new Set<string>();
  for (const statement of program.body) {
    const node = withoutExport(statement) as Statement;
    switch (node.type) {
      case "VariableDeclaration":
        if (!node.declare) for (const { id } of node.declarations) for (const name of patternNames(id)) names.add(name);
        break;
      case "FunctionDeclaration":
      case "ClassDeclaration":
        if (node.id && !node.declare) names.add(node.id.name);
        break;
      case "TSEnumDeclaration":
        if (!node.declare) names.add(node.id.name);
        break;
      case "TSModuleDeclaration":
        if (!node.declare && node.id.type === "Identifier" && node.kind !== "global") names.add(node.id.name);
        break;
      case "TSImportEqualsDeclaration":
        if (node.importKind !== "type") names.add(node.id.name);
        break;
      case "ImportDeclaration":
        if (node.importKind === "type") break;
        for (const specifier of node.specifiers) {
          if (specifier.type !== "ImportSpecifier" || specifier.importKind !== "type") names.add(specifier.local.name);
        }
        break;
    }
  }
  for (const { names: nested } of functionScopedVars(program)) for (const name of nested) names.add(name);
  return [...names];
}

export interface VarDeclaration {
  node: AnyNode & { declarations: { id: BindingPattern; init: AnyNode | null; start: number; end: number }[]; declare?: boolean };
  parent: AnyNode;
  names: string[];
}

/** Every `var` that belongs to the cell itself: at the top or in blocks and loops, not in functions. */
export function functionScopedVars(program: Program): VarDeclaration[] {
  const found: VarDeclaration[] = [];
  visit(program, program);
  return found;

  function visit(node: AnyNode, parent: AnyNode): void {
    if (/Function|^Class|^TS(?:Module|Interface|Type|Enum|Declare)|^(?:Method|Property)Definition$/.test(node.type)) return;
    if (node.type === "VariableDeclaration" && (node as unknown as { kind: string }).kind === "var") {
      const declaration = node as VarDeclaration["node"];
      if (!declaration.declare) found.push({ node: declaration, parent, names: declaration.declarations.flatMap(({ id }) => patternNames(id)) });
    }
    // Expressions hold no `var` outside of functions.
    if (/Expression$|Literal$|^Identifier$/.test(node.type)) return;
    for (const child of children(node)) visit(child, node);
  }
}
