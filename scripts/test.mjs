// npm test: sets up what is missing, runs the sections and ends in one line, `N passed, N failed`.
// npm test -- kernel ui: these sections only. npm test -- --quick: types, lint and unit.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { setUp } from "./lib/steps.mjs";
import { seconds } from "./lib/console.mjs";
import { at, cached, jupyterEnvironment } from "./lib/places.mjs";
import { sections } from "./lib/sections.mjs";
import { forQuickTests, forTests } from "./steps/index.mjs";

const quick = ["types", "lint", "unit"];

/** A word on the command line that means nothing. */
class WrongWord extends Error {}

/** @param {string[]} words */
function chosen(words) {
  const names = words.filter((word) => word !== "--quick");
  const unknown = names.find((name) => !sections.some((section) => section.name === name));
  if (unknown) throw new WrongWord(`There is no section “${unknown}”; there are ${sections.map(({ name }) => name).join(", ")}.`);
  const wanted = names.length > 0 ? names : words.includes("--quick") ? quick : sections.map(({ name }) => name);
  return sections.filter(({ name }) => wanted.includes(name));
}

/**
 * Runs one section. A runner that crashes, or runs nothing, has failed, whatever its report says.
 * @param {import("./lib/sections.mjs").Section} section
 */
function run(section) {
  console.log(`\n── ${section.name} ${"─".repeat(70 - section.name.length)}`);
  const report = at("test-results", section.report ?? `${section.name}.none`);
  rmSync(report, { force: true });
  const started = performance.now();
  const problem = section.look?.();
  const status = problem ? 1 : spawnSync(section.command[0] ?? "", section.command.slice(1), { cwd: at("."), env: environment(), stdio: "inherit" }).status;
  const counted = section.count && existsSync(report) ? section.count(report) : { passed: 0, failed: 0 };
  const result = section.count ? counted : { passed: status === 0 ? 1 : 0, failed: 0 };
  if (result.passed + result.failed === 0 || (status !== 0 && result.failed === 0)) result.failed += 1;
  if (problem) console.log(problem);
  return { name: section.name, ...result, ms: performance.now() - started };
}

const environment = () => ({ ...process.env, ...jupyterEnvironment, PLAYWRIGHT_BROWSERS_PATH: cached("playwright"), PYTHONDONTWRITEBYTECODE: "1", PYTHONPATH: undefined });

async function main() {
  const wanted = chosen(process.argv.slice(2));
  const steps = wanted.every(({ name }) => quick.includes(name)) ? forQuickTests : forTests;
  if (!(await setUp(steps, { quiet: true }))) return { passed: 0, failed: 1 };
  for (const folder of [at("test-results"), cached("jupyter")]) mkdirSync(folder, { recursive: true });
  const results = wanted.map(run);
  console.log("");
  for (const { name, passed, failed, ms } of results)
    console.log(`${failed === 0 ? "✓" : "✗"} ${name.padEnd(10)} ${String(passed).padStart(5)} passed ${String(failed).padStart(4)} failed ${seconds(ms).padStart(9)}`);
  return results.reduce((sum, { passed, failed }) => ({ passed: sum.passed + passed, failed: sum.failed + failed }), { passed: 0, failed: 0 });
}

const { passed, failed } = await main().catch((error) => {
  console.log(error instanceof WrongWord ? error.message : error);
  return { passed: 0, failed: 1 };
});
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
