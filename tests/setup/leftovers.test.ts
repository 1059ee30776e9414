import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { at } from "../../scripts/lib/places.mjs";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "left over "))));
afterEach(() => rmSync(folder, { recursive: true }));

/** Stands in for npm: a program that starts another one, both of which do not end by themselves. */
const PROGRAM = `
const { spawn } = require("node:child_process");
const { writeFileSync } = require("node:fs");
if (process.argv[2] !== "child") {
  const child = spawn(process.execPath, [__filename, "child"]);
  writeFileSync(__dirname + "/pids", process.pid + " " + child.pid);
}
setInterval(() => undefined, 1000);
`;

/** A set-up of one step that runs the program, in a process of its own; resolves once both are at work. */
async function started() {
  const program = join(folder, "program.cjs");
  writeFileSync(program, PROGRAM);
  const script = join(folder, "set-up.mjs");
  const url = (file: string) => JSON.stringify(pathToFileURL(at("scripts/lib", file)).href);
  writeFileSync(script, `
import { command } from ${url("command.mjs")};
import { setUp } from ${url("steps.mjs")};
const run = () => command("leftovers-test", process.execPath, [${JSON.stringify(program)}]);
await setUp([{ id: "endless", name: "endless", after: [], inputs: () => 1, outputs: () => [${JSON.stringify(join(folder, "never"))}], run }], { folder: ${JSON.stringify(join(folder, "stamps"))} });
`);
  const setUp = spawn(process.execPath, [script], { stdio: "ignore" });
  const pids = join(folder, "pids");
  while (!existsSync(pids) || !/^\d+ \d+$/.test(readFileSync(pids, "utf8"))) await new Promise((done) => setTimeout(done, 50));
  return { setUp, children: readFileSync(pids, "utf8").split(" ").map(Number) };
}

const isAlive = (pid: number): boolean => {
  // one that has ended and is not waited for yet (an orphan of a container without an init) is no longer at work
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
  return stdout.trim() !== "" && !stdout.trim().startsWith("Z");
};

async function gone(pids: number[]): Promise<void> {
  while (pids.some(isAlive)) await new Promise((done) => setTimeout(done, 50));
}

test.each(["SIGTERM", "SIGINT"] as const)("%s ends a set-up with all that it has started", async (signal) => {
  const { setUp, children } = await started();
  setUp.kill(signal);
  await once(setUp, "exit");
  await gone(children);
  expect(setUp.exitCode).toBe(signal === "SIGINT" ? 130 : 143);
});

test("what a killed set-up has left is ended by the next one", async () => {
  const { setUp, children } = await started();
  setUp.kill("SIGKILL");
  await once(setUp, "exit");
  expect(children.every(isAlive)).toBe(true);
  const next = spawnSync(process.execPath, ["--input-type=module", "-e", `
import { setUp } from ${JSON.stringify(pathToFileURL(at("scripts/lib/steps.mjs")).href)};
await setUp([], { folder: ${JSON.stringify(join(folder, "stamps"))} });`], { encoding: "utf8" });
  expect(next.stdout).toContain(`Ended process ${children[0]}`);
  await gone(children);
});
