/** A run's chart as SVG, for the picture that stands in the notebook. Pure. */

import { niceTicks, tickLabels } from "./axes";
import { downsample } from "./downsample";
import { bestLabelPlace } from "./best-label";
import { bestIsLast, endLabels } from "./end-labels";
import { headline } from "./headline";
import { LIGHT, type Palette } from "./palette";
import { chartModel, type ChartModel, type Curve, type Panel } from "./panels";
import type { Picture } from "./picture";
import { coordinate, element, fitted, linePath, textWidth, type Markup } from "./svg";
import { figure } from "./words";
import type { RunView } from "./views";

const WIDTH = 760;
const LEFT = 56;
const RIGHT = 104;
const HEADER = 70;
const PANEL_TITLE = 24;
const RATE = 30;
const AXIS = 34;

interface Frame {
  left: number;
  right: number;
  top: number;
  bottom: number;
  x: (step: number) => number;
  y: (value: number) => number;
}

function frame(model: ChartModel, top: number, bottom: number, [low, high]: [number, number]): Frame {
  const [from, to] = model.x.domain;
  const right = WIDTH - RIGHT;
  return {
    left: LEFT,
    right,
    top,
    bottom,
    x: (step) => LEFT + ((step - from) / (to - from)) * (right - LEFT),
    y: (value) => bottom - ((value - low) / (high - low)) * (bottom - top),
  };
}

const points = (at: Frame, curve: Curve): ([number, number] | null)[] =>
  curve.values.map((value, index) => (value === null ? null : [at.x(curve.steps[index] as number), at.y(value)]));

const text = (x: number, y: number, content: string, fill: string, more: Record<string, string | number> = {}): Markup =>
  element("text", { x, y, fill, "font-size": 11, ...more }, content);

function header(view: RunView, colours: Palette): Markup {
  const said = headline(view);
  const tone = { live: colours.training, good: "#1a7f4b", quiet: colours.muted, bad: colours.bad }[said.tone];
  const chip = textWidth(said.state, 11) + 18;
  const room = WIDTH - 40 - chip - 220;
  const name = fitted(said.name, 15, room);
  return element(
    "g",
    {},
    element("text", { x: 20, y: 31, fill: colours.text, "font-size": 15, "font-weight": "bold" }, name),
    element("rect", { x: WIDTH - 20 - chip, y: 17, width: chip, height: 19, rx: 9.5, fill: tone, "fill-opacity": 0.12 }),
    text(WIDTH - 20 - chip / 2, 30.5, said.state, tone, { "text-anchor": "middle" }),
    text(20, 51, said.message ?? said.facts.join("  ·  "), colours.muted),
    said.best === undefined ? undefined : text(WIDTH - 20, 51, said.best, colours.text, { "text-anchor": "end" }),
    element("rect", { x: 20, y: 61, width: WIDTH - 40, height: 3, rx: 1.5, fill: colours.grid }),
    element("rect", { x: 20, y: 61, width: Math.max(3, (WIDTH - 40) * said.progress), height: 3, rx: 1.5, fill: tone }),
  );
}

function grid(model: ChartModel, at: Frame, ticks: number[], colours: Palette): Markup {
  const labels = tickLabels(ticks);
  return element(
    "g",
    { "stroke-width": 1 },
    ...model.x.grid.map((step) => element("line", { x1: at.x(step), x2: at.x(step), y1: at.top, y2: at.bottom, stroke: colours.grid })),
    ...ticks.map((tick) => element("line", { x1: at.left, x2: at.right, y1: at.y(tick), y2: at.y(tick), stroke: colours.grid })),
    ...ticks.map((tick, index) => text(at.left - 8, at.y(tick) + 3.5, labels[index] as string, colours.muted, { "text-anchor": "end", "font-size": 10 })),
  );
}

function gapArea(panel: Panel, at: Frame, colours: Palette): Markup | undefined {
  if (!panel.gap) return undefined;
  const { steps, training, validation } = panel.gap;
  const there = steps.map((step, index): [number, number] => [at.x(step), at.y(training[index] as number)]);
  const back = steps.map((step, index): [number, number] => [at.x(step), at.y(validation[index] as number)]).reverse();
  return element("path", { d: `${linePath([...there, ...back])}Z`, fill: colours.gap, "fill-opacity": colours.gapOpacity });
}

