// Finds a Python that can make the virtual environment.
import { spawnSync } from "node:child_process";
import { troubles } from "./trouble.mjs";

const probe = `
import sys
print("%d.%d.%d" % sys.version_info[:3])
import ensurepip, venv
print("venv")`;

/** Python's own word on itself. @param {string} program */
function ask(program) {
  const { stdout = "" } = spawnSync(program, ["-c", probe], { encoding: "utf8" });
  const [version, venv] = (stdout ?? "").trim().split("\n");
  if (!version) return undefined;
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return { version, newEnough: major === 3 && minor >= 10, venv: venv === "venv" };
}

/**
 * The first Python that is 3.10 or newer and has venv.
 * @returns {{ program: string, version: string }}
 * @throws {import("./trouble.mjs").Trouble}
 */
export function findPython() {
  const named = process.env.THAWBOOK_PYTHON;
  const programs = named ? [named] : ["python3", "python3.13", "python3.12", "python3.11", "python3.10", "python3.14", "python"];
  /** @type {string[]} */
  const seen = [];
  let withoutVenv;
  for (const program of programs) {
    const answer = ask(program);
    seen.push(`${program}: ${answer?.version ?? "not found"}`);
    if (!answer?.newEnough) continue;
    if (answer.venv) return { program, version: answer.version };
    withoutVenv ??= program;
  }
  throw withoutVenv ? troubles.noVenv(withoutVenv) : troubles.noPython(seen.join("\n"));
}
