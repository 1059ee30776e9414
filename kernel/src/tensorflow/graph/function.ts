/** A function of tensors in a session: it reads the state and changes nothing. */
import type { Tensor } from "@tensorflow/tfjs-node";
import type { Plan } from "./session";
import type { Output, TypedArray } from "./native";
import { attribute, DataTypes } from "./builder";
import { TraceError } from "./errors";
import type { Spec, StateSession, StateTracer } from "./state";

/** What a function gives: values and their shapes. */
export interface Values {
  shape: readonly number[];
  dtype: "float32" | "int32" | "bool";
  values: TypedArray;
}

export class StateFunction {
  private readonly plan: Plan;
  private readonly specs: Spec[];

  /** @throws TraceError where the body cannot become a graph */
  constructor(state: StateSession, inputs: readonly Spec[], id: string, body: (tracer: StateTracer, inputs: Tensor[]) => readonly Tensor[]) {
    const recorded = state.record(inputs, (tracer, tensors) => {
      const results = body(tracer, tensors);
      return results.map((tensor): { output: Output; spec: Spec } => {
        const { dtype } = tensor;
        if (dtype !== "float32" && dtype !== "int32" && dtype !== "bool") throw new TraceError("result", `a tensor of type ${dtype} cannot leave a graph`);
        return { output: tracer.output(tensor), spec: { dtype, shape: [...tensor.shape] } };
      });
    });
    const assigned = [...recorded.assigned.keys()][0];
    if (assigned !== undefined) throw new TraceError(assigned, "it is assigned by a function that should change nothing");
    this.specs = recorded.result.map(({ spec }) => spec);
    const session = state.open(recorded.work);
    const { graph } = session;
    const feeds = inputs.map((spec, index) => graph.placeholder(`${id}_input_${index}`, DataTypes[spec.dtype], spec.shape));
    const mapped = new Map(recorded.inputs.map(({ name, index }) => [name, feeds[index]!]));
    for (const { name, state: stateName } of recorded.states) mapped.set(name, state.variable(stateName).read([]));
    const outputs = graph.import(recorded.bytes, id, mapped, recorded.result.map(({ output }) => recorded.reference(output)));
    // A fetch may be an input itself, which cannot be fed and fetched at once.
    const fetches = outputs.map((output, index) => graph.add("Identity", [output], [attribute.type("T", DataTypes[this.specs[index]!.dtype])])[0]!);
    this.plan = session.plan(feeds, fetches);
  }

  run(inputs: readonly TypedArray[]): Values[] {
    return this.described(this.plan.run(inputs));
  }

  async runAsync(inputs: readonly TypedArray[]): Promise<Values[]> {
    return this.described(await this.plan.runAsync(inputs));
  }

  private described(results: readonly TypedArray[]): Values[] {
    return results.map((values, index) => ({ ...this.specs[index]!, values }));
  }
}
