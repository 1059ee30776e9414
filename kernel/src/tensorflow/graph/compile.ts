import { requireTf } from "../load";
import { gradientInProgress, nodeBackend } from "../backend";
import { TraceError } from "./errors";
import { CompiledGraph } from "./compiled-graph";
import { recording } from "./trace";
import { flatten, rebuild, signatureOf } from "./structure";

export interface CompileOptions {
  /** Names the function in messages; its own name unless given. */
  name?: string;
  /** Graphs kept, one for each combination of shapes and of arguments that are no tensors; 16. The least recently used goes first. */
  graphs?: number;
  /** Threads within one op; "auto": one for small graphs, all cores for larger ones. */
  threads?: number | "auto";
}

/** A compiled function: called like the original. */
export interface Compiled<Arguments extends unknown[], Result> {
  (...args: Arguments): Result;
  /** Why it runs eagerly, or undefined while it runs as a graph. */
  readonly eager: TraceError | undefined;
  /** How many graphs it holds. */
  readonly graphs: number;
  /** Frees the graphs; the next call records again. */
  dispose(): void;
}

/**
 * A tfjs function as one TensorFlow graph: the same numbers up to rounding, without the cost of each single op. It is
 * recorded at the first call, and again for other shapes.
 *
 * - Arguments and results: tensors, and arrays and plain objects of them. Other arguments (numbers, texts) are part of the
 *   recording: a number that changes from call to call belongs into a `tf.scalar`.
 * - `tf.variable`s that it reads have their value of the moment of the call, and it may assign them.
 * - JavaScript in it runs while recording only. Where it reads a tensor's value, draws random numbers with
 *   JavaScript or uses an op with a state of its own, the function runs eagerly; a warning says so once.
 * - Inside `tf.grad` and its kind it runs eagerly too, so that gradients pass through it.
 *
 * @throws whatever the function throws
 * @example
 * const distance = compile((a: tf.Tensor, b: tf.Tensor) => tf.sqrt(tf.sum(tf.square(tf.sub(a, b)))));
 * distance(tf.tensor1d([0, 3]), tf.tensor1d([4, 0])).arraySync(); // 5
 */
export function compile<Arguments extends unknown[], Result>(fn: (...args: Arguments) => Result, options: CompileOptions = {}): Compiled<Arguments, Result> {
  const { name = fn.name || "function", graphs: most = 16, threads = "auto" } = options;
  if (typeof fn !== "function") throw new TypeError(`compile takes a function, not ${typeof fn}`);
  if (!(Number.isInteger(most) && most >= 1)) throw new RangeError(`graphs: at least 1 must be kept; it is ${most}`);
  const graphs = new Map<string, CompiledGraph>();
  let eager: TraceError | undefined;

  const call = (...args: Arguments): Result => {
    requireTf();
    if (eager || gradientInProgress() || recording()) return fn(...args);
    const { tensors, structure } = flatten(args);
    const signature = signatureOf(tensors, structure);
    let graph = graphs.get(signature);
    if (!graph) {
      try {
        graph = new CompiledGraph(tensors, (inputs) => fn(...(rebuild(structure, inputs) as Arguments)), threads);
      } catch (error) {
        if (!(error instanceof TraceError)) throw error;
        eager = error;
        console.warn(`${name} runs eagerly: ${error.message}`);
        return fn(...args);
      }
    } else graphs.delete(signature);
    graphs.set(signature, graph);
    if (graphs.size > most) {
      const [oldest, dropped] = graphs.entries().next().value!;
      graphs.delete(oldest);
      dropped.dispose();
    }
    return graph.run(tensors.map((tensor) => nodeBackend().readSync(tensor.dataId))) as Result;
  };
  return Object.defineProperties(call, {
    name: { value: name },
    eager: { get: () => eager },
    graphs: { get: () => graphs.size },
    dispose: {
      value: () => {
        graphs.forEach((graph) => graph.dispose());
        graphs.clear();
      },
    },
  }) as unknown as Compiled<Arguments, Result>;
}

