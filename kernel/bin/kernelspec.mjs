// Writes the kernelspec and the JupyterLab extension into a Jupyter data directory (the one with kernels/ and labextensions/ in it).
// Set-up and `thawbook install` both do it here, so that a notebook finds the same kernel either way.
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const packageFolder = fileURLToPath(new URL("..", import.meta.url));
const logos = ["logo-32x32.png", "logo-64x64.png", "logo-svg.svg"];
const extensionName = "@thawbook/extension";

/** The process that Jupyter starts. */
export const kernelMain = join(packageFolder, "lib/main.js");

/** Where a built extension lies: packed with the kernel, or beside it in a checkout. */
export const extensionSource = () =>
  [join(packageFolder, "labextension"), join(packageFolder, "../extension/labextension")].find((folder) => existsSync(join(folder, "package.json")));

/** @param {string} data */
export const kernelspecFolder = (data) => join(data, "kernels/thawbook");
/** @param {string} data */
export const extensionFolder = (data) => join(data, "labextensions", extensionName);

/**
 * The content of kernel.json.
 * @param {string} [node] the Node that runs the kernel
 */
export const kernelspec = (node = process.execPath) => ({
  argv: [node, kernelMain, "{connection_file}"],
  display_name: "TypeScript (Thawbook)",
  language: "typescript",
  interrupt_mode: "message",
  metadata: { debugger: true },
});

/**
 * Makes a folder whole or not at all: it is filled beside its place and moved there.
 * @param {string} folder @param {(part: string) => void} fill
 */
function replaceFolder(folder, fill) {
  const part = `${folder}.${process.pid}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  fill(part);
  rmSync(folder, { recursive: true, force: true });
  renameSync(part, folder);
}

/** @param {string} data a Jupyter data directory */
export function writeKernelspec(data) {
  const folder = kernelspecFolder(data);
  replaceFolder(folder, (part) => {
    writeFileSync(join(part, "kernel.json"), `${JSON.stringify(kernelspec(), undefined, 2)}\n`);
    for (const logo of logos) cpSync(join(packageFolder, "assets", logo), join(part, logo));
  });
  return folder;
}

/** @throws Error where there is none */
export function builtExtension() {
  const source = extensionSource();
  if (!source) throw new Error("The JupyterLab extension is not built. In a checkout: npm run setup.");
  return source;
}

/** @param {string} data a Jupyter data directory */
export function writeExtension(data) {
  const source = builtExtension();
  const folder = extensionFolder(data);
  replaceFolder(folder, (part) => {
    cpSync(source, part, { recursive: true });
    // By this file JupyterLab tells the user who put the extension there.
    writeFileSync(join(part, "install.json"), `${JSON.stringify({ packageManager: "npm", packageName: "thawbook", uninstallInstructions: "npx thawbook uninstall" }, undefined, 2)}\n`);
  });
  return folder;
}

/**
 * Takes both away again.
 * @param {string} data a Jupyter data directory
 * @returns the folders that were there
 */
export function remove(data) {
  const folders = [kernelspecFolder(data), extensionFolder(data)].filter((folder) => existsSync(folder));
  for (const folder of folders) rmSync(folder, { recursive: true });
  const scope = dirname(extensionFolder(data));
  try {
    rmdirSync(scope);
  } catch {
    // Not empty, or never there.
  }
  return folders;
}

/** @param {string} folder a kernelspec's folder @returns {{ argv: string[] } | undefined} */
export function readKernelspec(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, "kernel.json"), "utf8"));
  } catch {
    return undefined;
  }
}
