import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { at } from "../../scripts/lib/places.mjs";
import { hashOfFiles, stampsIn } from "../../scripts/lib/stamp.mjs";
import { plan, setUp } from "../../scripts/lib/steps.mjs";
import { troubles } from "../../scripts/lib/trouble.mjs";

let folder: string;
let runs: string[];
let printed: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "a b "));
  runs = [];
  printed = "";
  const keep = (chunk: unknown) => ((printed += String(chunk)), true);
  vi.spyOn(process.stdout, "write").mockImplementation(keep);
  vi.spyOn(process.stderr, "write").mockImplementation(keep);
  vi.spyOn(console, "log").mockImplementation((line) => void keep(`${line}\n`));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const stamps = () => join(folder, "stamps");
const source = () => join(folder, "source");

/** A step that copies a source file; `after` another one. */
function copying(id: string, after: string[] = []) {
  const output = join(folder, `${id}.out`);
  return {
    id,
    name: `step ${id}`,
    after,
    inputs: () => hashOfFiles([source()]),
    outputs: () => [output],
    run: async () => {
      runs.push(id);
      writeFileSync(output, readFileSync(source()));
    },
  };
}

describe("a step", () => {
  test("runs once, and again when its input or its result has changed", async () => {
    writeFileSync(source(), "one");
    const steps = [copying("a"), copying("b", ["a"])];
    await setUp(steps, { folder: stamps() });
    await setUp(steps, { folder: stamps() });
    expect(runs).toEqual(["a", "b"]);
    expect(printed).toMatch(/Everything is set up \(0\.\d s\)/);

    writeFileSync(source(), "two");
    await setUp(steps, { folder: stamps() });
    expect(runs).toEqual(["a", "b", "a", "b"]);

    rmSync(join(folder, "b.out"));
    await setUp(steps, { folder: stamps() });
    expect(runs.slice(4)).toEqual(["b"]);
  });

  test("depends on the inputs of those before it", () => {
    writeFileSync(source(), "one");
    const first = copying("a");
    const before = plan([first, copying("b", ["a"])], stamps())[1]?.key;
    const after = plan([{ ...first, inputs: () => "other" }, copying("b", ["a"])], stamps())[1]?.key;
    expect(before).not.toBe(after);
  });

  test("that was killed is not trusted, though its result is there", async () => {
    writeFileSync(source(), "one");
    const finished = copying("a");
    await setUp([finished], { folder: stamps() });
    // The same step, begun again for a new input in another process that is killed halfway.
    const script = `
      import { setUp } from ${JSON.stringify(pathToFileURL(at("scripts/lib/steps.mjs")).href)};
      const step = { id: "a", name: "a", after: [], inputs: () => "new", outputs: () => [${JSON.stringify(join(folder, "a.out"))}],
        run: () => new Promise(() => { process.send("begun"); setInterval(() => {}, 1000); }) };
      await setUp([step], { folder: ${JSON.stringify(stamps())} });`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "ignore", "ignore", "ipc"] });
    await once(child, "message");
    child.kill("SIGKILL");
    await once(child, "exit");

    expect(existsSync(join(folder, "a.out"))).toBe(true);
    expect(plan([finished], stamps())[0]?.fresh).toBe(false);
    await setUp([finished], { folder: stamps() }); // also past the lock of the dead process
    expect(runs).toEqual(["a", "a"]);
  });

  test("that failed says which, why and what to do, and leaves no stamp", async () => {
    const failing = { ...copying("a"), inputs: () => 1, run: () => Promise.reject(troubles.diskFull("write: ENOSPC")) };
    expect(await setUp([failing, copying("b", ["a"])], { folder: stamps() })).toBe(false);
    expect(printed).toContain("step a: The disk is full.");
    expect(printed).toContain("ENOSPC");
    expect(printed).toContain("Free some and run it again");
    expect(runs).toEqual([]);
    expect(stampsIn(stamps()).read("a")).toBeUndefined();
  });

  test("that cannot succeed is told before any step starts", async () => {
    const without = {
      ...copying("b"),
      look: () => {
        throw troubles.noCompiler("c++, g++");
      },
    };
    expect(await setUp([copying("a"), without], { folder: stamps() })).toBe(false);
    expect(runs).toEqual([]);
    expect(printed).toContain("No C++ compiler was found");
  });
});

test("a second set-up waits for the first", async () => {
  writeFileSync(source(), "one");
  const order: string[] = [];
  const slow = (name: string) => ({
    ...copying(name),
    run: async () => {
      order.push(`${name} begins`);
      await new Promise((settle) => setTimeout(settle, 300));
      order.push(`${name} ends`);
    },
  });
  await Promise.all([setUp([slow("a")], { folder: stamps() }), setUp([slow("b")], { folder: stamps() })]);
  expect(order.map((entry) => entry.split(" ")[1])).toEqual(["begins", "ends", "begins", "ends"]);
});
