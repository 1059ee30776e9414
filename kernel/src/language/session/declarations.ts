/**
 * What a cell leaves to later cells, as declarations. Where a type is not written, there is a hole: the checker prints it.
 * Bodies and initialisers are left out, so that the types of 200 cells are never inferred through one another again.
 */

import type { Class, Comment, Expression, Function as FunctionNode, ImportDeclaration, Program, Statement, VariableDeclaration } from "oxc-parser";
import { Edits } from "../script/edits.js";
import { patternNames, withoutExport } from "../script/names.js";
import { children, type AnyNode } from "../script/parse.js";

/** A type to be asked for: that of the name at `offset` of the cell, or what the function there returns. */
export interface Hole {
  offset: number;
  of: "type" | "return";
  /** Used where the printed type cannot stand outside of the cell. */
  fallback?: string;
}

export interface Declaration {
  name: string;
  /** `const` and `let` are declared anew above each cell; the rest is imported there. */
  kind: "const" | "let" | "namespace import" | "other";
  /** A name may be a type's and a value's at once; a class cannot be parted into both. */
  means: "value" | "type" | "both";
  /** Text with holes in between. */
  parts: (string | Hole)[];
  /** What gives the value alone of what is both. */
  valueText?: string;
}

export interface CellDeclarations {
  declarations: Declaration[];
  /** Import statements, one a name. */
  imports: Declaration[];
  /** `declare global` and `declare module` blocks, which name nothing. */
  augmentations: string[];
}

export function declarationsOf(program: Program, source: string, comments: readonly Comment[]): CellDeclarations {
  const found: CellDeclarations = { declarations: [], imports: [], augmentations: [] };
  const overloaded = new Set<string>();
  for (const statement of program.body) {
    const node = withoutExport(statement) as Statement;
    const doc = docBefore(statement, source, comments);
    switch (node.type) {
      case "VariableDeclaration":
        found.declarations.push(...variables(node, source, doc));
        break;
      case "TSDeclareFunction":
      case "FunctionDeclaration": {
        const name = node.id?.name;
        if (!name) break;
        // The implementation of an overloaded function is not one of its signatures.
        if (node.type === "TSDeclareFunction") overloaded.add(name);
        else if (overloaded.has(name)) break;
        found.declarations.push({ name, kind: "other", means: "value", parts: [doc, "export declare function ", ...functionSignature(node, node.id!.start, source), ";"] });
        break;
      }
      case "ClassDeclaration":
        if (node.id) found.declarations.push({ name: node.id.name, kind: "other", means: "both", parts: [doc, "export declare ", ...classParts(node, source)] });
        break;
      case "TSInterfaceDeclaration":
      case "TSTypeAliasDeclaration":
        found.declarations.push({ name: node.id.name, kind: "other", means: "type", parts: [doc, "export ", source.slice(node.start, node.end), ";"] });
        break;
      case "TSEnumDeclaration":
        found.declarations.push({ name: node.id.name, kind: "other", means: "both", parts: [doc, "export ", source.slice(node.start, node.end)] });
        break;
      case "TSModuleDeclaration":
        if (node.kind === "global" || node.id.type === "Literal") found.augmentations.push(source.slice(node.start, node.end));
        else if (node.id.type === "Identifier") found.declarations.push({ name: node.id.name, kind: "other", means: "both", parts: [doc, "export ", source.slice(node.start, node.end)] });
        break;
      case "ImportDeclaration":
        found.imports.push(...imports(node));
        break;
      case "TSImportEqualsDeclaration": {
        const { name } = node.id;
        const isRequire = node.moduleReference.type === "TSExternalModuleReference";
        const text = source.slice(node.start, node.end).replace(/^export\s+/, "").replace(/;?\s*$/, ";");
        (isRequire ? found.imports : found.declarations).push({ name, kind: "other", means: "both", parts: isRequire ? [text, `export { ${name} };`] : [`export ${text}`] });
        break;
      }
    }
  }
  // `var` in blocks and loops belongs to the cell, too.
  for (const node of nestedVars(program)) found.declarations.push(...variables(node, source, ""));
  return found;
}

