import { batchOf, disposeBatch } from "./data";
import type { Dataset } from "./data";
import type { StepSettings } from "./eager-stepper";
import { breathe } from "./hooks";
import type { Stepper } from "./stepper";

/** Samples a pass: enough to keep the processor busy, few enough for little memory. */
const ROWS = 128;

/**
 * Loss and metrics over a dataset, in inference mode, each the mean over its samples.
 *
 * @param prefix put before each name: `val_`
 */
export async function measure(stepper: Stepper, data: Dataset, settings: StepSettings, prefix = ""): Promise<Record<string, number>> {
  const names = ["loss", ...settings.metrics.map(({ name }) => name)];
  const sums = names.map(() => 0);
  for (let start = 0; start < data.rows; start += ROWS) {
    const rows = Int32Array.from({ length: Math.min(ROWS, data.rows - start) }, (_, index) => start + index);
    const batch = batchOf(data, rows);
    const scores = stepper.evaluate(batch);
    disposeBatch(batch);
    [scores.loss, ...scores.metrics].forEach((values, index) => {
      for (let row = 0; row < values.length; row++) sums[index]! += values[row]!;
    });
    await breathe();
  }
  return Object.fromEntries(names.map((name, index) => [prefix + name, sums[index]! / data.rows]));
}
