import type { Tensor, Variable } from "@tensorflow/tfjs-node";
import { DeferredValue } from "../deferred";
import { requireTf } from "../load";
import type { TypedArray } from "./native";

/**
 * The variables of a model whose values live in a session. They always have the present value: it is fetched when
 * somebody reads it. What somebody else assigns is noticed.
 */
export class Mirror {
  private readonly deferred = new Map<string, DeferredValue>();
  /** The tensors that the session knows of: another one was assigned by somebody else. */
  private readonly known = new Map<string, object>();

  constructor(
    private readonly variables: ReadonlyMap<string, Variable>,
    private readonly read: (names: readonly string[]) => ReadonlyMap<string, TypedArray>,
  ) {
    this.accept(variables.keys());
  }

  /** The session has come to other values of these. */
  changed(names: Iterable<string>): void {
    for (const name of names) {
      if (this.deferred.get(name)?.pending) continue;
      const variable = this.variables.get(name)!;
      this.deferred.set(name, new DeferredValue(variable, () => this.read([name]).get(name)!));
      this.known.set(name, variable.dataId);
    }
  }

  /** Which variables were assigned by somebody else. Each has a tensor of its own then, by which a recording tells them apart. */
  assigned(): string[] {
    const taken = new Set<object>();
    const found: string[] = [];
    for (const [name, variable] of this.variables) {
      const own = this.known.get(name) === variable.dataId;
      if (taken.has(variable.dataId)) {
        separate(variable);
        if (own) this.known.set(name, variable.dataId);
      }
      taken.add(variable.dataId);
      if (!own) found.push(name);
    }
    return found;
  }

  /** The session has taken over what these variables have. */
  accept(names: Iterable<string>): void {
    for (const name of names) this.known.set(name, this.variables.get(name)!.dataId);
  }

  /** Fetches what nobody has read yet, in one go: before the session ends, or where all will be read. */
  settle(): void {
    const waiting = [...this.deferred].filter(([, value]) => value.pending);
    const values = this.read(waiting.map(([name]) => name));
    for (const [name, value] of waiting) value.settle(values.get(name));
  }
}

/** Two variables that were set to one tensor share it until one of them moves. */
function separate(variable: Variable): void {
  const tf = requireTf();
  tf.tidy(() => variable.assign(tf.tensor(variable.dataSync().slice() as Float32Array, variable.shape, variable.dtype as "float32") as Tensor as never));
}