function variables(node: VariableDeclaration, source: string, doc: string): Declaration[] {
  const isConst = node.kind === "const" || node.kind.endsWith("using");
  const keyword = isConst ? "const" : "let";
  return node.declarations.flatMap(({ id, init }) => {
    if (id.type !== "Identifier") {
      return identifiersOf(id).map(({ name, start }): Declaration => ({ name, kind: keyword, means: "value", parts: [doc, `export declare ${keyword} ${name}: `, { offset: start, of: "type" }, ";"] }));
    }
    const written = id.typeAnnotation && source.slice(id.typeAnnotation.typeAnnotation.start, id.typeAnnotation.typeAnnotation.end);
    const type = written ?? literalType(init, isConst) ?? { offset: id.start, of: "type" as const, fallback: init ? source.slice(init.start, init.end) : undefined };
    return [{ name: id.name, kind: keyword, means: "value", parts: [doc, `export declare ${keyword} ${id.name}: `, type, ";"] }];
  });
}

/** A longer text is a `string` to later cells: its type would hold it whole. */
const LONGEST_LITERAL = 200;

/** The type of a plain literal, which nobody needs to be asked for. */
function literalType(init: Expression | null, isConst: boolean): string | undefined {
  if (!init) return "any";
  if (init.type === "TemplateLiteral") return init.expressions.length && isConst ? undefined : "string";
  if (init.type !== "Literal") return undefined;
  const { value } = init;
  if (value === null || !["number", "string", "boolean", "bigint"].includes(typeof value)) return undefined;
  const isShort = (init.raw?.length ?? 0) <= LONGEST_LITERAL;
  return isConst && isShort ? init.raw ?? undefined : typeof value;
}

/** `name<T>(a: A, b = 1): R`, the result asked for where it is not written. */
function functionSignature(node: FunctionNode, nameOffset: number, source: string): (string | Hole)[] {
  return [node.id?.name ?? "", ...signatureTail(node, nameOffset, source)];
}

function signatureTail(node: FunctionNode, nameOffset: number, source: string): (string | Hole)[] {
  const generics = node.typeParameters ? source.slice(node.typeParameters.start, node.typeParameters.end) : "";
  const [first] = node.params;
  const last = node.params.at(-1);
  const params = first && last ? source.slice(first.start, last.end) : "";
  return [`${generics}(${params}): `, node.returnType ? source.slice(node.returnType.typeAnnotation.start, node.returnType.typeAnnotation.end) : { offset: nameOffset, of: "return" }];
}

function classParts(node: Class, source: string): (string | Hole)[] {
  const { body } = node;
  const headEdits = new Edits(source.slice(0, body.start));
  for (const { start, end } of node.decorators) headEdits.blank(start, end);
  const head = headEdits.apply().text.slice(node.start).replace(/^\s*(?:declare\s+)?/, "");
  const parts: (string | Hole)[] = [head, "{"];
  for (const member of body.body) {
    if (member.type === "StaticBlock") continue;
    const at = member.start;
    const decorators = "decorators" in member ? member.decorators : [];
    const start = decorators.length ? decorators.at(-1)!.end : at;
    const text = (from: number, to: number) => source.slice(from, to);
    if (member.type === "MethodDefinition" && !member.computed && member.value.body && member.key.type !== "PrivateIdentifier") {
      const { value, key, kind } = member;
      const modifiers = text(start, key.start).replace(/\basync\b|\*/g, "");
      const name = text(key.start, key.end) + (member.optional ? "?" : "");
      const tail = signatureTail(value, key.start, source);
      if (kind === "constructor" || kind === "set") parts.push("\n", docInside(body, member, source), modifiers, name, (tail[0] as string).replace(/: $/, ";"));
      else if (kind === "get") parts.push("\n", docInside(body, member, source), modifiers, name, "(): ", value.returnType ? tail[1]! : { offset: key.start, of: "type" }, ";");
      else parts.push("\n", docInside(body, member, source), modifiers, name, ...tail, ";");
    } else if (member.type === "PropertyDefinition" && !member.computed && member.value && !member.typeAnnotation) {
      const { key, value } = member;
      const type = literalType(value, member.readonly ?? false) ?? { offset: key.start, of: "type" as const };
      parts.push("\n", docInside(body, member, source), text(start, key.end), ": ", type, ";");
    } else if (member.type === "PropertyDefinition" && member.typeAnnotation) {
      parts.push("\n", docInside(body, member, source), text(start, member.typeAnnotation.end), ";");
    } else {
      // Computed names, signatures and index signatures: as written.
      parts.push("\n", text(start, member.end), ";");
    }
  }
  parts.push("}");
  return parts;
}

