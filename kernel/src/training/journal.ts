import type { RunEventMark } from "../display/views";
import type { EpochRecord, StepColumns } from "./run.types";

/** What was measured and what happened on the way, up to a step. */
export class Journal {
  history: EpochRecord[] = [];
  columns: StepColumns = { step: [], learningRate: [], metrics: { loss: [] } };
  gradientNorms: number[] = [];
  marks: RunEventMark[] = [];
  /** What trains from a step on: the paths of the weights. In order; the first holds from the beginning. */
  freezing: { step: number; trained: readonly string[] }[] = [];

  /** The same, kept apart. */
  copy(): Journal {
    const made = new Journal();
    made.history = [...this.history];
    made.columns = { step: [...this.columns.step], learningRate: [...this.columns.learningRate], metrics: { loss: [...this.columns.metrics["loss"]!] } };
    made.gradientNorms = [...this.gradientNorms];
    made.marks = [...this.marks];
    made.freezing = [...this.freezing];
    return made;
  }

  /** As it was when `step` steps had been taken. */
  upTo(step: number): Journal {
    const made = this.copy();
    made.history = this.history.filter((record) => record.step <= step);
    made.columns.step.length = made.columns.learningRate.length = made.columns.metrics["loss"]!.length = made.gradientNorms.length = step;
    // A change of what is frozen is made after one step and acts in the next; best weights are put back after a step, too.
    made.freezing = this.freezing.filter((entry, index) => index === 0 || entry.step < step);
    made.marks = this.marks.filter((mark) => mark.step < step || (mark.step === step && (mark.kind === "fork" || (mark.kind === "note" && step === 0))));
    return made;
  }

  /** What trained in the step that followed `step` steps. */
  trainedAt(step: number): readonly string[] | undefined {
    return this.freezing.findLast((entry) => entry.step <= step)?.trained;
  }
}
