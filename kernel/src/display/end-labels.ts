/** The names of the lines at their right ends, instead of a legend. Pure. */

import type { Panel } from "./panels";
import { figure } from "./words";

export interface EndLabel {
  name: "training" | "validation";
  /** The last value, and whether it is the best. */
  said: string;
  /** Pixels below the panel's upper edge. */
  y: number;
}

/** Two lines of small type. */
const HEIGHT = 26;

/** Whether the best value is the last one: then the line's name says so, and the ring needs no label. */
export const bestIsLast = (panel: Panel): boolean =>
  panel.best !== undefined && panel.best.step >= Math.max(panel.validation?.steps.at(-1) ?? -1, panel.training?.steps.at(-1) ?? -1);

/** Labels for a panel of `height` pixels, pushed apart where they would overlap. */
export function endLabels(panel: Panel, height: number): EndLabel[] {
  const [low, high] = panel.domain;
  const labels = [
    { curve: panel.training ?? panel.smooth, name: "training" as const },
    { curve: panel.validation, name: "validation" as const },
  ].flatMap(({ curve, name }): EndLabel[] => {
    const index = curve ? curve.values.findLastIndex((value) => value !== null) : -1;
    if (!curve || index < 0) return [];
    const value = curve.values[index] as number;
    const best = panel.best?.role === name && panel.best.step === curve.steps[index];
    const y = height * (1 - (value - low) / (high - low));
    return [{ name, said: best ? `best ${figure(value)}` : figure(value), y }];
  });
  labels.sort((a, b) => a.y - b.y);
  for (const label of labels) label.y = Math.min(height - 8, Math.max(2, label.y));
  const [upper, lower] = labels;
  if (upper && lower && lower.y - upper.y < HEIGHT) {
    const middle = Math.min(height - HEIGHT / 2 - 8, Math.max(HEIGHT / 2 - 3, (upper.y + lower.y) / 2));
    upper.y = middle - HEIGHT / 2;
    lower.y = middle + HEIGHT / 2;
  }
  return labels;
}
