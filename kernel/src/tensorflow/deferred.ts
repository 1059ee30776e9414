import type { Variable } from "@tensorflow/tfjs-node";
import { nodeBackend } from "./backend";
import type { TensorEntry } from "./backend";
import type { TypedArray } from "./graph/native";

/**
 * A value of a tfjs variable that lies elsewhere and is fetched when someone first reads it: by `dataSync`, in an op,
 * by a clone. Whoever reads sees a variable like any other; who never reads pays nothing.
 *
 * tfjs-node comes to a tensor's values through its entry in the backend alone, and looks at `values` before `id`
 * except where it disposes of the tensor: so the entry's properties tell who is there.
 */
export class DeferredValue {
  readonly #variable: Variable;
  readonly #dataId: object;
  readonly #entry: TensorEntry;
  readonly #fetch: () => TypedArray;
  #unread = true;

  /** @param fetch gives the values, not to be written afterwards; called once at most */
  constructor(variable: Variable, fetch: () => TypedArray) {
    const backend = nodeBackend();
    this.#variable = variable;
    this.#fetch = fetch;
    const tensor = backend.createOutputTensor({ id: -1, shape: [...variable.shape], dtype: backend.getDTypeInteger(variable.dtype) });
    variable.assign(tensor as never);
    tensor.dispose();
    this.#dataId = variable.dataId;
    this.#entry = backend.tensorMap.get(variable.dataId)!;
    this.#defer();
  }

  /** Whether the variable still has it, and nobody has read it: it may change unseen. */
  get pending(): boolean {
    return this.#unread && this.#variable.dataId === this.#dataId;
  }

  /** Brings the values into the tensor. */
  settle(values = this.#fetch()): void {
    if (!this.#unread) return;
    this.#unread = false;
    const plain = (value: unknown) => ({ value, writable: true, enumerable: true, configurable: true });
    Object.defineProperties(this.#entry, { values: plain(values), id: plain(-1), refCount: plain(1) });
  }

  #defer(): void {
    const entry = this.#entry;
    Object.defineProperties(entry, {
      values: {
        configurable: true,
        get: () => {
          this.settle();
          return entry.values;
        },
      },
      id: { configurable: true, get: () => -1 },
      refCount: {
        configurable: true,
        get: () => 1,
        set: (count: number) => {
          // Another tensor is about to share it: that one keeps the value of this moment. Fewer: it is let go.
          if (count > 1) this.settle();
          else this.#unread = false;
          Object.defineProperty(entry, "refCount", { value: count, writable: true, enumerable: true, configurable: true });
        },
      },
    });
  }
}
