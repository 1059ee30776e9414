/** The TypeScript server's life: it may die, it ends with us, and it leaves nothing behind. */

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { openNotebook } from "./notebook.js";

/** Processes that serve the language and are children of the given one; Linux only, as is `/proc`. */
function servers(parent: number): number[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
      return Number(fields[1]) === parent && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("--lsp");
    } catch {
      return false;
    }
  });
}

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
const ownDirectories = (pid: number): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith(`thawbook-types-${pid}-`));

async function until(condition: () => boolean, ms = 5000): Promise<void> {
  for (const end = Date.now() + ms; !condition() && Date.now() < end; ) await wait(20);
  expect(condition()).toBe(true);
}

describe.runIf(process.platform === "linux")("the server", () => {
  it("is started again when it dies, knows the cells that have run, and the user is told once", async () => {
    const notebook = openNotebook();
    try {
      await notebook.run("const before1 = { a: 1 }");
      const [pid] = servers(process.pid);
      process.kill(pid!, "SIGKILL");
      await until(() => notebook.notices.length > 0);
      expect(await notebook.run("before1.a + 1")).toBe(2);
      await until(() => servers(process.pid).length === 1);
      await wait(500);
      expect(await notebook.faults("before1.nope")).toEqual(["TS2339 1:9 Property 'nope' does not exist on type '{ a: number; }'."]);
      expect((await notebook.language.complete("before1.", 8)).items).toMatchObject([{ text: "a" }]);
      expect(notebook.notices).toEqual([expect.stringContaining("ended unexpectedly and is being restarted")]);
    } finally {
      await notebook.close();
    }
  });

  it("that dies while a cell is checked lets the cell run", async () => {
    const notebook = openNotebook();
    try {
      await notebook.run("1");
      const value = notebook.run("const checked1 = tf.ones; 5");
      await wait(5);
      process.kill(servers(process.pid)[0]!, "SIGKILL");
      expect(await value.catch((error: Error) => error.message)).toEqual(expect.toBeOneOf([5, expect.stringContaining("tf is not defined")]));
    } finally {
      await notebook.close();
    }
  });

  it("that keeps dying is given up, and cells run on", { timeout: 20_000 }, async () => {
    const notebook = openNotebook();
    try {
      for (let i = 0; i < 6; i++) {
        await until(() => servers(process.pid).length === 1);
        process.kill(servers(process.pid)[0]!, "SIGKILL");
        await until(() => notebook.notices.length > i);
      }
      expect(notebook.notices.at(-1)).toContain("cells run unchecked from now on");
      expect(await notebook.run("1 + 1")).toBe(2);
      expect(await notebook.run("const un1: number = 'x' as any; un1")).toBe("x");
      expect((await notebook.language.complete("Math.", 5)).items).toEqual([]);
      expect(notebook.language.isComplete("[1,")).toMatchObject({ status: "incomplete" });
    } finally {
      await notebook.close();
    }
  });

  it("that is given too much lets the cell run, and serves the next one", { timeout: 60_000 }, async () => {
    const notebook = openNotebook();
    try {
      await notebook.run("const small1 = 1");
      // the time that its check takes doubles with each level
      expect(await notebook.run(`const deep1 = ${"[".repeat(300)}1${"]".repeat(300)}; deep1.length`)).toBe(1);
      expect(notebook.notices).toEqual([expect.stringMatching(/^This cell runs unchecked: its check takes longer than 5 s/)]);
      expect(await notebook.run("const anything1 = () => deep1.anything; small1 + 1")).toBe(2);
      expect(await notebook.faults("small1.nope")).toEqual(["TS2339 1:8 Property 'nope' does not exist on type '1'."]);
      expect(notebook.notices).toHaveLength(1);
    } finally {
      await notebook.close();
    }
  });

  it("that cannot tell types leaves names of type any, and the user is told", async () => {
    const notebook = openNotebook();
    try {
      await notebook.run("1");
      const server = (Reflect.get(notebook.language, "checker") as { server: { withTypes: unknown } }).server;
      let asked = 0;
      server.withTypes = () => Promise.reject(new Error(`no types ${++asked}`));
      await notebook.run("const untyped1 = { a: 1 }");
      expect(await notebook.faults("untyped1.b")).toEqual([]);
      expect(notebook.notices).toEqual(["The types of what cell 2 declares could not be read (no types 2): they are `any` to later cells."]);
    } finally {
      await notebook.close();
    }
  });

  it("ends with the language, which removes its directory", async () => {
    const notebook = openNotebook();
    await notebook.run("1");
    const [pid] = servers(process.pid);
    expect(ownDirectories(process.pid)).toHaveLength(1);
    await notebook.close();
    expect(isAlive(pid!)).toBe(false);
    expect(ownDirectories(process.pid)).toEqual([]);
  });

  it("ends with a kernel that is killed, whose directory the next one removes", async () => {
    const door = resolve("kernel/lib/language/index.js");
    const script = `const l = require(${JSON.stringify(door)}).createLanguage({ folder: ".", notebookNames: [] }); l.ready.then(() => console.log("ready")); setInterval(() => {}, 1000)`;
    const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    const [server] = servers(child.pid!);
    expect(server).toBeGreaterThan(0);
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
    await until(() => !isAlive(server!));
    expect(ownDirectories(child.pid!)).toHaveLength(1);
    mkdirSync(join(tmpdir(), `thawbook-types-${child.pid!}-more`));
    const notebook = openNotebook();
    expect(ownDirectories(child.pid!)).toEqual([]);
    await notebook.close();
  });
});
