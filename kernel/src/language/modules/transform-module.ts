/**
 * A local TypeScript module -> the body of an async function, as Vite does for its server side: imports are awaited,
 * references to imported names read the namespace at each use (live bindings, cycles), exports are getters.
 *
 * Not Node's own loader: its module cache cannot forget, and a notebook's modules are reloaded when they change.
 */

import { dirname } from "node:path";
import type { Program } from "oxc-parser";
import type { Variable } from "eslint-scope";
import type { PreparedCell } from "../cell.js";
import { blankTypes } from "../script/blank-types.js";
import { Edits } from "../script/edits.js";
import { jsxOptions } from "../script/jsx.js";
import { lower } from "../script/lower.js";
import { patternNames } from "../script/names.js";
import { children, parse, syntaxDiagnostics, type AnyNode } from "../script/parse.js";

/** What the function's parameters are called; see {@link ModuleScript}. */
const IMPORT = "__import";
const EXPORT = "__export";
const EXPORT_ALL = "__exportAll";
const META = "__meta";
const DEFAULT = "__default";

/** `code` is an expression: `async (__import, __export, __exportAll, __meta) => { … }` as a function. */
export interface ModuleScript extends Pick<PreparedCell, "map" | "shifts"> {
  code: string;
}

/** @throws SyntaxError with path, line and column */
export async function transformModule(source: string, path: string): Promise<ModuleScript> {
  const { javascript, map } = await withoutTypes(source, path);
  const { program, errors } = parse(javascript, "js", true);
  if (errors.length) throw syntaxError(path, syntaxDiagnostics(javascript, errors)[0]!);
  const edits = new Edits(javascript);
  writeModule(program, edits);
  const { text, shifts } = edits.apply();
  return { code: text, shifts, ...(map ? { map } : {}) };
}

async function withoutTypes(source: string, path: string): Promise<{ javascript: string; map?: string }> {
  const isJsx = path.endsWith("x");
  const { program, errors } = parse(source, isJsx ? "tsx" : "ts");
  if (errors.length) throw syntaxError(path, syntaxDiagnostics(source, errors)[0]!);
  const edits = new Edits(source);
  const { needsTransform } = blankTypes(program, edits);
  // `<T>{}` got parentheses, or an enum is in the way: the offsets would not be the source's.
  const javascript = needsTransform || isJsx ? undefined : edits.apply().text;
  if (javascript?.length === source.length) return { javascript };
  const lowered = await lower(source, path, isJsx ? jsxOptions(dirname(path)) : undefined);
  if ("diagnostics" in lowered) throw syntaxError(path, lowered.diagnostics[0]!);
  return { javascript: lowered.code, map: lowered.map };
}

function syntaxError(path: string, { message, start }: { message: string; start: { line: number; column: number } }): SyntaxError {
  return new SyntaxError(`${message} (${path}:${start.line}:${start.column})`);
}

