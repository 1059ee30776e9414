/**
 * The directory on disk that the TypeScript server takes for its project. The documents live in memory only, but without a
 * real tsconfig.json above them the server puts them into an inferred project, which is slow and resolves nothing.
 */

import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative, resolve } from "node:path";
import { LIBRARIES } from "./libraries.js";
import { NOTEBOOK_GLOBALS } from "./notebook-globals.js";

export interface Workspace {
  readonly directory: string;
  /**
   * Makes the packages that a text imports visible to the server.
   * @returns paths that are new on disk; the server must be told of them
   */
  link(text: string): string[];
  /** As {@link link}, for packages that have been installed since: they may come before the kernel's own of the same name. */
  linkAgain(): string[];
  /** Packages that a cell can import by name, without Node's own modules. */
  packages(): string[];
  /** Of them, those that a notebook means to use: what its package.json depends on, and what the kernel brings for cells. */
  dependencies(): string[];
  /** A module of the notebook's folder, as against one of a package. */
  isLocal(path: string): boolean;
  /** The files that a text's relative imports may mean and that exist; the text stands in the notebook's folder, or in another. */
  localModules(text: string, from?: string): string[];
  /** Whether a name that the server offers behind `./` is the folder's or a cell's, and not one of our own documents. */
  isBeside(specifier: string, name: string): boolean;
  /** Makes a cell a module, in the place of the one that had the name before. */
  define(name: string, text: string, kind: { jsx: boolean; browser: boolean }): { path: string; created: string[]; changed: string[]; deleted: string[] };
  isCellModule(path: string): boolean;
  /** As people call a local module: its path from the notebook's folder on. */
  nameOf(path: string): string;
  /** Whether Node would find the module, though the server has no types for it. */
  resolves(specifier: string): boolean;
  /** Puts documents into the directory. */
  write(documents: ReadonlyMap<string, string>): void;
  remove(): void;
}

/** A second project below the first. */
export const AHEAD_DIRECTORY = "ahead";
/** Another: cells and modules for the browser. */
export const BROWSER_DIRECTORY = "browser";
/** Cells that are modules, where their imports of the notebook's files are resolved, too. */
const MODULES_DIRECTORY = "modules";

/** What JupyterLab gives to JavaScript that a cell shows. */
const BROWSER_GLOBALS = "/** Where the cell's output stands. */\ndeclare const element: HTMLElement;\n";

const PREFIX = "thawbook-types-";

