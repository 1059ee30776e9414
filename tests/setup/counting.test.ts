import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { countJunit, countVitest } from "../../scripts/lib/sections.mjs";

const folder = mkdtempSync(join(tmpdir(), "reports "));
afterAll(() => rmSync(folder, { recursive: true }));

function report(text: string) {
  const path = join(folder, "report");
  writeFileSync(path, text);
  return path;
}

test("pytest's errors count as failures, its skips as nothing", () => {
  const xml = `<?xml version="1.0"?><testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="2" skipped="3" tests="10" time="1.5"><testcase name="failures=&quot;9&quot;"/></testsuite></testsuites>`;
  expect(countJunit(report(xml))).toEqual({ passed: 4, failed: 3 });
});

test("a Vitest file that cannot be loaded counts as one failure", () => {
  const testResults = [
    { status: "failed", assertionResults: [] },
    { status: "failed", assertionResults: [{ status: "failed" }, { status: "passed" }] },
    { status: "passed", assertionResults: [{ status: "passed" }] },
  ];
  expect(countVitest(report(JSON.stringify({ numPassedTests: 2, numFailedTests: 1, testResults })))).toEqual({ passed: 2, failed: 2 });
});
