/** Where the words beside the best point stand, so that no curve runs through them. Pure. */

import type { ChartModel, Curve, Panel } from "./panels";

/** Offset of the words from the ring's middle, in pixels; `y` is that of their middle line. */
export interface LabelPlace {
  x: number;
  y: number;
  anchor: "start" | "middle" | "end";
}

const ASIDE = 11;
const ABOVE = 15;

/** In the order in which they are liked. */
const PLACES: readonly LabelPlace[] = [
  { x: ASIDE, y: -ABOVE, anchor: "start" },
  { x: -ASIDE, y: -ABOVE, anchor: "end" },
  { x: 0, y: -ABOVE - 3, anchor: "middle" },
  { x: 0, y: ABOVE + 3, anchor: "middle" },
  { x: ASIDE, y: ABOVE, anchor: "start" },
  { x: -ASIDE, y: ABOVE, anchor: "end" },
  { x: 0, y: -2.6 * ABOVE, anchor: "middle" },
  { x: 0, y: 2.6 * ABOVE, anchor: "middle" },
];

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Whether a line passes through a box: looked at every two pixels, which no letter is narrower than. */
function crosses(points: readonly ([number, number] | null)[], box: Box): boolean {
  for (let index = 1; index < points.length; index++) {
    const from = points[index - 1];
    const to = points[index];
    if (!from || !to || Math.max(from[0], to[0]) < box.left || Math.min(from[0], to[0]) > box.right) continue;
    const parts = Math.max(1, Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1]) / 2));
    for (let part = 0; part <= parts; part++) {
      const x = from[0] + ((to[0] - from[0]) * part) / parts;
      const y = from[1] + ((to[1] - from[1]) * part) / parts;
      if (x > box.left && x < box.right && y > box.top && y < box.bottom) return true;
    }
  }
  return false;
}

/**
 * The place for words of `[words, 12]` pixels beside the best point of a panel of `[width, height]`. Undefined
 * where the panel has no best point.
 */
export function bestLabelPlace(panel: Panel, x: ChartModel["x"], width: number, height: number, words: number): LabelPlace | undefined {
  const { best } = panel;
  if (!best) return undefined;
  const at = (step: number, value: number): [number, number] => [
    ((step - x.domain[0]) / (x.domain[1] - x.domain[0])) * width,
    height * (1 - (value - panel.domain[0]) / (panel.domain[1] - panel.domain[0])),
  ];
  const line = (curve: Curve | undefined): ([number, number] | null)[] =>
    (curve?.values ?? []).map((value, index) => (value === null ? null : at(curve?.steps[index] as number, value)));
  const lines = [
    { points: line(panel.validation), weight: 4 },
    { points: line(panel.training), weight: 4 },
    { points: line(panel.smooth), weight: 1 },
  ];
  const [middle, level] = at(best.step, best.value);
  const cost = (place: LabelPlace, liked: number): number => {
    const left = middle + place.x - (place.anchor === "start" ? 0 : place.anchor === "end" ? words : words / 2);
    const box = { left: left - 2, right: left + words + 2, top: level + place.y - 8, bottom: level + place.y + 8 };
    const outside = box.left < 0 || box.right > width || box.top < -4 || box.bottom > height + 4;
    return lines.reduce((sum, { points, weight }) => sum + (crosses(points, box) ? weight : 0), outside ? 20 : 0) + liked / 100;
  };
  return PLACES.reduce((found, place, index) => (cost(place, index) < cost(found, PLACES.indexOf(found)) ? place : found));
}
