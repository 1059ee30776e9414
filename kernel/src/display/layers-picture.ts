/** A model's layer-freeze diagram as SVG, for the picture that stands in the notebook. Pure. */

import { barLength, fewRows, type DrawnRow } from "./layer-rows";
import { LIGHT, type Palette } from "./palette";
import type { Picture } from "./picture";
import { element, fitted, textWidth, type Attributes, type Markup } from "./svg";
import { count, outputShape, share, trainableOf } from "./words";
import type { LayersView, LayerState } from "./views";

const WIDTH = 760;
const EDGE = 20;
const ROW = 25;
const CUT = 26;
const HEADER = 92;
const LEGEND = 44;
/** Left edges of the columns, and where the bars end. */
const COLUMN = { kind: 252, output: 384, bar: 494, barEnd: 668, count: WIDTH - EDGE };

const text = (x: number, y: number, content: string, fill: string, more: Attributes = {}): Markup =>
  element("text", { x, y, fill, "font-size": 11, ...more }, content);

/** Diagonal lines over ice: gradients go through. Told apart without colour. */
function hatching(colours: Palette): Markup {
  return element(
    "pattern",
    { id: "pass", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    element("rect", { width: 6, height: 6, fill: colours.ice }),
    element("rect", { width: 2, height: 6, fill: colours.background, "fill-opacity": 0.55 }),
  );
}

const fills = (colours: Palette): Record<LayerState, string> => ({
  trains: colours.warm,
  "frozen, gradients pass": "url(#pass)",
  "frozen, backpropagation never arrives": colours.deepIce,
});

function header(view: LayersView, colours: Palette): Markup {
  const whole = WIDTH - 2 * EDGE;
  const part = view.trainable === 0 ? 0 : Math.max(4, (whole * view.trainable) / Math.max(1, view.parameters));
  return element(
    "g",
    {},
    element("text", { x: EDGE, y: 31, fill: colours.text, "font-size": 15, "font-weight": "bold" }, fitted(view.name, 15, 380)),
    element("text", { x: WIDTH - EDGE, y: 31, fill: colours.text, "font-size": 12.5, "text-anchor": "end" }, trainableOf(view.trainable, view.parameters)),
    element("rect", { x: EDGE, y: 43, width: whole, height: 7, rx: 3.5, fill: colours.deepIce }),
    part > 0 ? element("rect", { x: EDGE, y: 43, width: Math.min(whole, part), height: 7, rx: Math.min(3.5, part / 2), fill: colours.warm }) : undefined,
    text(EDGE, 80, "layer", colours.muted, { "font-size": 10 }),
    text(COLUMN.kind, 80, "kind", colours.muted, { "font-size": 10 }),
    text(COLUMN.output, 80, "output", colours.muted, { "font-size": 10 }),
    text(COLUMN.bar, 80, "parameters (log scale)", colours.muted, { "font-size": 10 }),
    view.trainable === 0 ? text(WIDTH - EDGE, 80, "nothing trains", colours.warm, { "font-size": 10, "font-weight": "bold", "text-anchor": "end" }) : undefined,
  );
}

/** The bar; of a folded model that trains in part, the part that trains is warm. */
function bar(row: { parameters: number; trainable: number; state: LayerState }, most: number, y: number, colours: Palette): Markup | undefined {
  if (row.parameters === 0) return undefined;
  const width = Math.max(3, (COLUMN.barEnd - COLUMN.bar) * barLength(row.parameters, most));
  const box = { x: COLUMN.bar, y: y + 6, height: ROW - 12, rx: 2.5 };
  const partly = row.trainable > 0 && row.trainable < row.parameters;
  return element(
    "g",
    {},
    element("rect", { ...box, width, fill: partly ? colours.ice : fills(colours)[row.state] }),
    partly ? element("rect", { ...box, width: Math.max(3, (width * row.trainable) / row.parameters), fill: colours.warm }) : undefined,
  );
}

function drawRow(row: DrawnRow, most: number, y: number, colours: Palette): Markup {
  const base = y + ROW / 2 + 4;
  if (row.kind === "cut") {
    const label = "backpropagation stops here";
    // Bold letters are about a tenth wider.
    const width = 1.12 * textWidth(label, 10.5) + 24;
    return element(
      "g",
      {},
      element("line", { x1: EDGE, x2: WIDTH - EDGE, y1: y + CUT / 2, y2: y + CUT / 2, stroke: colours.warm, "stroke-width": 1.6, "stroke-dasharray": "7 4" }),
      element("rect", { x: COLUMN.kind - 12, y: y + 4, width, height: CUT - 8, fill: colours.background }),
      text(COLUMN.kind, y + CUT / 2 + 4, label, colours.warm, { "font-weight": "bold", "font-size": 10.5 }),
    );
  }
  if (row.kind === "more") {
    const left = EDGE + row.depth * 16;
    return element(
      "g",
      {},
      text(left, base, `… ${row.layers} more layers, ${row.state === "trains" ? "all train" : "all frozen"}`, colours.muted, { "font-style": "italic" }),
      bar(row, most, y, colours),
      text(COLUMN.count, base, count(row.parameters), colours.muted, { "text-anchor": "end" }),
    );
  }
  const { layer } = row;
  const left = EDGE + layer.depth * 16;
  const none = layer.parameters === 0;
  const ink = none ? colours.muted : colours.text;
  const kind = row.folded ? `${layer.kind} (${row.inside} layers)` : layer.kind;
  return element(
    "g",
    {},
    text(left, base, fitted(layer.name, 11, COLUMN.kind - left - 10), ink, layer.trainable > 0 ? { "font-weight": "bold" } : {}),
    text(COLUMN.kind, base, fitted(kind, 10.5, COLUMN.output - COLUMN.kind - 10), colours.muted, { "font-size": 10.5 }),
    text(COLUMN.output, base, fitted(outputShape(layer.output), 10.5, COLUMN.bar - COLUMN.output - 10), colours.muted, { "font-size": 10.5 }),
    bar(layer, most, y, colours),
    none ? undefined : text(COLUMN.count, base, partOf(layer), ink, { "text-anchor": "end" }),
  );
}

const partOf = (layer: { parameters: number; trainable: number }): string =>
  layer.trainable > 0 && layer.trainable < layer.parameters ? `${share(layer.trainable, layer.parameters)} of ${count(layer.parameters)}` : count(layer.parameters);

function legend(view: LayersView, y: number, colours: Palette): Markup {
  const states = (["trains", "frozen, gradients pass", "frozen, backpropagation never arrives"] as const).filter((state) =>
    view.layers.some((layer) => layer.parameters > 0 && layer.state === state),
  );
  let x = EDGE;
  return element(
    "g",
    {},
    element("line", { x1: EDGE, x2: WIDTH - EDGE, y1: y + 8, y2: y + 8, stroke: colours.grid }),
    ...states.flatMap((state) => {
      const at = x;
      x += 18 + textWidth(state, 10.5) + 26;
      return [element("rect", { x: at, y: y + 19, width: 12, height: 12, rx: 2.5, fill: fills(colours)[state] }), text(at + 18, y + 29, state, colours.muted, { "font-size": 10.5 })];
    }),
  );
}

/** A row a layer, the output on top; bars by parameters; the line at which backpropagation stops. */
export function layersPicture(view: LayersView, colours: Palette = LIGHT): Picture {
  const rows = fewRows(view, 48);
  const most = Math.max(0, ...rows.map((row) => (row.kind === "layer" ? row.layer.parameters : row.kind === "more" ? row.parameters : 0)));
  let y = HEADER;
  const drawn = rows.map((row) => {
    const top = y;
    y += row.kind === "cut" ? CUT : ROW;
    return drawRow(row, most, top, colours);
  });
  const height = y + LEGEND;
  const svg = element(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", width: WIDTH, height, viewBox: `0 0 ${WIDTH} ${height}`, "font-family": "DejaVu Sans" },
    element("defs", {}, hatching(colours)),
    element("rect", { width: WIDTH, height, fill: colours.background }),
    header(view, colours),
    ...drawn,
    legend(view, y, colours),
  );
  return { svg: svg.markup, width: WIDTH, height };
}
