import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { at } from "../../scripts/lib/places.mjs";
import { diagnose, titles } from "../../scripts/lib/trouble.mjs";
import { wheelFor } from "../../scripts/lib/wheel.mjs";

/** Runs a module of the scripts with nothing but Node (and what `programs` says) on the PATH. */
function withPath(programs: Record<string, string>, code: string) {
  const folder = mkdtempSync(join(tmpdir(), "path "));
  try {
    for (const [name, script] of Object.entries(programs)) writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const environment = { ...process.env, PATH: folder, CXX: "", THAWBOOK_PYTHON: "" };
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8", cwd: at("."), env: environment });
    return stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const printTrouble = (module: string, call: string) =>
  `import * as it from "./scripts/${module}"; try { console.log(${call}) } catch (trouble) { console.log(trouble.title, trouble.evidence, trouble.cure) }`;

describe("what is missing on the machine", () => {
  test("a compiler: the packages to install", () => {
    const addon = `{ id: "none", sources: () => [], flags: [], place: "x" }`;
    const said = withPath({}, printTrouble("lib/addon.mjs", `it.lookForCompiler(${addon})`));
    expect(said).toContain("No C++ compiler was found not on the PATH: c++, g++, clang++");
    expect(said).toContain("apt-get install g++");
    expect(said).toContain("xcode-select --install");
  });

  test("a Python, one that is new enough, one with venv", () => {
    const call = printTrouble("lib/python.mjs", "it.findPython().program");
    expect(withPath({}, call)).toContain("No Python 3.10 or newer was found python3: not found");
    expect(withPath({ python3: "echo 3.9.2; echo venv" }, call)).toContain("python3: 3.9.2");
    expect(withPath({ python3: "echo 3.11.2; exit 1" }, call)).toContain("Python's venv module is missing");
    expect(withPath({ python3: "echo 3.9.2; echo venv", "python3.12": "echo 3.12.1; echo venv" }, call)).toBe("python3.12\n");
  });

  test("a wheel for the platform", () => {
    expect(() => wheelFor("win32", "x64", "cpu")).toThrow("There is no TensorFlow wheel for win32-x64");
    expect(() => wheelFor("darwin", "arm64", "cuda")).toThrow("There is no TensorFlow wheel for darwin-arm64 with THAWBOOK_TENSORFLOW=cuda");
  });
});

test.each([
  ["npm error code ENOSPC", "The disk is full"],
  ["OSError: [Errno 28] No space left on device", "The disk is full"],
  ["npm error code SELF_SIGNED_CERT_IN_CHAIN", "A certificate was not trusted"],
  ["npm error code EAI_AGAIN\nnpm error syscall getaddrinfo", "The network cannot be reached"],
  ["Failed to establish a new connection: [Errno -3] Temporary failure in name resolution", "The network cannot be reached"],
  ["npm error code EACCES", "A file cannot be written"],
  ["ERROR: No matching distribution found for jupyterlab==4.6.6", "The package index lacks a version"],
  ["g++: fatal error: Killed signal terminated program cc1plus", "The machine ran out of memory"],
])("%s", (output, title) => {
  const trouble = diagnose("npm ci", output, "a.log");
  expect(trouble.title).toBe(title);
  expect(trouble.evidence).toBe(output);
});

test("any other failure shows its last lines and where the rest is", () => {
  const trouble = diagnose("c++", "x.cc:1: error: expected ;", ".cache/logs/tfjs-addon.log");
  expect(`${trouble.title} ${trouble.cure}`).toContain("c++ failed");
  expect(trouble.cure).toContain(".cache/logs/tfjs-addon.log");
});

test("setup.md explains every trouble by its title", () => {
  expect(existsSync(at("setup.md"))).toBe(true);
  const headings = readFileSync(at("setup.md"), "utf8").match(/^### .*/gm) ?? [];
  expect(headings).toEqual(expect.arrayContaining(titles.map((title) => `### ${title}`)));
});
