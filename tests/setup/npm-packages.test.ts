import { expect, test } from "vitest";
import { holds, isForHere } from "../../scripts/steps/npm-packages.mjs";

const here = { version: "1.0.0", optional: true, os: [process.platform], cpu: [process.arch] };
const elsewhere = { version: "1.0.0", optional: true, os: ["aix"], cpu: ["ppc64"] };

test("the part of a package for this platform must be there, those for others need not", () => {
  const wanted = { "node_modules/tool": { version: "1.0.0" }, "node_modules/tool-here": here, "node_modules/tool-aix": elsewhere };
  const tool = { "node_modules/tool": { version: "1.0.0" } };
  expect(holds(wanted, { ...tool, "node_modules/tool-here": here })).toBe(true);
  // as copied from another machine
  expect(holds(wanted, { ...tool, "node_modules/tool-aix": elsewhere })).toBe(false);
});

test("another version is not the lock file's, a missing optional package may be", () => {
  expect(holds({ "node_modules/a": { version: "2.0.0" } }, { "node_modules/a": { version: "1.0.0" } })).toBe(false);
  expect(holds({ "node_modules/a": { version: "2.0.0", optional: true } }, {})).toBe(true);
  expect(holds({ "": {}, "kernel": { version: "1.0.0" }, "node_modules/thawbook": { link: true } }, {})).toBe(true);
});

test("a package of another C library is for elsewhere", () => {
  expect(isForHere(here)).toBe(true);
  if (process.platform === "linux") expect([isForHere({ ...here, libc: ["glibc"] }), isForHere({ ...here, libc: ["musl"] })].filter(Boolean)).toHaveLength(1);
});