function docInside(body: AnyNode, member: AnyNode, source: string): string {
  const before = source.slice(body.start, member.start);
  const doc = /\/\*\*(?:[^*]|\*(?!\/))*\*\/\s*$/.exec(before);
  return doc ? `${doc[0].trimEnd()}\n` : "";
}

function imports(node: ImportDeclaration): Declaration[] {
  const attributes = node.attributes.length ? ` with { ${node.attributes.map(({ key, value }) => `${key.type === "Identifier" ? key.name : key.raw}: ${value.raw}`).join(", ")} }` : "";
  const from = ` from ${node.source.raw}${attributes};`;
  return node.specifiers.map((specifier) => {
    const { name } = specifier.local;
    const isType = node.importKind === "type" || (specifier.type === "ImportSpecifier" && specifier.importKind === "type");
    const keyword = isType ? "import type" : "import";
    const clause = (local: string): string =>
      specifier.type === "ImportNamespaceSpecifier" ? `* as ${local}`
      : specifier.type === "ImportDefaultSpecifier" ? local
      : `{ ${specifier.imported.type === "Identifier" ? specifier.imported.name : specifier.imported.raw} as ${local} }`;
    const parts = [`${keyword} ${clause(name)}${from} export ${isType ? "type " : ""}{ ${name} };`];
    const kind = specifier.type === "ImportNamespaceSpecifier" ? "namespace import" : "other";
    if (isType) return { name, kind, means: "type", parts };
    const asValue = `${name}__value`;
    return { name, kind, means: "both", parts, valueText: `import ${clause(asValue)}${from} export declare const ${name}: typeof ${asValue};` };
  });
}

function identifiersOf(pattern: AnyNode): { name: string; start: number }[] {
  const names = new Set(patternNames(pattern));
  const found: { name: string; start: number }[] = [];
  const visit = (node: AnyNode, isBinding: boolean): void => {
    const { type, name } = node as AnyNode & { name?: string };
    if (type === "Identifier" && isBinding && names.has(name!)) found.push({ name: name!, start: node.start });
    if (type === "Property") visit((node as AnyNode & { value: AnyNode }).value, true);
    else if (type === "AssignmentPattern") visit((node as AnyNode & { left: AnyNode }).left, true);
    else if (/Pattern$|^RestElement$/.test(type)) for (const child of children(node)) visit(child, true);
  };
  visit(pattern, true);
  return found;
}

function nestedVars(program: Program): VariableDeclaration[] {
  const top = new Set<AnyNode>(program.body.map((statement) => withoutExport(statement)));
  const found: VariableDeclaration[] = [];
  const visit = (node: AnyNode): void => {
    if (/Function|^Class|^TS|Expression$|Literal$/.test(node.type)) return;
    if (node.type === "VariableDeclaration" && (node as VariableDeclaration).kind === "var" && !top.has(node)) found.push(node as VariableDeclaration);
    for (const child of children(node)) visit(child);
  };
  visit(program);
  return found;
}

/** The doc comment of a statement. */
function docBefore(statement: AnyNode, source: string, comments: readonly Comment[]): string {
  const doc = comments.findLast(({ type, value, end }) => type === "Block" && value.startsWith("*") && end <= statement.start && !source.slice(end, statement.start).trim());
  return doc ? `${source.slice(doc.start, doc.end)}\n` : "";
}
