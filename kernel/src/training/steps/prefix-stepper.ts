import type { Tensor } from "@tensorflow/tfjs-node";
import { disposeBatch } from "../data/data";
import type { Batch } from "../data/data";
import type { FrozenPrefix } from "./frozen-prefix";
import type { BatchScores, ParameterState, Stepper, StepRequest, StepResult } from "./stepper";

/** Takes the steps of the tail of a model, on what its frozen prefix gives. */
export class PrefixStepper implements Stepper {
  readonly #stepper: Stepper;
  readonly #prefix: FrozenPrefix;

  constructor(stepper: Stepper, prefix: FrozenPrefix) {
    this.#stepper = stepper;
    this.#prefix = prefix;
  }

  get most(): number {
    return this.#stepper.most;
  }

  step(request: StepRequest): StepResult {
    return this.steps([request])[0]!;
  }

  steps(requests: readonly [StepRequest, ...StepRequest[]]): StepResult[] {
    return this.#with(requests.map(({ batches }) => batches), (batches) => {
      const [first, ...rest] = requests.map((request, index): StepRequest => ({ ...request, batches: batches[index]! }));
      return this.#stepper.steps([first!, ...rest]);
    });
  }

  evaluate(batch: Batch): BatchScores {
    return this.#with([[batch]], (batches) => this.#stepper.evaluate(batches[0]![0]!));
  }

  gradients(request: StepRequest): Map<string, Tensor> {
    return this.#with([request.batches], (batches) => this.#stepper.gradients({ ...request, batches: batches[0]! }));
  }

  prepare(from: NonNullable<Batch["from"]>, between: (known: number, rows: number) => Promise<void>): Promise<void> {
    return this.#prefix.prepare(from, between);
  }

  share(other: Stepper): void {
    if (other instanceof PrefixStepper) this.#prefix.share(other.#prefix);
  }

  state(): ParameterState {
    return this.#stepper.state();
  }

  restore(state: ParameterState): void {
    this.#stepper.restore(state);
  }

  dispose(): void {
    this.#stepper.dispose();
    this.#prefix.dispose();
  }

  #with<T>(given: readonly (readonly Batch[])[], work: (batches: Batch[][]) => T): T {
    const made: Batch[] = [];
    try {
      const batches = given.map((each) => each.map((batch) => {
        const cut = this.#prefix.apply(batch);
        if (cut) made.push(cut);
        return cut ?? batch;
      }));
      return work(batches);
    } finally {
      made.forEach(disposeBatch);
    }
  }
}
