/** JavaScript of a cell -> a script for V8's REPL mode: one kind of binding, hoisted functions, awaited imports, the last value. */

import type { ImportDeclaration, Program, Statement } from "oxc-parser";
import { HOISTED_SUFFIX, HOST_NAME, RENAMED_SUFFIX } from "../script-abi.js";
import type { Edits } from "./edits.js";
import { functionScopedVars, withoutExport } from "./names.js";
import { children, type AnyNode } from "./parse.js";

/** The statement whose value the cell shows: its last, if that is an expression. */
export function shownStatement(program: Program): { statement: AnyNode; expression: AnyNode } | undefined {
  const last = program.body.at(-1);
  if (last?.type === "ExpressionStatement") return { statement: last, expression: last.expression };
  if (last?.type === "ExportDefaultDeclaration" && !/^(?:Function|Class|TS)/.test(last.declaration.type)) return { statement: last, expression: last.declaration };
  return undefined;
}

/**
 * Writes the changes into `edits`; types may still be in the tree, they are blanked by others.
 * @param renamed top-level names that `renameGlobals` has given their suffix
 * @param around what comes before and behind the shown expression
 */
export function writeScript(program: Program, edits: Edits, renamed: ReadonlySet<string>, [before, behind]: readonly [string, string] = ["", ""]): void {
  const { source } = edits;
  const bound = (name: string) => (renamed.has(name) ? name + RENAMED_SUFFIX : name);
  const head: string[] = [];
  // An import is awaited where it stands, so that its failure names its line; after code that runs it is hoisted.
  let runsCode = false;
  const hoisted = new Set<string>();

  for (const statement of program.body) {
    unexport(statement);
    const node = withoutExport(statement) as Statement;
    switch (node.type) {
      case "VariableDeclaration":
        // One kind of binding: V8's REPL mode lets a later script declare a `let` again, but not as another kind.
        if (node.kind === "const" && !node.declare) edits.replace(node.start, node.start + "const".length, "let  ");
        runsCode = true;
        break;
      case "FunctionDeclaration":
        // Bound by `let` at the script's start (hoisting), under the name that every earlier and later cell uses.
        if (node.id && node.body && !node.declare) {
          const name = node.id.name;
          edits.insert(node.id.end, HOISTED_SUFFIX);
          if (!hoisted.has(name)) head.push(`let ${bound(name)}=${HOST_NAME}.named(${bound(name)}${HOISTED_SUFFIX},${JSON.stringify(name)});`);
          hoisted.add(name);
        }
        break;
      case "ClassDeclaration":
        if (node.id && !node.declare && renamed.has(node.id.name)) {
          edits.insert(node.body.start + 1, `static{${HOST_NAME}.named(this,${JSON.stringify(node.id.name)})}`);
        }
        runsCode = true;
        break;
      case "ImportDeclaration":
        if (node.importKind === "type") break;
        if (runsCode) {
          head.push(importText(node, bound));
          edits.blankWith(";", node.start, node.end);
        } else edits.rewrite(node.start, node.end, importText(node, bound));
        break;
      case "TSImportEqualsDeclaration": {
        if (node.importKind === "type") break;
        const reference = node.moduleReference;
        const value = reference.type === "TSExternalModuleReference" ? `${HOST_NAME}.require(${reference.expression.raw})` : source.slice(reference.start, reference.end);
        edits.rewrite(node.start, node.end, `let ${bound(node.id.name)}=${value};`);
        break;
      }
      case "ExportNamedDeclaration":
      case "ExportAllDeclaration":
        if (node.source && node.exportKind !== "type") head.push(`await ${HOST_NAME}.import(${node.source.raw});`);
        break;
      case "TSInterfaceDeclaration":
      case "TSTypeAliasDeclaration":
      case "EmptyStatement":
        break;
      default:
        runsCode = true;
    }
  }
  hoistVars(program, edits, head, bound);
  rewriteImportCalls(program, edits);

  const shown = shownStatement(program);
  if (shown) {
    edits.insert(shown.expression.start, `${HOST_NAME}.value=(${before}`);
    edits.insert(shown.expression.end, `${behind})`);
  }
  edits.prepend(`"use strict";${head.join("")}`);

  /** `export` keywords are blanked, as in a statement copied from a module. */
  function unexport(statement: Statement): void {
    if (statement.type === "ExportDefaultDeclaration") {
      const { declaration } = statement;
      edits.blankWith(";", statement.start, declaration.start);
      const isAnonymous = /^(?:Function|Class)/.test(declaration.type) && !(declaration as { id?: unknown }).id;
      if (isAnonymous) {
        edits.insert(declaration.start, "(");
        edits.insert(declaration.end, ")");
      }
    } else if (statement.type === "ExportNamedDeclaration" && statement.exportKind !== "type") {
      if (statement.declaration) edits.blank(statement.start, statement.declaration.start);
      else edits.blankWith(";", statement.start, statement.end);
    } else if (statement.type === "ExportAllDeclaration" && statement.exportKind !== "type") edits.blankWith(";", statement.start, statement.end);
    else if (statement.type === "TSExportAssignment") edits.blankWith(";", statement.start, statement.expression.start);
  }
}

