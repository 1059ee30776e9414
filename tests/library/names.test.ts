import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { NOTEBOOK_NAMES } from "../../kernel/lib/names.js";

const require = createRequire(import.meta.url);
const run = (...args: string[]) => execFileSync(process.execPath, args, { encoding: "utf8" }).trim();

describe("what a notebook starts with", () => {
  it("is what the library exports", () => {
    expect(Object.keys(require("thawbook") as object).sort()).toEqual([...NOTEBOOK_NAMES].sort());
  });

  it("loads neither TensorFlow nor danfojs before they are touched", () => {
    const code = `
      const library = require("thawbook");
      const loaded = (part) => Object.keys(require.cache).some((path) => path.includes(part));
      const before = [loaded("tfjs"), loaded("danfojs")];
      const same = library.tf === require("@tensorflow/tfjs-node");
      console.log(JSON.stringify([before, [loaded("tfjs-node"), loaded("danfojs")], same]));`;
    expect(JSON.parse(run("-e", code))).toEqual([[false, false], [true, false], true]);
  });

  // Node reads every export of a CommonJS module that is imported so: danfojs is loaded here, which is 1.7 of 2.5 s of processor time.
  it("can be imported by name from an ES module too", () => {
    const code = 'import { tf, dfd, finetune } from "thawbook"; console.log(tf.scalar(3).arraySync(), typeof dfd.DataFrame, typeof finetune);';
    expect(run("--input-type=module", "-e", code)).toBe("3 function function");
  }, 120_000);
});