/** Circles for training, squares for validation: the shape tells what the colour may not. */
function dots(curve: Curve, at: Frame, shape: "circle" | "square", fill: string, background: string): Markup | undefined {
  if (curve.steps.length > 30) return undefined;
  return element(
    "g",
    { fill, stroke: background, "stroke-width": 1.25 },
    ...points(at, curve).map((point) =>
      point === null
        ? undefined
        : shape === "circle"
          ? element("circle", { cx: point[0], cy: point[1], r: 3.6 })
          : element("rect", { x: point[0] - 3.3, y: point[1] - 3.3, width: 6.6, height: 6.6 }),
    ),
  );
}

/** The names at the right ends of the lines, with the last value. */
function lineNames(panel: Panel, at: Frame, colours: Palette): Markup {
  return element(
    "g",
    {},
    ...endLabels(panel, at.bottom - at.top).flatMap((end) => [
      text(at.right + 12, at.top + end.y + 0.5, end.name, colours[end.name], { "font-weight": "bold", "font-size": 10.5 }),
      text(at.right + 12, at.top + end.y + 13, end.said, colours.muted, { "font-size": 10 }),
    ]),
  );
}

function bestRing(panel: Panel, model: ChartModel, at: Frame, colours: Palette): Markup | undefined {
  const { best } = panel;
  if (!best) return undefined;
  const x = at.x(best.step);
  const y = at.y(best.value);
  // Bold letters are about a tenth wider. At the right end the name of the line says it.
  const place = bestIsLast(panel) ? undefined : bestLabelPlace(panel, model.x, at.right - at.left, at.bottom - at.top, 1.1 * textWidth(best.label, 10.5));
  return element(
    "g",
    {},
    element("circle", { cx: x, cy: y, r: 7.5, fill: "none", stroke: colours.best, "stroke-width": 1.6 }),
    place &&
      text(x + place.x, y + place.y + 4, best.label, colours.text, {
        "font-size": 10.5,
        "font-weight": "bold",
        "text-anchor": place.anchor,
        stroke: colours.background,
        "stroke-width": 3,
        "paint-order": "stroke",
      }),
  );
}

function drawPanel(panel: Panel, model: ChartModel, at: Frame, index: number, colours: Palette): Markup {
  const stroke = (curve: Curve | undefined, colour: string, width: number, opacity = 1): Markup | undefined =>
    curve &&
    element("path", { d: linePath(points(at, curve)), fill: "none", stroke: colour, "stroke-width": width, "stroke-opacity": opacity, "stroke-linejoin": "round", "stroke-linecap": "round" });
  const clip = `panel-${index}`;
  const solid = panel.training !== undefined && panel.training.steps.length > 1;
  return element(
    "g",
    {},
    element("clipPath", { id: clip }, element("rect", { x: at.left, y: at.top - 4, width: at.right - at.left + 5, height: at.bottom - at.top + 8 })),
    text(at.left, at.top - 9, panel.title, colours.text, { "font-weight": "bold", "font-size": 11.5 }),
    panel.note === undefined ? undefined : text(at.left + 1.15 * textWidth(panel.title, 11.5) + 14, at.top - 9, panel.note, colours.muted, { "font-size": 10 }),
    grid(model, at, niceTicks(panel.domain[0], panel.domain[1], (at.bottom - at.top) / 26), colours),
    element(
      "g",
      { "clip-path": `url(#${clip})` },
      gapArea(panel, at, colours),
      // Two points a pixel are all that can be seen; more only weigh in the PNG.
      stroke(panel.batches && downsample(panel.batches.steps, panel.batches.values, 2 * Math.round(at.right - at.left)), colours.training, 0.8, 0.28),
      stroke(panel.smooth, colours.training, solid ? 1.1 : 2, solid ? 0.55 : 1),
      stroke(panel.training, colours.training, 2),
      stroke(panel.validation, colours.validation, 2),
      panel.training && dots(panel.training, at, "circle", colours.training, colours.background),
      panel.validation && dots(panel.validation, at, "square", colours.validation, colours.background),
      ...panel.notANumber.slice(0, 20).map((step) => element("path", { d: `M${coordinate(at.x(step) - 3)} ${coordinate(at.top)}l6 6m0 -6l-6 6`, stroke: colours.bad, "stroke-width": 1.5 })),
    ),
    bestRing(panel, model, at, colours),
    lineNames(panel, at, colours),
  );
}