/** `import a, { b as c } from "x"` -> `let {default:a,b:c}=await host.import("x");` */
function importText(node: ImportDeclaration, bound: (name: string) => string): string {
  const attributes = node.attributes.map(({ key, value }) => `${JSON.stringify(key.type === "Identifier" ? key.name : key.value)}:${value.raw}`);
  const call = `await ${HOST_NAME}.import(${node.source.raw}${attributes.length ? `,{with:{${attributes.join(",")}}}` : ""})`;
  let namespace: string | undefined;
  const names: string[] = [];
  for (const specifier of node.specifiers) {
    const local = bound(specifier.local.name);
    if (specifier.type === "ImportNamespaceSpecifier") namespace = local;
    else if (specifier.type === "ImportDefaultSpecifier") names.push(`default:${local}`);
    else if (specifier.importKind !== "type") {
      const { imported } = specifier;
      names.push(`${imported.type === "Identifier" ? imported.name : imported.raw}:${local}`);
    }
  }
  if (namespace) return `let ${namespace}=${call};${names.length ? `let {${names.join(",")}}=${namespace};` : ""}`;
  // All names were types: TypeScript drops such an import.
  if (!names.length && node.specifiers.length) return ";";
  return names.length ? `let {${names.join(",")}}=${call};` : `${call};`;
}

/** `var` becomes a `let` at the script's start and assignments: nested ones belong to the cell, and may be repeated. */
function hoistVars(program: Program, edits: Edits, head: string[], scriptName: (name: string) => string): void {
  const names = new Set<string>();
  for (const { node, parent, names: bound } of functionScopedVars(program)) {
    for (const name of bound) names.add(name);
    const isLoopTarget = (parent.type === "ForInStatement" || parent.type === "ForOfStatement") && (parent as unknown as { left: AnyNode }).left === node;
    // The semicolon keeps the assignment apart from a line above that ends without one.
    const opensStatement = !isLoopTarget && parent.type !== "ForStatement" && /^(?:Program|BlockStatement|SwitchCase|StaticBlock)$/.test(parent.type);
    if (opensStatement) edits.replace(node.start, node.start + "var".length, ";  ");
    else edits.blank(node.start, node.start + "var".length);
    if (isLoopTarget) continue;
    for (const declarator of node.declarations) {
      if (declarator.id.type !== "ObjectPattern") continue;
      edits.insert(declarator.start, "(");
      edits.insert(declarator.end, ")");
    }
  }
  if (names.size) head.push(`let ${[...names].map(scriptName).join(",")};`);
}

/** Code given to `Runtime.evaluate` has no import callback and no `import.meta`: both come from the host. */
function rewriteImportCalls(program: Program, edits: Edits): void {
  const visit = (node: AnyNode): void => {
    if (node.type === "ImportExpression") edits.replace(node.start, node.start + "import".length, `${HOST_NAME}.import`);
    else if (node.type === "MetaProperty" && (node as AnyNode & { meta: { name: string } }).meta.name === "import") edits.replace(node.start, node.end, `${HOST_NAME}.meta`);
    for (const child of children(node)) visit(child);
  };
  visit(program);
}
