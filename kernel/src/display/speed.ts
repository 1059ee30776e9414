/** Seconds of training over which the speed is measured. */
const WINDOW = 5;
/** Seconds between two samples. */
const EVERY = 0.2;

/** Steps a second over the last few seconds of training, so that a slow first step is soon forgotten. */
export class Speed {
  private samples: { seconds: number; step: number }[] = [];

  note(seconds: number, step: number): void {
    const last = this.samples[this.samples.length - 1];
    if (last && (seconds < last.seconds || step < last.step)) this.samples = [];
    else if (last && seconds - last.seconds < EVERY) return;
    this.samples.push({ seconds, step });
    while (this.samples.length > 2 && (this.samples[1] as { seconds: number }).seconds < seconds - WINDOW) this.samples.shift();
  }

  /** Undefined until two samples lie apart. */
  get stepsPerSecond(): number | undefined {
    const first = this.samples[0];
    const last = this.samples[this.samples.length - 1];
    if (!first || !last || last.seconds <= first.seconds || last.step <= first.step) return undefined;
    return (last.step - first.step) / (last.seconds - first.seconds);
  }
}
