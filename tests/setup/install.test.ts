import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { kernelMain, kernelspec } from "../../kernel/bin/kernelspec.mjs";
import { at } from "../../scripts/lib/places.mjs";

let prefix: string;
beforeEach(() => void (prefix = mkdtempSync(join(tmpdir(), "my jupyter "))));
afterEach(() => rmSync(prefix, { recursive: true }));

function thawbook(...words: string[]) {
  const environment = { ...process.env, JUPYTER_DATA_DIR: join(prefix, "home"), HOME: prefix };
  return spawnSync(process.execPath, [at("kernel/bin/thawbook.mjs"), ...words], { encoding: "utf8", env: environment });
}

test("the kernelspec starts the compiled kernel on this Node", () => {
  expect(kernelspec()).toEqual({
    argv: [process.execPath, kernelMain, "{connection_file}"],
    display_name: "TypeScript (Thawbook)",
    language: "typescript",
    interrupt_mode: "message",
    metadata: expect.any(Object),
  });
  expect(existsSync(kernelMain)).toBe(true);
});

test("install puts kernel and extension into a prefix, uninstall takes them out", () => {
  const data = join(prefix, "share/jupyter");
  const installed = thawbook("install", "--prefix", prefix);
  expect(installed.stderr).toBe("");
  expect(installed.stdout).toContain(join(data, "kernels/thawbook"));
  expect(readdirSync(join(data, "kernels/thawbook")).sort()).toEqual(["kernel.json", "logo-32x32.png", "logo-64x64.png", "logo-svg.svg"]);
  expect(JSON.parse(readFileSync(join(data, "kernels/thawbook/kernel.json"), "utf8"))).toEqual(kernelspec());
  const extension = JSON.parse(readFileSync(join(data, "labextensions/@thawbook/extension/package.json"), "utf8"));
  expect(extension.name).toBe("@thawbook/extension");
  expect(existsSync(join(data, "labextensions/@thawbook/extension", extension.jupyterlab._build.load))).toBe(true);

  expect(thawbook("install", `--prefix=${prefix}`).status).toBe(0); // again, over itself
  expect(thawbook("uninstall", "--prefix", prefix).stdout).toContain("removed");
  expect(readdirSync(join(data, "kernels"))).toEqual([]);
  expect(readdirSync(join(data, "labextensions"))).toEqual([]);
  expect(thawbook("uninstall", "--prefix", prefix).stdout).toContain("nothing of Thawbook");
});

test("--user is the home's data directory", () => {
  thawbook("install", "--user");
  expect(existsSync(join(prefix, "home/kernels/thawbook/kernel.json"))).toBe(true);
});

test("a wrong option is named", () => {
  const { status, stderr } = thawbook("install", "--prefx", "x");
  expect(status).toBe(1);
  expect(stderr).toContain("“--prefx x” is none of");
  expect(thawbook("instal").status).toBe(2);
});

test("doctor names what is missing and its cure", () => {
  const { stdout, status } = thawbook("doctor");
  expect(stdout).toMatch(/✓ TensorFlow +tfjs-node 4\.22\.0, backend tensorflow/);
  expect(stdout).toMatch(/✗ the kernelspec, in your Jupyter +npx thawbook install/);
  expect(status).toBe(1);
});

test("doctor knows another build of the same version", () => {
  thawbook("install", "--user");
  const file = join(prefix, "home/labextensions/@thawbook/extension/package.json");
  const extension = JSON.parse(readFileSync(file, "utf8"));
  expect(thawbook("doctor").stdout).toMatch(/✓ the extension, in your Jupyter/);
  extension.jupyterlab._build.load = "static/remoteEntry.0123456789abcdef.js";
  writeFileSync(file, JSON.stringify(extension));
  expect(thawbook("doctor").stdout).toMatch(/✗ the extension, in your Jupyter .* is another build of \d[\d.]*; npx thawbook install/);
});

test("install writes nothing while the extension is not built", () => {
  // the package alone, as of a checkout that was not set up
  const bin = join(prefix, "kernel/bin");
  mkdirSync(bin, { recursive: true });
  cpSync(at("kernel/bin"), bin, { recursive: true });
  const { status, stderr } = spawnSync(process.execPath, [join(bin, "thawbook.mjs"), "install", "--prefix", prefix], { encoding: "utf8" });
  expect(status).toBe(1);
  expect(stderr).toContain("The JupyterLab extension is not built");
  expect(existsSync(join(prefix, "share"))).toBe(false);
});
