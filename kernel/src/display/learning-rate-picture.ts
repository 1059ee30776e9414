/** The loss at rising learning rates, on a logarithmic axis. Pure. */

import type { LearningRateCurve } from "../training";
import { niceTicks, quantile, tickLabels } from "./axes";
import type { Shown } from "./frontend";
import { pictureSize } from "./images";
import { LIGHT, type Palette } from "./palette";
import { drawPng, type Picture } from "./picture";
import { element, fitted, linePath, textWidth, type Markup } from "./svg";
import { figure } from "./words";
import { peek } from "./peek";

const WIDTH = 760;
const HEIGHT = 300;
const LEFT = 56;
const RIGHT = 24;
const TOP = 78;
const BOTTOM = 44;

export function isLearningRateCurve(value: unknown): value is LearningRateCurve {
  return typeof value === "object" && value !== null && peek(value, "kind") === "learning rate curve" && Array.isArray((value as Partial<LearningRateCurve>).smoothed);
}

export function learningRateBundle(curve: LearningRateCurve): Shown {
  const picture = learningRatePicture(curve);
  return { data: { "image/png": drawPng(picture).toString("base64"), "text/plain": String(curve) }, metadata: pictureSize(picture) };
}

export function learningRatePicture(curve: LearningRateCurve, colours: Palette = LIGHT): Picture {
  const { rates, losses, smoothed, suggestion, steepest, lowest, tenthOfLowest } = curve;
  const [first, last] = [Math.log10(rates[0]!), Math.log10(rates.at(-1)!)];
  const x = (rate: number) => LEFT + ((Math.log10(rate) - first) / (last - first)) * (WIDTH - LEFT - RIGHT);
  // What runs away leaves the picture at the top.
  const roof = Math.min(Math.max(...smoothed), smoothed[0]! + 0.6 * Math.max(smoothed[0]! - smoothed[lowest]!, 0.1 * Math.abs(smoothed[0]!)));
  const sorted = [...losses].sort((a, b) => a - b);
  const floor = Math.min(smoothed[lowest]!, quantile(sorted, 0.02));
  const pad = 0.06 * (roof - floor || 1);
  const [low, high] = [floor - pad, Math.max(roof, quantile(sorted, 0.6)) + pad];
  const y = (loss: number) => HEIGHT - BOTTOM - ((loss - low) / (high - low)) * (HEIGHT - BOTTOM - TOP);
  const text = (at: [number, number], content: string, fill: string, more: Record<string, string | number> = {}): Markup => element("text", { x: at[0], y: at[1], fill, "font-size": 10, ...more }, content);
  const lossTicks = niceTicks(low, high, 6);
  const labels = tickLabels(lossTicks);
  const powers = Array.from({ length: Math.floor(last + 1e-9) - Math.ceil(first - 1e-9) + 1 }, (_, index) => Math.ceil(first - 1e-9) + index);
  const line = (values: readonly number[]): string => linePath(values.map((value, index): [number, number] => [x(rates[index]!), y(value)]));
  const mark = (rate: number, label: string, colour: string, side: "left" | "right"): Markup => {
    const room = textWidth(label, 10) + 8;
    const left = side === "left" ? x(rate) - room > LEFT : x(rate) + room > WIDTH - RIGHT;
    const halo = { stroke: colours.background, "stroke-width": 3, "paint-order": "stroke" };
    return element(
      "g",
      {},
      element("line", { x1: x(rate), x2: x(rate), y1: TOP, y2: HEIGHT - BOTTOM, stroke: colour, "stroke-width": 1.3, "stroke-dasharray": "4 3" }),
      text([x(rate) + (left ? -5 : 5), HEIGHT - BOTTOM - (side === "left" ? 8 : 22)], label, colour, { "text-anchor": left ? "end" : "start", ...halo }),
    );
  };
  const other = steepest !== undefined && tenthOfLowest < steepest ? { rate: steepest, label: `falls fastest at ${figure(Number(steepest.toPrecision(2)))}` } : { rate: tenthOfLowest, label: `a tenth of the lowest: ${figure(Number(tenthOfLowest.toPrecision(2)))}` };
  const svg = element(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "font-family": "DejaVu Sans" },
    element("rect", { width: WIDTH, height: HEIGHT, fill: colours.background }),
    text([20, 31], fitted(`${curve.name}: learning rates tried`, 15, WIDTH - 40), colours.text, { "font-size": 15, "font-weight": "bold" }),
    text([20, 51], suggestion === undefined ? "no learning rate made the loss fall" : `suggested: ${figure(suggestion)}`, colours.text, { "font-size": 11 }),
    text([LEFT, TOP - 8], "loss of the batch, and smoothed", colours.muted),
    ...lossTicks.map((tick) => element("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(tick), y2: y(tick), stroke: colours.grid })),
    ...lossTicks.map((tick, index) => text([LEFT - 8, y(tick) + 3.5], labels[index]!, colours.muted, { "text-anchor": "end" })),
    ...powers.map((power) => element("line", { x1: x(10 ** power), x2: x(10 ** power), y1: TOP, y2: HEIGHT - BOTTOM, stroke: colours.grid })),
    ...powers.map((power) => text([x(10 ** power), HEIGHT - BOTTOM + 16], figure(10 ** power), colours.muted, { "text-anchor": "middle" })),
    text([WIDTH - RIGHT, HEIGHT - 10], "learning rate", colours.muted, { "text-anchor": "end" }),
    element("clipPath", { id: "plot" }, element("rect", { x: LEFT, y: TOP, width: WIDTH - LEFT - RIGHT, height: HEIGHT - BOTTOM - TOP })),
    element(
      "g",
      { "clip-path": "url(#plot)", fill: "none", "stroke-linejoin": "round" },
      element("path", { d: line(losses), stroke: colours.training, "stroke-width": 0.8, "stroke-opacity": 0.35 }),
      element("path", { d: line(smoothed), stroke: colours.training, "stroke-width": 2 }),
    ),
    suggestion === undefined || Math.log10(other.rate) < first ? undefined : mark(other.rate, other.label, colours.muted, other.rate < suggestion ? "left" : "right"),
    suggestion === undefined || Math.log10(suggestion) < first ? undefined : mark(suggestion, `suggested: ${figure(suggestion)}`, colours.validation, other.rate < suggestion ? "right" : "left"),
  );
  return { svg: svg.markup, width: WIDTH, height: HEIGHT };
}