/** @param folder the notebook's folder: its packages, its tsconfig.json and its own modules are those of the cells */
export function createWorkspace(folder: string): Workspace {
  sweepLeftovers();
  const directory = realpathSync(mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`)));
  let remover: ChildProcess | undefined;
  // the server is started first
  const starting = setImmediate(() => (remover = removeWhenGone(directory)));
  const modules = join(directory, "node_modules");
  mkdirSync(modules);
  // Read anew each time: the notebook may install packages.
  const ownRoots = (): string[] => nodeModulesAbove(folder);
  // What the kernel itself brings (@types/node, tfjs-node, danfojs-node, tslab), after what the notebook's folder has.
  const kernelRoots = nodeModulesAbove(__dirname);
  const ownPackage = resolve(__dirname, "../../..");
  const linked = new Map<string, string>();

  const find = (name: string): string | undefined => {
    if (name === "thawbook") return ownPackage;
    return [...ownRoots(), ...kernelRoots].map((root) => join(root, name)).find((path) => existsSync(path));
  };
  const linkPackage = (name: string): string[] => {
    if (linked.has(name)) return [];
    const target = find(name);
    // Not there yet: looked for again at the next cell, it may be installed by then.
    if (!target) return [];
    linked.set(name, target);
    const path = join(modules, name);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(target, path, "junction");
    return [path];
  };
  const linkWithTypes = (name: string): string[] => [...linkPackage(name), ...linkPackage(`@types/${name.replace(/^@(.+)\//, "$1__")}`)];

  writeFileSync(join(directory, "tsconfig.json"), JSON.stringify(projectConfig(folder, directory, [...ownRoots(), ...kernelRoots])));
  writeFileSync(join(directory, "notebook-globals.d.ts"), NOTEBOOK_GLOBALS);
  mkdirSync(join(directory, AHEAD_DIRECTORY));
  writeFileSync(join(directory, AHEAD_DIRECTORY, "tsconfig.json"), JSON.stringify({ extends: "../tsconfig.json", include: ["*.ts", "../notebook-globals.d.ts"] }));
  mkdirSync(join(directory, MODULES_DIRECTORY));
  mkdirSync(join(directory, BROWSER_DIRECTORY));
  writeFileSync(join(directory, BROWSER_DIRECTORY, "browser-globals.d.ts"), BROWSER_GLOBALS);
  writeFileSync(join(directory, BROWSER_DIRECTORY, "tsconfig.json"), JSON.stringify({
    extends: "../tsconfig.json", include: ["*"], compilerOptions: { lib: ["esnext", "dom", "dom.iterable"], types: [] },
  }));
  linkPackage("@types/node");
  const cellModules = [MODULES_DIRECTORY, BROWSER_DIRECTORY].map((name) => join(directory, name));
  const isCellModule = (path: string): boolean => cellModules.includes(dirname(path));
  return {
    directory,
    link: (text) => packagesNamed(text).flatMap(linkWithTypes),
    linkAgain: () => [...linked].flatMap(([name, target]) => {
      if (find(name) === target) return [];
      linked.delete(name);
      rmSync(join(modules, name), { force: true });
      return linkPackage(name);
    }),
    packages: () => [...new Set([...ownRoots().flatMap(packagesIn), ...KERNEL_PACKAGES])].sort(),
    dependencies: () => [...new Set([...dependenciesOf(findUp(folder, "package.json")), ...KERNEL_PACKAGES])],
    isLocal: (path) => (!path.startsWith(directory) || isCellModule(path)) && !/[\\/]node_modules[\\/]/.test(path),
    localModules: (text, from = folder) => specifiersIn(text).filter((specifier) => /^\.{0,2}\//.test(specifier)).flatMap((specifier) => {
      const path = resolve(from, specifier);
      const stem = path.replace(/\.[cm]?[jt]sx?$/, "");
      const cells = dirname(path) === folder ? cellModules.flatMap((root) => [".ts", ".tsx"].map((extension) => join(root, basename(stem) + extension))) : [];
      return [...cells, path, `${stem}.ts`, `${stem}.tsx`, `${stem}.d.ts`, `${stem}.mts`, join(path, "index.ts")].filter(isFile);
    }).filter((path, index, all) => all.indexOf(path) === index),
    isBeside(specifier, name) {
      const beside = resolve(folder, specifier.slice(0, specifier.lastIndexOf("/") + 1));
      if (beside === folder && cellModules.some((root) => [".ts", ".tsx"].some((extension) => existsSync(join(root, name + extension))))) return true;
      return existsSync(beside) && readdirSync(beside).some((file) => file === name || file.startsWith(`${name}.`));
    },
    define(name, text, { jsx, browser }) {
      const path = join(directory, browser ? BROWSER_DIRECTORY : MODULES_DIRECTORY, name + (jsx ? ".tsx" : ".ts"));
      const others = cellModules.flatMap((root) => [".ts", ".tsx"].map((extension) => join(root, name + extension))).filter((other) => other !== path && existsSync(other));
      for (const other of others) rmSync(other);
      const wasThere = existsSync(path);
      writeFileSync(path, text);
      return { path, created: wasThere ? [] : [path], changed: wasThere ? [path] : [], deleted: others };
    },
    isCellModule,
    nameOf: (path) => (isCellModule(path) ? basename(path) : relative(folder, path)),
    resolves(specifier) {
      if (isBuiltin(specifier)) return true;
      const name = packageName(specifier);
      return name !== undefined && find(name) !== undefined;
    },
    write(documents) {
      for (const [name, text] of documents) writeFileSync(join(directory, name), text);
    },
    remove() {
      rmSync(directory, { recursive: true, force: true });
      clearImmediate(starting);
      remover?.stdin?.end();
    },
  };
}

/**
 * Settings in which cells are checked: strict, but without the complaints that make sense in a project only.
 * @param modules folders of packages
 */
function projectConfig(folder: string, directory: string, modules: readonly string[]): object {
  const own = findUp(folder, "tsconfig.json");
  const ownText = own ? readFileSync(own, "utf8") : "";
  return {
    ...(own ? { extends: own } : {}),
    compilerOptions: {
      target: "esnext",
      // `import x from "cjs"`, `import y = require("z")`, and packages by their `exports`, as bundlers and our importer do.
      module: "preserve",
      moduleResolution: "bundler",
      moduleDetection: "force",
      esModuleInterop: true,
      resolveJsonModule: true,
      allowImportingTsExtensions: true,
      allowJs: false,
      ...(/"jsx"\s*:/.test(ownText) ? {} : { jsx: "react" }),
      ...(/"lib"\s*:/.test(ownText) ? {} : { lib: LIBRARIES }),
      ...(/"types"\s*:/.test(ownText) ? {} : { types: ["node"] }),
      // What the folder's tsconfig.json names under `types` lies in its packages.
      ...(/"typeRoots"\s*:/.test(ownText) ? {} : { typeRoots: [directory, ...modules.map(dirname)].map((root) => join(root, "node_modules", "@types")) }),
      strict: true,
      // Implicit `any` is allowed: the checker's diagnostics leave it out.
      noImplicitAny: true,
      noImplicitThis: false,
      useUnknownInCatchVariables: false,
      noUnusedLocals: false,
      noUnusedParameters: false,
      noImplicitReturns: false,
      noPropertyAccessFromIndexSignature: false,
      allowUnreachableCode: true,
      allowUnusedLabels: true,
      verbatimModuleSyntax: false,
      isolatedModules: false,
      isolatedDeclarations: false,
      erasableSyntaxOnly: false,
      experimentalDecorators: false,
      noErrorTruncation: true,
      skipLibCheck: true,
      noEmit: true,
      composite: false,
      incremental: false,
      declaration: false,
      rootDirs: [directory, join(directory, MODULES_DIRECTORY), join(directory, BROWSER_DIRECTORY), folder],
    },
    include: ["*.ts", "*.tsx", `${MODULES_DIRECTORY}/*`],
    // Nothing is fetched from a registry.
    typeAcquisition: { enable: false },
    exclude: [],
    references: [],
  };
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Of the kernel's own packages, those that are meant for cells. */
const KERNEL_PACKAGES = ["thawbook", "@tensorflow/tfjs-node", "danfojs-node", "tslab"];

function packagesIn(root: string): string[] {
  return readdirSync(root).flatMap((name) => {
    if (name.startsWith(".") || name === "@types") return [];
    return name.startsWith("@") ? readdirSync(join(root, name)).map((part) => `${name}/${part}`) : [name];
  });
}

function dependenciesOf(manifest: string | undefined): string[] {
  try {
    const { dependencies = {}, devDependencies = {} } = JSON.parse(manifest ? readFileSync(manifest, "utf8") : "{}") as Record<string, Record<string, string>>;
    return Object.keys({ ...dependencies, ...devDependencies });
  } catch {
    // One that is being written at this moment, or that npm would refuse, too.
    return [];
  }
}

const SPECIFIER = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*|\btypes\s*=\s*|\bmodule\s+)(["'`])([^"'`\n]+)\1/g;

function specifiersIn(text: string): string[] {
  return [...text.matchAll(SPECIFIER)].map(([, , specifier]) => specifier!);
}

function packagesNamed(text: string): string[] {
  const names = specifiersIn(text).map(packageName);
  return [...new Set(names.filter((name): name is string => name !== undefined))];
}

/** `@scope/name/file` -> `@scope/name`; undefined for a path or a built-in. */
export function packageName(specifier: string): string | undefined {
  if (/^[./]|^[a-z]+:/i.test(specifier) || isBuiltin(specifier)) return undefined;
  return /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0];
}

function nodeModulesAbove(folder: string): string[] {
  const found: string[] = [];
  for (let at = resolve(folder); ; at = dirname(at)) {
    const path = join(at, "node_modules");
    if (existsSync(path)) found.push(path);
    if (dirname(at) === at) return found;
  }
}

/** The nearest such file from the folder upwards, as far as the package that the folder belongs to. */
function findUp(folder: string, name: string): string | undefined {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const path = join(at, name);
    if (existsSync(path)) return path;
    if (existsSync(join(at, "package.json")) || dirname(at) === at) return undefined;
  }
}

/**
 * Removes the directory once this process is gone, however it went: a signal leaves no time to. A shell waits for the end of
 * its input, which is the kernel's; where there is none, the next kernel does it.
 */
function removeWhenGone(directory: string): ChildProcess | undefined {
  if (process.platform === "win32") return undefined;
  const shell = spawn("/bin/sh", ["-c", 'read -r _; rm -rf -- "$0"', directory], { stdio: ["pipe", "ignore", "ignore"], detached: true, cwd: "/" });
  shell.on("error", () => undefined);
  shell.unref();
  return shell;
}

/** Directories of kernels that were killed before they could clean up. */
function sweepLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length).split("-")[0]) : 0;
    if (pid && !isAlive(pid)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
