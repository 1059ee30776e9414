// A contestant is a process of its own that takes its rounds on command, so that caches, pools of threads and compiled code live through all of them.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
/** Where PyTorch, TensorFlow and Keras are: python3 -m venv .cache/bench && .cache/bench/bin/pip install torch==2.13.0 tensorflow==2.21.0 keras==3.15.1 */
const python = process.env.THAWBOOK_BENCH_PYTHON ?? join(here, "../../.cache/bench/bin/python");
export const peersThere = existsSync(python);

/** name -> [program, arguments]; `folder` holds the workload. */
export function commands(folder, { measure, kind }, { threads, compile }) {
  const ours = [process.execPath, ["ours.cjs", folder]];
  if (measure === "first") return { ours };
  if (measure === "watched") return { ours, watched: [process.execPath, ["ours.cjs", folder, "--watch"]] };
  const frozen = measure === "epoch" || measure === "epochs";
  return {
    ours,
    tfjs: [process.execPath, ["tfjs.cjs", folder]],
    ...(peersThere && {
      keras: [python, ["keras_fit.py", folder]],
      pytorch: [python, ["pytorch.py", folder, threads]],
      ...(kind !== "encoder" && measure === "step" && { "pytorch, 1 thread": [python, ["pytorch.py", folder, "1"]] }),
      ...(kind !== "encoder" && measure === "step" && compile && { "pytorch, compiled": [python, ["pytorch.py", folder, threads, "--compile"]] }),
      ...(frozen && { "keras, features": [python, ["keras_fit.py", folder, "--features"]], "pytorch, features": [python, ["pytorch.py", folder, threads, "--features"]] }),
    }),
  };
}

export async function start([program, args]) {
  const child = spawn(program, args, { cwd: here, stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "2" } });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${program} ${args.join(" ")} ended`);
      // A library may print a remark of its own.
      if (value.startsWith("{")) return JSON.parse(value);
    }
  };
  await answer();
  return {
    async ask(question) {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      return answer();
    },
    stop: () => child.kill(),
  };
}
