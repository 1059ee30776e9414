// The sections of the test run: what each starts and how its machine-readable report is counted.
import { readFileSync } from "node:fs";
import { findBrowser } from "./browser.mjs";
import { at, python } from "./places.mjs";

/**
 * @typedef {{ passed: number, failed: number }} Count
 * @typedef {object} Section
 * @property {string} name
 * @property {readonly string[]} command
 * @property {string} [report] what it leaves in test-results/
 * @property {(report: string) => Count} [count] reads the report; without one the section is a single test, its exit code
 * @property {() => string | undefined} [look] why it cannot run
 */

/**
 * Vitest's JSON. A file that could not be loaded has no test to fail, so it counts itself.
 * @param {string} report @returns {Count}
 */
export function countVitest(report) {
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, "utf8"));
  const unloaded = testResults.filter((/** @type {{ status: string, assertionResults: { status: string }[] }} */ { status, assertionResults }) =>
    status === "failed" && !assertionResults.some((result) => result.status === "failed")).length;
  return { passed: numPassedTests, failed: numFailedTests + unloaded };
}

/**
 * JUnit XML, as pytest writes it: one <testsuite> whose attributes count.
 * @param {string} report @returns {Count}
 */
export function countJunit(report) {
  const suites = readFileSync(report, "utf8").match(/<testsuite\s[^>]*>/g) ?? [];
  /** @param {string} suite @param {string} name */
  const number = (suite, name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  return suites.reduce(
    (sum, suite) => {
      const failed = number(suite, "failures") + number(suite, "errors");
      return { passed: sum.passed + number(suite, "tests") - failed - number(suite, "skipped"), failed: sum.failed + failed };
    },
    { passed: 0, failed: 0 },
  );
}

const node = process.execPath;

/** @param {string} project @returns {Section} */
const vitest = (project) => ({
  name: project,
  command: [node, at("node_modules/vitest/vitest.mjs"), "run", `--project=${project}`, "--reporter=default", "--reporter=json", `--outputFile.json=${at("test-results", `${project}.json`)}`],
  report: `${project}.json`,
  count: countVitest,
});

/** @param {string} name @returns {Section} */
const pytest = (name) => ({
  name,
  command: [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", at("tests", name), `--junitxml=${at("test-results", `${name}.xml`)}`],
  report: `${name}.xml`,
  count: countJunit,
});

/** @type {readonly Section[]} */
export const sections = [
  { name: "types", command: [node, at("node_modules/typescript/bin/tsc"), "-b"] },
  { name: "lint", command: [node, at("node_modules/oxlint/bin/oxlint"), "--deny-warnings"] },
  vitest("unit"),
  pytest("kernel"),
  pytest("notebooks"),
  {
    ...vitest("ui"),
    look: () => findBrowser() ? undefined : "No browser: neither Chromium nor Chrome is on the PATH, and none could be installed. setup.md, Errors, “No browser for the UI tests”.",
  },
];
