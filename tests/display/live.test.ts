import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { connect, display, settle, show } from "../../kernel/lib/display/index.js";
import { lastStep, mergeDelta } from "../../kernel/lib/display/delta.js";
import { RUN_MIME, type RunView } from "../../kernel/lib/display/views.js";
import { runView } from "../../kernel/lib/display/run-view.js";
import { betweenSteps } from "../../kernel/lib/training/index.js";
import { FakeFrontend, smallRun } from "./runs.js";

let frontend: FakeFrontend;
let cells = 0;

beforeAll(() => {
  frontend = new FakeFrontend();
  connect(frontend);
});

afterEach(() => {
  frontend.sent.length = 0;
  frontend.cell = `cell-${++cells + 1}`;
});

const viewOf = (index: number): RunView => frontend.sent.at(index)?.shown.data[RUN_MIME] as RunView;
const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Makes steps slow enough to be watched; ends with `stop`. */
const slowSteps = (ms: number): (() => void) => betweenSteps(() => wait(ms));

describe("a run that starts in a cell", () => {
  test("is displayed once, and updated to its end by the same id", async () => {
    const run = smallRun(3);
    await run.train();
    const [first, ...updates] = frontend.sent;
    expect(first?.update ?? false).toBe(false);
    expect(Object.keys(first?.shown.data ?? {}).sort()).toEqual([RUN_MIME, "image/png", "text/plain"].sort());
    expect(updates.every(({ update, displayId }) => update && displayId === first?.displayId)).toBe(true);
    expect(viewOf(-1)).toMatchObject({ state: "finished", step: 24 });
    expect(frontend.sent.at(-1)?.shown.data["text/plain"]).toContain("finished");
  });

  test("is not flooded by short epochs: a hundred in a moment give the first, the last and hardly more", async () => {
    const started = performance.now();
    await smallRun(100).train();
    const seconds = (performance.now() - started) / 1000;
    expect(frontend.sent.length).toBeLessThanOrEqual(2 + Math.ceil(seconds));
    expect(viewOf(-1).state).toBe("finished");
  });

  test("as the cell's value too stands there once; in a later cell it is shown again", async () => {
    const run = smallRun(1);
    await run.train();
    expect(await show(run)).toBeUndefined();
    display(run);
    expect(frontend.sent.filter(({ update }) => !update)).toHaveLength(1);
    frontend.cell = "a later one";
    expect((await show(run))?.data[RUN_MIME]).toMatchObject({ state: "finished" });
  });

  test("that goes on in another cell gets its chart there", async () => {
    const run = smallRun(2);
    await run.step(3);
    frontend.cell = "another";
    await run.step(3);
    await settle();
    expect(frontend.sent.filter(({ update }) => !update)).toHaveLength(2);
    expect(viewOf(-1)).toMatchObject({ state: "paused", step: 6 });
    run.dispose();
  });

  test("that waits for its turn is brought up to date as the cell ends", async () => {
    const run = smallRun(2);
    for (let step = 0; step < 4; step++) await run.step();
    await settle();
    expect(viewOf(-1)).toMatchObject({ state: "paused", step: 4 });
    run.dispose();
  });

  test("that is interrupted says so at once", async () => {
    const run = smallRun(5);
    const end = betweenSteps(() => {
      if (run.currentStep === 6) throw Object.assign(new Error("interrupted"), { name: "KeyboardInterrupt" });
    });
    await expect(run.train()).rejects.toThrow("interrupted");
    end();
    expect(viewOf(-1)).toMatchObject({ state: "interrupted", step: 6 });
  });

  test("whose front end fails trains on, and says it once", async () => {
    const run = smallRun(2);
    await run.step();
    const works = frontend.display;
    frontend.display = () => {
      throw new Error("the socket is closed");
    };
    await run.train();
    frontend.display = works;
    expect(run.state).toBe("finished");
    expect(frontend.streamed).toEqual(["The chart of little-net cannot be drawn: the socket is closed\n"]);
  });

  test("shown before it starts, a run is a chart that will live", async () => {
    const run = smallRun(1);
    expect(await show(run)).toBeUndefined();
    expect(viewOf(0).state).toBe("ready");
    await run.train();
    expect(frontend.sent.filter(({ update }) => !update)).toHaveLength(1);
    expect(viewOf(-1).state).toBe("finished");
  });
});

describe("the comm", () => {
  test("answers what a page missed, then tells what is new, at most 4 times a second", async () => {
    const run = smallRun(10);
    const end = slowSteps(12);
    const training = run.train();
    await wait(100);
    const page = frontend.page(run.id, -1);
    const begun = performance.now();
    expect(page.sent[0]).toMatchObject({ kind: "view" });
    await training;
    end();
    const seconds = (performance.now() - begun) / 1000;
    expect(page.sent.length).toBeGreaterThan(2);
    expect(page.sent.length).toBeLessThanOrEqual(2 + Math.ceil(4 * seconds));
    let merged = page.sent[0]!.view;
    for (const { kind, view } of page.sent.slice(1)) {
      // All anew only as long as there was nothing to go on from.
      if (kind === "view") expect(lastStep(merged)).toBe(-1);
      merged = kind === "view" ? view : mergeDelta(merged, view);
    }
    // All that the run has, by way of the messages.
    expect(merged.series).toEqual(runView(run, { trainable: 18, parameters: 42 }).series);
    expect(merged.state).toBe("finished");
    expect(page.sent.at(-1)?.output?.["image/png"]).toBeTypeOf("string");
  });

  test("a page that comes back gets only what it lacks", async () => {
    const run = smallRun(2);
    await run.step(5);
    const page = frontend.page(run.id, 3);
    expect(page.sent[0]?.kind).toBe("delta");
    expect(page.sent[0]?.view.series.find(({ every }) => every === "step")?.steps).toEqual([3, 4, 5]);
    run.dispose();
  });

  test("a run of another session is unknown", () => expect(frontend.page("no-such-run", -1).sent).toEqual([{ kind: "unknown", run: "no-such-run" }]));

  test("pause, resume and stop act within a step", async () => {
    const run = smallRun(50);
    const end = slowSteps(2);
    const training = run.train();
    await wait(50);
    const page = frontend.page(run.id, -1);
    page.say({ kind: "pause" });
    const at = run.currentStep;
    await wait(100);
    expect(run.state).toBe("paused");
    expect(run.currentStep - at).toBeLessThanOrEqual(1);
    page.say({ kind: "resume" });
    await wait(50);
    expect(run.currentStep).toBeGreaterThan(at + 1);
    page.say({ kind: "stop" });
    await training;
    end();
    expect(run.state).toBe("stopped");
    expect(page.sent.at(-1)?.view.state).toBe("stopped");
  });

  test("a page that has left hears nothing more", async () => {
    const run = smallRun(2);
    await run.step();
    const page = frontend.page(run.id, -1);
    page.leave();
    await run.train();
    expect(page.sent).toHaveLength(1);
  });
});
