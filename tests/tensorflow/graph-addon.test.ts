import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { requireTf } from "../../kernel/lib/tensorflow/index.js";
import { GraphBuilder } from "../../kernel/lib/tensorflow/graph/builder.js";
import { GraphSession } from "../../kernel/lib/tensorflow/graph/session.js";
import { encodeMessage } from "../../kernel/lib/tensorflow/graph/protobuf.js";
import { sessionConfig, threadsFor } from "../../kernel/lib/tensorflow/graph/config.js";
import { outputOf, requireGraphAddon } from "../../kernel/lib/tensorflow/graph/native.js";

requireTf();
const addon = requireGraphAddon() as unknown as Record<string, (...args: unknown[]) => unknown>;
const session = () => new GraphSession(() => ({ threads: 1 }));

/** x -> x * 2, for [3]. */
function doubling() {
  const made = session();
  const { graph } = made;
  const x = graph.placeholder("x", 1, [3]);
  const y = graph.add("Mul", [x, graph.constant(1, [], Float32Array.of(2))])[0]!;
  return { made, x, y };
}

describe("the addon", () => {
  it("runs on the library that tfjs-node has loaded, once in the process", () => {
    expect(addon["tensorflowVersion"]!()).toMatch(/^2\.\d+/);
    if (process.platform !== "linux") return;
    const mapped = readFileSync("/proc/self/maps", "utf8").split("\n").filter((line) => line.includes("libtensorflow_cc")).map((line) => line.trim().split(/\s+/)[5]);
    expect(new Set(mapped).size).toBe(1);
  });

  it("feeds, fetches and says TensorFlow's reason where a run fails", () => {
    const { made, x, y } = doubling();
    const plan = made.plan([x], [y]);
    expect([...(plan.run([Float32Array.of(1, 2, 3)])[0] as Float32Array)]).toEqual([2, 4, 6]);
    const log = made.graph.add("CheckNumerics", [y], [{ name: "message", kind: "string", value: "here" }])[0]!;
    const checked = made.plan([x], [log]);
    expect(() => checked.run([Float32Array.of(1, NaN, 3)])).toThrow(/here.*NaN/);
    try {
      checked.run([Float32Array.of(1, NaN, 3)]);
    } catch (error) {
      expect((error as { code: string }).code).toBe("TF_INVALID_ARGUMENT");
    }
    expect([...(checked.run([Float32Array.of(1, 2, 3)])[0] as Float32Array)]).toEqual([2, 4, 6]);
    made.close();
  });

  it("knows shapes at once, also those that follow from constants", () => {
    const graph = new GraphBuilder();
    const x = graph.placeholder("x", 1, [2, 6]);
    const shape = graph.constant(3, [2], Int32Array.of(3, -1));
    expect(graph.shape(graph.add("Reshape", [x, shape])[0]!)).toEqual([3, 4]);
    expect(() => graph.add("MatMul", [x, x])).toThrow(/[Dd]imensions must be equal/);
    expect(() => graph.add("NoSuchOp", [])).toThrow(/NoSuchOp/);
    expect(() => graph.add("Mul", [x])).toThrow(/1 inputs do not fit/);
  });

  it("returns copies: writing into a result changes no variable", () => {
    const made = session();
    const { graph } = made;
    const handle = graph.add("VarHandleOp", [], [{ name: "dtype", kind: "type", value: 1 }, { name: "shape", kind: "shape", value: [2] }, { name: "shared_name", kind: "string", value: "v" }])[0]!;
    const dtype = { name: "dtype", kind: "type", value: 1 } as const;
    const assign = graph.operation("AssignVariableOp", [handle, graph.constant(1, [2], Float32Array.of(1, 2))], [dtype]);
    const read = graph.add("ReadVariableOp", [handle], [dtype])[0]!;
    made.plan([], [], [assign]).run([]);
    const plan = made.plan([], [read]);
    (plan.run([])[0] as Float32Array)[0] = 99;
    expect([...(plan.run([])[0] as Float32Array)]).toEqual([1, 2]);
  });

  it("lets the event loop go on during an asynchronous run, and ends one that is in flight before the session", async () => {
    const made = session();
    const { graph } = made;
    let output = graph.placeholder("x", 1, [512, 512]);
    const x = output;
    for (let i = 0; i < 20; i++) output = graph.add("MatMul", [output, x])[0]!;
    const plan = made.plan([x], [output]);
    const value = new Float32Array(512 * 512).fill(1 / 512);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const result = plan.runAsync([value]);
    made.close();
    expect(((await result)[0] as Float32Array)[5]).toBeCloseTo(1 / 512, 6);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
    expect(() => plan.run([value])).toThrow(/closed/);
    await expect(async () => plan.runAsync([value])).rejects.toThrow(/closed/);
  });

  it("answers every wrong argument with an error", () => {
    const { made, x, y } = doubling();
    const graph = made.graph.native;
    const plan = addon["preparePlan"]!(addon["createSession"]!(graph, sessionConfig({ threads: 1 })), [x], [y], []);
    const wrong: unknown[] = [undefined, null, 1, -1, NaN, 1e300, "text", true, [], {}, [null], [[[]]], [-1], [1e15], [0.5], Symbol("s"), 5n, () => 1, new Float32Array(3), new Int32Array(3), new DataView(new ArrayBuffer(8)), graph, plan, new Proxy({}, { get: () => { throw new Error("trap"); } })];
    const lengths: Record<string, number> = { createGraph: 0, tensorflowVersion: 0, opDefinition: 2, addOp: 6, importGraph: 7, serializeGraph: 1, createSession: 2, closeSession: 1, preparePlan: 4, runPlan: 2, runPlanAsync: 2, profilePlan: 2 };
    expect(Object.keys(addon).sort()).toEqual(Object.keys(lengths).sort());
    let refused = 0;
    const valid: Record<string, unknown[]> = { addOp: [graph, "Identity", "i", [x], [], []], importGraph: [graph, new Uint8Array(0), "p", [], [], [], []], opDefinition: [graph, "Mul"], createSession: [graph, new Uint8Array(0)], runPlan: [plan, [new Float32Array(3)]], runPlanAsync: [plan, [new Float32Array(3)]], preparePlan: [made, [x], [y], []] };
    for (const [name, length] of Object.entries(lengths)) {
      for (let place = 0; place < length; place++) {
        for (const value of wrong) {
          const args: unknown[] = (valid[name] ?? Array.from({ length }, () => graph)).map((each, index) => (index === place ? value : each));
          try {
            void addon[name]!(...args);
          } catch (error) {
            expect(error).toBeInstanceOf(Error);
            refused++;
          }
        }
        expect(() => addon[name]!(...Array(place))).toThrow();
      }
    }
    expect(refused).toBeGreaterThan(300);
    expect(() => addon["addOp"]!(graph, "Cast", "c", [x], [], [{ name: "DstT", kind: "tensor", value: { dtype: 1, shape: [-1], values: new Float32Array(1) } }])).toThrow(/negative/);
    expect(() => addon["addOp"]!(graph, "Const", "c", [], [], [{ name: "value", kind: "tensor", value: { dtype: 1, shape: [2 ** 31, 2 ** 31], values: new Float32Array(1) } }])).toThrow(/do not fill/);
    expect(() => addon["addOp"]!(graph, "Identity", "d", [outputOf(0, 7)], [], [])).toThrow(/no output 7/);
    expect(() => addon["runPlan"]!(plan, [new Int32Array(3)])).toThrow(/x: expected a Float32Array/);
  });

  it("frees sessions that nobody holds any more", () => {
    const collect = (globalThis as { gc?: () => void }).gc ?? (() => createRequire(import.meta.url)("node:vm").runInNewContext("0"));
    const cycle = () => {
      const { made, x, y } = doubling();
      made.plan([x], [y]).run([new Float32Array(3)]);
      made.close();
    };
    for (let i = 0; i < 50; i++) cycle();
    collect();
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 300; i++) cycle();
    collect();
    expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(80);
  });
});

describe("the configuration of a session", () => {
  it("is written as Protocol Buffers write it", () => {
    expect([...encodeMessage([[2, 1], [5, -1], [7, true], [16, [[3, "AB"]]]])]).toEqual([16, 1, 40, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 56, 1, 130, 1, 4, 26, 2, 65, 66]);
    expect([...encodeMessage([[2, 300]])]).toEqual([16, 172, 2]);
  });

  it("gives small graphs one thread, and says what a number of threads is", () => {
    expect(threadsFor("auto", 1e6)).toBe(1);
    expect(threadsFor("auto", 1e9)).toBeGreaterThanOrEqual(1);
    expect(threadsFor(3, 0)).toBe(3);
    expect(() => threadsFor(0, 0)).toThrow(/threads: a whole number from 1/);
  });
});
