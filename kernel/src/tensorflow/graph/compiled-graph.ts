import type { Tensor, Variable } from "@tensorflow/tfjs-node";
import { requireTf } from "../load";
import { nodeBackend } from "../backend";
import { attribute, DataTypes } from "./builder";
import { threadsFor } from "./config";
import { TraceError } from "./errors";
import type { Output, TypedArray } from "./native";
import { GraphSession } from "./session";
import type { Plan } from "./session";
import { flatten, rebuild } from "./structure";
import type { Structure } from "./structure";
import { record } from "./trace";
import type { Capture } from "./trace";

interface Fetch {
  output: Output;
  shape: number[];
  dtype: "float32" | "int32" | "bool";
}

/** One recording of a function, for one combination of shapes. */
export class CompiledGraph {
  private readonly session: GraphSession;
  private readonly plan: Plan;
  private readonly captures: readonly Capture[];
  private readonly structure: Structure;
  private readonly fetches: readonly Fetch[];
  private readonly assigned: readonly { variable: Variable; fetch: Fetch }[];

  /** @throws TraceError where the function cannot become a graph */
  constructor(inputs: readonly Tensor[], fn: (inputs: Tensor[]) => unknown, threads: number | "auto") {
    const session: GraphSession = (this.session = new GraphSession(() => ({ threads: threadsFor(threads, session.graph.work) })));
    const { graph } = session;
    try {
      const placeholders = inputs.map((tensor, index) => {
        if (tensor.dtype !== "float32" && tensor.dtype !== "int32" && tensor.dtype !== "bool") throw new TraceError("argument", `a tensor of type ${tensor.dtype} cannot enter a graph`);
        return graph.placeholder(`input_${index}`, DataTypes[tensor.dtype], tensor.shape);
      });
      const { result, captures, assigned } = record(graph, (tracer) => {
        const { tensors, structure } = flatten(fn(placeholders.map((output) => tracer.tensor(output))));
        return { structure, fetches: tensors.map((tensor) => this.fetch(tracer.output(tensor), tensor)) };
      });
      this.captures = captures;
      this.structure = result.structure;
      this.fetches = result.fetches;
      this.assigned = [...assigned].map(([variable, output]) => ({ variable, fetch: this.fetch(output, variable) }));
      this.plan = this.session.plan([...placeholders, ...captures.map(({ output }) => output)], [...this.fetches, ...this.assigned.map(({ fetch }) => fetch)].map(({ output }) => output));
    } catch (error) {
      this.session.close();
      throw error;
    }
  }

  run(values: readonly TypedArray[]): unknown {
    const tf = requireTf();
    const backend = nodeBackend();
    const captured = this.captures.map((capture) => backend.readSync((capture.variable ?? capture.tensor).dataId));
    const results = this.plan.run([...values, ...captured]);
    const tensor = ({ shape, dtype }: Fetch, index: number) => tf.tensor(results[index] as Float32Array, shape, dtype);
    const tensors = this.fetches.map(tensor);
    this.assigned.forEach(({ variable, fetch }, index) => {
      const value = tensor(fetch, this.fetches.length + index);
      variable.assign(value as never);
      value.dispose();
    });
    return rebuild(this.structure, tensors);
  }

  dispose(): void {
    this.session.close();
  }

  private fetch(output: Output, { shape, dtype }: Tensor): Fetch {
    if (dtype !== "float32" && dtype !== "int32" && dtype !== "bool") throw new TraceError("result", `a tensor of type ${dtype} cannot leave a graph`);
    // What is fed cannot be fetched as it is.
    const copy = this.session.graph.add("Identity", [output], [attribute.type("T", DataTypes[dtype])])[0]!;
    return { output: copy, shape: [...shape], dtype };
  }
}