function rateStrip(model: ChartModel, at: Frame, colours: Palette): Markup | undefined {
  if (!model.rate) return undefined;
  const { steps, values } = model.rate.curve;
  const line = steps.map((step, index): [number, number] => [at.x(step), at.y(values[index] as number)]);
  const first = line[0] as [number, number];
  const last = line[line.length - 1] as [number, number];
  return element(
    "g",
    {},
    text(at.left, at.top - 6, "learning rate", colours.text, { "font-weight": "bold", "font-size": 10.5 }),
    text(at.left + 92, at.top - 6, `up to ${figure(Math.max(...values))}`, colours.muted, { "font-size": 10 }),
    element("path", { d: `${linePath([[first[0], at.bottom], ...line, [last[0], at.bottom]])}Z`, fill: colours.rate, "fill-opacity": 0.16 }),
    element("path", { d: linePath(line), fill: "none", stroke: colours.rate, "stroke-width": 1.3 }),
    element("line", { x1: at.left, x2: at.right, y1: at.bottom, y2: at.bottom, stroke: colours.axis }),
    text(at.right + 12, Math.min(at.bottom, last[1] + 4), figure(values[values.length - 1] as number), colours.muted, { "font-size": 10 }),
  );
}

function stepAxis(model: ChartModel, at: Frame, y: number, colours: Palette): Markup {
  return element(
    "g",
    {},
    ...model.x.ticks.map((tick) => text(at.x(tick.step), y + 15, tick.label, colours.muted, { "text-anchor": "middle", "font-size": 10 })),
    text(at.right + 12, y + 15, model.x.title, colours.muted, { "font-size": 10 }),
  );
}

function eventMarks(model: ChartModel, at: Frame, bottom: number, colours: Palette): Markup {
  return element(
    "g",
    {},
    ...model.marks
      .filter((mark) => mark.kind !== "nan")
      .flatMap((mark) => [
        element("line", { x1: at.x(mark.step), x2: at.x(mark.step), y1: at.top, y2: bottom, stroke: colours.mark, "stroke-width": 1.2, "stroke-dasharray": "3 3" }),
        text(at.x(mark.step) + 4, at.top + 9 + 12 * mark.row, fitted(mark.label, 9.5, Math.max(60, at.right - at.x(mark.step))), colours.mark, { "font-size": 9.5 }),
      ]),
  );
}

/** Loss with its validation, the other metrics and the learning rate, over one axis of epochs. */
export function runPicture(view: RunView, colours: Palette = LIGHT): Picture {
  const model = chartModel(view);
  const drawn: Markup[] = [];
  let top = HEADER;
  let first: Frame | undefined;
  let at: Frame | undefined;
  model.panels.forEach((panel, index) => {
    const height = index === 0 ? 190 : model.panels.length <= 3 ? 104 : 80;
    at = frame(model, top + PANEL_TITLE + 6, top + PANEL_TITLE + 6 + height, panel.domain);
    first ??= at;
    drawn.push(drawPanel(panel, model, at, index, colours));
    top = at.bottom + 6;
  });
  if (model.rate) {
    at = frame(model, top + 22, top + 22 + RATE, model.rate.domain);
    drawn.push(rateStrip(model, at, colours) as Markup);
    top = at.bottom;
  }
  if (first && at) drawn.push(eventMarks(model, first, at.bottom, colours), stepAxis(model, at, top, colours));
  const height = top + AXIS;
  const svg = element(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", width: WIDTH, height, viewBox: `0 0 ${WIDTH} ${height}`, "font-family": "DejaVu Sans" },
    element("rect", { width: WIDTH, height, fill: colours.background }),
    header(view, colours),
    ...drawn,
  );
  return { svg: svg.markup, width: WIDTH, height };
}
