/**
 * Removes types by writing spaces over them, so that every line and column stays where the user wrote it.
 *
 * Done on oxc's tree rather than by amaro (Node's own type stripper): the cell is parsed anyway, amaro costs 60-90 ms
 * to load and a second parse, and both give the same tokens (a test compares them on thousands of real files).
 */

import type { Edits } from "./edits.js";
import { children, type AnyNode } from "./parse.js";

interface Typed extends AnyNode {
  [key: string]: unknown;
}

export interface TypeStrip {
  /** The first node that blanking cannot remove (enum, namespace, decorator, …), if any: the code needs a real transform. */
  needsTransform?: AnyNode;
}

/** @param keep an expression statement whose end the caller closes itself: no semicolon is put there. */
export function blankTypes(program: AnyNode, edits: Edits, keep?: AnyNode): TypeStrip {
  const { source } = edits;
  const result: TypeStrip = {};
  /** Type nodes whose place already got something else than blanks. */
  const done = new Set<AnyNode>();
  visit(program as Typed, undefined, undefined);
  return result;

  function visit(node: Typed, statement: AnyNode | undefined, parent: Typed | undefined): void {
    if (result.needsTransform) return;
    // `for (let x = y as T; …)`: the declaration ends before a semicolon of its own.
    const isLoopHead = parent && /^For/.test(parent.type) && parent.body !== node;
    if (isStatement(node) && !isLoopHead) statement = node;
    const blanked = visitType(node, statement, parent);
    if (blanked) return;
    for (const child of children(node)) visit(child as Typed, statement, node);
  }

  /** Blanks what belongs to the node itself. True where nothing of the node is left. */
  function visitType(node: Typed, statement: AnyNode | undefined, parent: Typed | undefined): boolean {
    switch (node.type) {
      case "TSInterfaceDeclaration":
      case "TSTypeAliasDeclaration":
      case "TSDeclareFunction":
      case "TSNamespaceExportDeclaration":
        return blankStatement(node, parent);
      case "TSModuleDeclaration":
        if (node.declare || !isInstantiated(node)) return blankStatement(node, parent);
        result.needsTransform = node;
        return true;
      case "TSEnumDeclaration":
        if (node.declare) return blankStatement(node, parent);
        result.needsTransform = node;
        return true;
      case "TSParameterProperty":
      case "Decorator":
      case "AccessorProperty":
        result.needsTransform = node;
        return true;
      case "VariableDeclaration":
        if (node.declare) return blankStatement(node, parent);
        // Node 20 and 22 have no `using`; at the top of a script no version has.
        if (node.kind === "using" || node.kind === "await using") result.needsTransform = node;
        return false;
      case "ImportDeclaration":
        return node.importKind === "type" ? blankStatement(node, parent) : false;
      case "ImportSpecifier":
        if (node.importKind === "type") blankListItem(node);
        return true;
      case "ExportSpecifier":
        if (node.exportKind === "type") blankListItem(node);
        return true;
      case "ExportNamedDeclaration": {
        const declaration = node.declaration as Typed | null;
        if (node.exportKind !== "type" && !declaration?.declare) return false;
        return blankStatement(node, parent);
      }
      case "ExportAllDeclaration":
        return node.exportKind === "type" ? blankStatement(node, parent) : false;
      case "TSImportEqualsDeclaration":
        return node.importKind === "type" ? blankStatement(node, parent) : true;
      case "TSAsExpression":
      case "TSSatisfiesExpression":
        blankAssertion(node, statement);
        visit(node.expression as Typed, statement, node);
        return true;
      case "TSTypeAssertion":
        blankPrefixAssertion(node);
        visit(node.expression as Typed, statement, node);
        return true;
      case "TSNonNullExpression":
        edits.blank(node.end - 1, node.end);
        return false;
      case "TSTypeAnnotation":
      case "TSTypeParameterInstantiation":
      case "TSTypeParameterDeclaration":
        if (!done.has(node)) edits.blank(node.start, node.end);
        return true;
      case "VariableDeclarator":
        if (node.definite) blankMark("!", nameEnd(node.id as Typed), (node.id as Typed).end);
        return false;
      case "Identifier":
        if (node.optional) blankMark("?", nameEnd(node), node.end);
        return false;
      case "ObjectPattern":
      case "ArrayPattern":
      case "AssignmentPattern":
        if (node.optional) blankMark("?", source.lastIndexOf(node.type === "ArrayPattern" ? "]" : "}", annotationStart(node)), annotationStart(node));
        return false;
      case "FunctionDeclaration":
      case "FunctionExpression":
        if (node.declare) return blankStatement(node, parent);
        blankThisParameter(node);
        return false;
      case "ArrowFunctionExpression":
        keepArrowTogether(node);
        return false;
      case "ClassDeclaration":
      case "ClassExpression":
        if (node.declare) return blankStatement(node, parent);
        blankClassHead(node);
        return false;
      case "TSIndexSignature":
      case "TSAbstractMethodDefinition":
      case "TSAbstractPropertyDefinition":
      case "TSAbstractAccessorProperty":
        edits.blankWith(";", node.start, node.end);
        return true;
      case "MethodDefinition":
        if ((node.value as Typed).type === "TSEmptyBodyFunctionExpression") {
          edits.blankWith(";", node.start, node.end);
          return true;
        }
        blankMember(node);
        return false;
      case "PropertyDefinition":
        if (node.declare) {
          edits.blankWith(";", node.start, node.end);
          return true;
        }
        blankMember(node);
        return false;
      default:
        return false;
    }
  }

  /** A semicolon stays: `const a = b` and `(c)()` around a removed statement would become a call. */
  function blankStatement(node: AnyNode, parent: Typed | undefined): true {
    const whole = parent?.type === "ExportNamedDeclaration" || parent?.type === "ExportDefaultDeclaration" ? parent : node;
    edits.blankWith(";", whole.start, whole.end);
    return true;
  }

  /** With the comma behind it; one before it may stay. */
  function blankListItem(node: AnyNode): void {
    const comma = /^\s*,/.exec(source.slice(node.end))?.[0].length ?? 0;
    edits.blank(node.start, node.end + comma);
  }

  /** `x as T` at the end of a statement without semicolon: the next line may begin with `(` or `[`. */
  function blankAssertion(node: Typed, statement: AnyNode | undefined): void {
    const start = (node.expression as AnyNode).end;
    const endsStatement = statement && statement.end === node.end && statement !== keep;
    if (endsStatement) edits.blankWith(";", start, node.end);
    else edits.blank(start, node.end);
  }

  /** `<T>{}` as an arrow's body would become a block, `return <T>⏎x` an empty return: parentheses keep them expressions. */
  function blankPrefixAssertion(node: Typed): void {
    const expression = node.expression as AnyNode;
    const needsParentheses = expression.type === "ObjectExpression" || source.slice(node.start, expression.start).includes("\n");
    if (needsParentheses) {
      edits.blankWith("(", node.start, expression.start);
      edits.insert(expression.end, ")");
    } else edits.blank(node.start, expression.start);
  }

  function blankMark(mark: string, from: number, to: number): void {
    const at = source.indexOf(mark, from);
    if (at >= 0 && at < to) edits.blank(at, at + 1);
  }

  function annotationStart(node: Typed): number {
    return (node.typeAnnotation as AnyNode | null)?.start ?? node.end;
  }

  function nameEnd(node: Typed): number {
    return node.type === "Identifier" ? node.start + (node.name as string).length : annotationStart(node) - 1;
  }

  function blankThisParameter(node: Typed): void {
    const [first, second] = node.params as Typed[];
    if (first?.type !== "Identifier" || first.name !== "this") return;
    const comma = source.indexOf(",", first.end);
    const closing = second ? second.start : (node.body as AnyNode | null)?.start ?? node.end;
    edits.blank(first.start, comma >= 0 && comma < closing && /^[\s,]*$/.test(source.slice(first.end, comma)) ? comma + 1 : first.end);
  }

  /** No line break may stand between an arrow function's `)` and `=>`, nor between `async` and `(`. */
  function keepArrowTogether(node: Typed): void {
    const returned = node.returnType as AnyNode | null;
    if (returned && source.slice(returned.start, returned.end).includes("\n")) {
      const closing = source.lastIndexOf(")", returned.start);
      edits.blank(closing, closing + 1);
      edits.blank(returned.start, returned.end - 1);
      edits.replace(returned.end - 1, returned.end, ")");
      done.add(returned);
    }
    const generics = node.typeParameters as AnyNode | null;
    if (node.async && generics && source.slice(generics.start, generics.end).includes("\n")) {
      const opening = source.indexOf("(", generics.end);
      edits.blankWith("(", generics.start, generics.end);
      edits.blank(opening, opening + 1);
      done.add(generics);
    }
  }

  function blankClassHead(node: Typed): void {
    if (node.abstract) {
      const at = source.indexOf("abstract", node.start);
      edits.blank(at, at + "abstract".length);
    }
    const interfaces = node.implements as AnyNode[] | null;
    if (interfaces?.length) {
      edits.blank(source.lastIndexOf("implements", interfaces[0]!.start), interfaces.at(-1)!.end);
    }
  }

  function blankMember(node: Typed): void {
    const key = node.key as AnyNode;
    const keyStart = node.computed ? source.lastIndexOf("[", key.start) : key.start;
    const modifiers = /\b(?:public|private|protected|readonly|override)\b/g;
    const prefix = source.slice(node.start, keyStart);
    let first = true;
    for (const match of prefix.matchAll(modifiers)) {
      const start = node.start + match.index;
      // `a = 1` and `public [b] = 2` on the next line would become an index, `public *c()` a product.
      const opensMember = first && match.index === 0 && (node.computed || prefix.includes("*"));
      if (opensMember) edits.blankWith(";", start, start + match[0].length);
      else edits.blank(start, start + match[0].length);
      first = false;
    }
    const keyEnd = node.computed ? source.indexOf("]", key.end) + 1 : key.end;
    const value = node.value as Typed | null;
    const annotation = node.typeAnnotation as AnyNode | null | undefined;
    const markEnd = annotation?.start ?? (node.type === "MethodDefinition" ? value!.start : value?.start ?? node.end);
    if (node.optional) blankMark("?", keyEnd, markEnd);
    if (node.definite) blankMark("!", keyEnd, markEnd);
    // `get: T` and a method on the next line would become a getter.
    if (!annotation || value) return;
    edits.blankWith(";", annotation.start, annotation.end);
    done.add(annotation);
  }
}

const STATEMENT = /Statement$|Declaration$|^PropertyDefinition$/;

function isStatement(node: AnyNode): boolean {
  return STATEMENT.test(node.type);
}

/** A namespace that holds types only leaves nothing behind at run time. */
function isInstantiated(node: Typed): boolean {
  const body = node.body as Typed | null;
  if (!body) return false;
  if (body.type === "TSModuleDeclaration") return isInstantiated(body);
  return (body.body as Typed[]).some((statement) => {
    const inner = statement.type === "ExportNamedDeclaration" ? ((statement.declaration as Typed | null) ?? statement) : statement;
    if (inner.declare || inner.type === "TSInterfaceDeclaration" || inner.type === "TSTypeAliasDeclaration") return false;
    return inner.type !== "TSModuleDeclaration" || isInstantiated(inner);
  });
}