function writeModule(program: Program, edits: Edits): void {
  const { analyze } = require("eslint-scope") as typeof import("eslint-scope");
  const { visitorKeys } = require("oxc-parser") as typeof import("oxc-parser");
  const scopes = analyze(program as never, { ecmaVersion: 2022, sourceType: "module", childVisitorKeys: visitorKeys });
  const variables = new Map((scopes.globalScope!.childScopes[0]!.variables as Variable[]).map((variable) => [variable.name, variable]));
  const places = specialPlaces(program);
  const imports: string[] = [];
  const getters: string[] = [];
  const reexports: string[] = [];
  /** What an exported or used name is, where it is an imported one: `__i0.join`. */
  const imported = new Map<string, string>();
  let count = 0;

  const importNamespace = (raw: string, attributes: readonly { key: AnyNode; value: { raw: string | null } }[] = []): string => {
    const name = `__i${count++}`;
    const options = attributes.map(({ key, value }) => `${JSON.stringify((key as unknown as { name?: string; value?: string }).name ?? (key as unknown as { value: string }).value)}:${value.raw}`);
    imports.push(`const ${name}=await ${IMPORT}(${raw}${options.length ? `,{with:{${options.join(",")}}}` : ""});`);
    return name;
  };

  for (const node of program.body) {
    if (node.type !== "ImportDeclaration") continue;
    edits.blankWith(";", node.start, node.end);
    // Names that only types use have no reference in JavaScript: TypeScript drops such an import.
    const used = node.specifiers.filter(({ local }) => variables.get(local.name)?.references.length || isExported(program, local.name));
    if (node.specifiers.length && !used.length) continue;
    const namespace = importNamespace(node.source.raw ?? "", node.attributes);
    for (const specifier of used) {
      const name = specifier.type === "ImportSpecifier" ? (specifier.imported.type === "Identifier" ? specifier.imported.name : String(specifier.imported.value)) : "default";
      imported.set(specifier.local.name, specifier.type === "ImportNamespaceSpecifier" ? namespace : `${namespace}[${JSON.stringify(name)}]`);
    }
  }
  for (const [name, value] of imported) {
    for (const { identifier } of variables.get(name)?.references ?? []) {
      const { start, end } = identifier as unknown as AnyNode;
      if (places.shorthands.has(start)) edits.insert(end, `:${value}`);
      else if (places.exportSpecifiers.has(start)) continue;
      // A function is called without the namespace as its `this`.
      else edits.replace(start, end, places.callees.has(start) ? `(0,${value})` : value);
    }
  }

  const exportGetter = (name: string, value: string) => getters.push(`${JSON.stringify(name)}:()=>${imported.get(value) ?? value}`);
  const nameOf = (node: { type: string }) => (node.type === "Identifier" ? (node as unknown as { name: string }).name : (node as unknown as { value: string }).value);
  for (const node of program.body) {
    if (node.type === "ExportNamedDeclaration" && node.declaration) {
      edits.blank(node.start, node.declaration.start);
      for (const name of declaredNames(node.declaration)) exportGetter(name, name);
    } else if (node.type === "ExportNamedDeclaration") {
      edits.blankWith(";", node.start, node.end);
      const namespace = node.source ? importNamespace(node.source.raw ?? "", node.attributes) : undefined;
      for (const { local, exported } of node.specifiers) {
        if (namespace) getters.push(`${JSON.stringify(nameOf(exported))}:()=>${namespace}[${JSON.stringify(nameOf(local))}]`);
        else exportGetter(nameOf(exported), nameOf(local));
      }
    } else if (node.type === "ExportAllDeclaration") {
      edits.blankWith(";", node.start, node.end);
      const namespace = importNamespace(node.source.raw ?? "", node.attributes);
      if (node.exported) getters.push(`${JSON.stringify(nameOf(node.exported))}:()=>${namespace}`);
      else reexports.push(`${EXPORT_ALL}(${namespace});`);
    } else if (node.type === "ExportDefaultDeclaration") {
      const { declaration } = node;
      const id = /^(?:Function|Class)Declaration$/.test(declaration.type) ? (declaration as { id: { name: string } | null }).id : null;
      if (id) edits.blankWith(";", node.start, declaration.start);
      else edits.replace(node.start, declaration.start, `const ${DEFAULT}=`);
      exportGetter("default", id?.name ?? DEFAULT);
    }
  }
  for (const { start, end } of places.importKeywords) edits.replace(start, end, IMPORT);
  for (const { start, end } of places.metas) edits.replace(start, end, META);
  edits.prepend(`(async function(${IMPORT},${EXPORT},${EXPORT_ALL},${META}){"use strict";${EXPORT}({${getters.join(",")}});${imports.join("")}${reexports.join("")}`);
  edits.insert(edits.source.length, "\n})");
}

function declaredNames(declaration: AnyNode): string[] {
  if (declaration.type === "VariableDeclaration") return (declaration as AnyNode & { declarations: { id: AnyNode }[] }).declarations.flatMap(({ id }) => patternNames(id));
  const { id } = declaration as AnyNode & { id: { name: string } | null };
  return id ? [id.name] : [];
}

function isExported(program: Program, name: string): boolean {
  return program.body.some((node) => node.type === "ExportNamedDeclaration" && !node.source && node.specifiers.some(({ local }) => local.type === "Identifier" && local.name === name));
}

interface SpecialPlaces {
  shorthands: Set<number>;
  callees: Set<number>;
  exportSpecifiers: Set<number>;
  importKeywords: { start: number; end: number }[];
  metas: { start: number; end: number }[];
}

function specialPlaces(program: Program): SpecialPlaces {
  const places: SpecialPlaces = { shorthands: new Set(), callees: new Set(), exportSpecifiers: new Set(), importKeywords: [], metas: [] };
  const visit = (node: AnyNode): void => {
    const { key, callee, tag, local, shorthand, meta } = node as AnyNode & { key: AnyNode; callee: AnyNode; tag: AnyNode; local: AnyNode; shorthand: boolean; meta: { name: string } };
    if (node.type === "Property" && shorthand) places.shorthands.add(key.start);
    else if (node.type === "CallExpression") places.callees.add(callee.start);
    else if (node.type === "TaggedTemplateExpression") places.callees.add(tag.start);
    else if (node.type === "ExportSpecifier") places.exportSpecifiers.add(local.start);
    else if (node.type === "ImportExpression") places.importKeywords.push({ start: node.start, end: node.start + "import".length });
    else if (node.type === "MetaProperty" && meta.name === "import") places.metas.push(node);
    for (const child of children(node)) visit(child);
  };
  visit(program);
  return places;
}
