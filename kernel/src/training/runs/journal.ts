import type { RunEventMark } from "../../display/views";
import { InstrumentColumns } from "../steps/instruments";
import type { EpochRecord, StepColumns } from "./run.types";
import type { Thawing } from "../freezing/thaw";

/** What was measured and what happened on the way, up to a step. */
export class Journal {
  history: EpochRecord[] = [];
  columns: StepColumns = { step: [], learningRate: [], metrics: { loss: [] } };
  gradientNorms: number[] = [];
  /** Of the samples of each step, where they come from a stream. */
  batchHashes: number[] = [];
  readonly instruments = new InstrumentColumns();
  marks: RunEventMark[] = [];
  /** What trains from a step on: the paths of the weights. In order; the first holds from the beginning. */
  freezing: { step: number; trained: readonly string[] }[] = [];
  /** What a schedule thaws, from where it begins. */
  thawing: Thawing | undefined;

  /** Every column of figures that has one number a step, by a name of its own. */
  figures(): Map<string, number[]> {
    const { learningRate, metrics } = this.columns;
    return new Map([["learningRate", learningRate], ["gradientNorm", this.gradientNorms], ...(this.batchHashes.length > 0 ? ([["batchHash", this.batchHashes]] as const) : []), ...Object.entries(metrics), ...this.instruments.columns]);
  }

  /** The same, kept apart. */
  copy(): Journal {
    const made = new Journal();
    made.history = [...this.history];
    made.columns.step = [...this.columns.step];
    this.figures().forEach((values, name) => values.forEach((value) => made.column(name).push(value)));
    made.marks = [...this.marks];
    made.freezing = [...this.freezing];
    made.thawing = this.thawing;
    return made;
  }

  /** A column as `figures` names it, made where it is missing. */
  column(name: string): number[] {
    if (name === "learningRate") return this.columns.learningRate;
    if (name === "gradientNorm") return this.gradientNorms;
    if (name === "batchHash") return this.batchHashes;
    if (InstrumentColumns.owns(name)) return this.instruments.column(name);
    return (this.columns.metrics[name] ??= []);
  }

  /** As it was when `step` steps had been taken. */
  upTo(step: number): Journal {
    const made = this.copy();
    made.history = this.history.filter((record) => record.step <= step);
    made.columns.step.length = step;
    made.figures().forEach((values) => (values.length = step));
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
