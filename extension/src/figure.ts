import type { Layout, Trace } from "plotly.js-basic-dist-min";
import { bestIsLast, bestLabelPlace, chartModel, endLabels, figure as written, niceTicks, tickLabels, type ChartModel, type Curve, type Palette, type Panel } from "thawbook/drawing";
import type { RunView } from "thawbook/views";
import type { Theme } from "./theme";

/** A plotly figure of a given height in CSS pixels. */
export interface Figure {
  data: Trace[];
  layout: Layout;
  height: number;
}

const LEFT = 52;
const RIGHT = 92;
const TITLE = 30;
const RATE = 30;
const AXIS = 26;

/** Where a panel lies, in pixels from the top. */
interface Place {
  top: number;
  bottom: number;
}

function places(model: ChartModel): { panels: Place[]; rate?: Place; height: number } {
  let top = 0;
  const panels = model.panels.map((_, index) => {
    const height = index === 0 ? 200 : model.panels.length <= 3 ? 112 : 84;
    const place = { top: top + TITLE, bottom: top + TITLE + height };
    top = place.bottom;
    return place;
  });
  if (!model.rate) return { panels, height: top + AXIS };
  const rate = { top: top + TITLE, bottom: top + TITLE + RATE };
  return { panels, rate, height: rate.bottom + AXIS };
}

const axisName = (index: number): string => (index === 0 ? "" : String(index + 1));

function line(curve: Curve, axis: string, colour: string, more: Trace): Trace {
  return { type: "scatter", mode: "lines", x: curve.steps, y: curve.values, xaxis: "x", yaxis: `y${axis}`, hoverinfo: "skip", ...more, line: { color: colour, ...(more.line as object) } };
}

/** A value in the shared tooltip: `validation loss 0.2134`. */
const told = (name: string): Trace => ({ hoverinfo: undefined, hovertemplate: `${name} %{y:.4~g}<extra></extra>` });

function panelTraces(panel: Panel, axis: string, colours: Palette): Trace[] {
  const traces: Trace[] = [];
  const few = (curve: Curve): boolean => curve.steps.length <= 30;
  if (panel.gap) {
    const { steps, training, validation } = panel.gap;
    traces.push(
      line({ steps: [...steps, ...[...steps].reverse()], values: [...training, ...[...validation].reverse()] }, axis, colours.gap, {
        fill: "toself",
        fillcolor: transparent(colours.gap, colours.gapOpacity),
        line: { width: 0 },
      }),
    );
  }
  if (panel.batches) traces.push(line(panel.batches, axis, colours.training, { opacity: 0.3, line: { width: 0.8 }, ...told(`batch ${panel.title}`) }));
  const solid = panel.training !== undefined && panel.training.steps.length > 1;
  if (panel.smooth) traces.push(line(panel.smooth, axis, colours.training, { opacity: solid ? 0.55 : 1, line: { width: solid ? 1.1 : 2 } }));
  const lines = [
    [panel.training, "training", "circle", 8],
    [panel.validation, "validation", "square", 7.5],
  ] as const;
  for (const [curve, role, symbol, size] of lines) {
    if (!curve) continue;
    const colour = colours[role];
    traces.push(
      line(curve, axis, colour, {
        mode: few(curve) ? "lines+markers" : "lines",
        // Whole markers at the panel's edge; plotly hides those that zooming puts outside.
        cliponaxis: false,
        marker: { symbol, size, color: colour, line: { width: 1.25, color: colours.background } },
        line: { width: 2 },
        ...told(`${role} ${panel.title}`),
      }),
    );
  }
  const { best } = panel;
  if (best) {
    const marker = { symbol: "circle-open", size: 15, color: colours.best, line: { width: 1.6 } };
    traces.push(line({ steps: [best.step], values: [best.value] }, axis, colours.best, { mode: "markers", marker, cliponaxis: false }));
  }
  if (panel.notANumber.length > 0) {
    traces.push(line({ steps: panel.notANumber, values: panel.notANumber.map(() => panel.domain[1]) }, axis, colours.bad, { mode: "markers", marker: { symbol: "x", size: 7, color: colours.bad } }));
  }
  return traces;
}

function transparent(colour: string, opacity: number): string {
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  return `rgba(${red}, ${green}, ${blue}, ${opacity})`;
}

/** Words at a place in pixels below the plot's upper edge. */
const label = (text: string, x: number | "right", y: number, height: number, more: Layout): Layout => ({
  text,
  xref: "paper",
  yref: "paper",
  x: x === "right" ? 1 : x,
  y: 1 - y / height,
  xanchor: "left",
  yanchor: "middle",
  xshift: x === "right" ? 10 : 0,
  showarrow: false,
  ...more,
});

/** The words beside the best point; they follow it when the person zooms. */
function bestWords(panel: Panel, model: ChartModel, place: Place, axis: string, width: number, colours: Palette): Layout[] {
  const { best } = panel;
  if (!best || bestIsLast(panel)) return [];
  const at = bestLabelPlace(panel, model.x, width, place.bottom - place.top, 7 * best.label.length);
  if (!at) return [];
  const anchor = { start: "left", middle: "center", end: "right" }[at.anchor];
  return [
    {
      text: `<b>${best.label}</b>`,
      xref: "x",
      yref: `y${axis}`,
      x: best.step,
      y: best.value,
      xanchor: anchor,
      yanchor: "middle",
      xshift: at.x,
      yshift: -at.y,
      showarrow: false,
      font: { size: 11, color: colours.text },
      bgcolor: transparent(hex(colours.background), 0.6),
      borderpad: 1,
    },
  ];
}

/** JupyterLab writes its backgrounds as `white` or `#111`. */
function hex(colour: string): string {
  if (/^#[0-9a-f]{6}$/i.test(colour)) return colour;
  if (/^#[0-9a-f]{3}$/i.test(colour)) return colour.replace(/[0-9a-f]/gi, "$&$&");
  return colour === "white" ? "#ffffff" : "#808080";
}

/** Text of the notebook in a place where plotly reads a little HTML. */
const literal = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function yAxis(place: Place, domain: [number, number], height: number, colours: Palette, ticks: number[]): Layout {
  return {
    domain: [1 - place.bottom / height, 1 - place.top / height],
    range: domain,
    fixedrange: true,
    tickmode: "array",
    tickvals: ticks,
    ticktext: tickLabels(ticks),
    tickfont: { size: 10.5, color: colours.muted },
    gridcolor: colours.grid,
    zeroline: false,
    showline: false,
  };
}

/** A run's view as a plotly figure `width` pixels wide; the same chart as the picture in the notebook. */
export function runFigure(view: RunView, width: number, { colours, font }: Theme): Figure {
  const model = chartModel(view);
  const at = places(model);
  // Plotly measures domains over the plot area, which ends above the axis.
  const plot = at.height - AXIS;
  const annotations: Layout[] = [];
  const data: Trace[] = [];
  const axes: Layout = {};
  model.panels.forEach((panel, index) => {
    const place = at.panels[index] as Place;
    data.push(...panelTraces(panel, axisName(index), colours));
    const ticks = niceTicks(panel.domain[0], panel.domain[1], (place.bottom - place.top) / 28);
    axes[`yaxis${axisName(index)}`] = yAxis(place, panel.domain, plot, colours, ticks);
    const note = panel.note === undefined ? "" : `  <span style="font-weight: normal; font-size: 10.5px; color: ${colours.muted}">${panel.note}</span>`;
    annotations.push(...bestWords(panel, model, place, axisName(index), width - LEFT - RIGHT, colours));
    annotations.push(label(`<b>${literal(panel.title)}</b>${note}`, 0, place.top - 13, plot, { font: { size: 12, color: colours.text } }));
    for (const end of endLabels(panel, place.bottom - place.top)) {
      annotations.push(label(`<b>${end.name}</b>`, "right", place.top + end.y - 3, plot, { font: { size: 11, color: colours[end.name] } }));
      annotations.push(label(end.said, "right", place.top + end.y + 10, plot, { font: { size: 10.5, color: colours.muted } }));
    }
  });
  if (model.rate && at.rate) {
    const axis = axisName(model.panels.length);
    const { curve, domain } = model.rate;
    data.push(line(curve, axis, colours.rate, { fill: "tozeroy", fillcolor: transparent(colours.rate, 0.16), line: { width: 1.3, simplify: false }, ...told("learning rate") }));
    axes[`yaxis${axis}`] = { ...yAxis(at.rate, domain, plot, colours, []), showgrid: false };
    annotations.push(
      label(`<b>learning rate</b>  <span style="font-weight: normal; color: ${colours.muted}">up to ${written(Math.max(...curve.values))}</span>`, 0, at.rate.top - 11, plot, {
        font: { size: 11, color: colours.text },
      }),
      label(written(curve.values[curve.values.length - 1] as number), "right", (at.rate.top + at.rate.bottom) / 2, plot, { font: { size: 10.5, color: colours.muted } }),
    );
  }
  annotations.push(label(model.x.title, "right", plot + 12, plot, { font: { size: 10.5, color: colours.muted } }));
  const marks = model.marks.filter((mark) => mark.kind !== "nan");
  for (const mark of marks) {
    annotations.push(label(literal(mark.label), 0, (at.panels[0] as Place).top + 6 + 13 * mark.row, plot, { xref: "x", x: mark.step, xshift: 3, font: { size: 10, color: colours.mark } }));
  }
  const layout: Layout = {
    ...axes,
    width,
    height: at.height,
    margin: { l: LEFT, r: RIGHT, t: 0, b: AXIS },
    // Not transparent: plotly mixes the crosshair's outline from these.
    paper_bgcolor: colours.background,
    plot_bgcolor: colours.background,
    font: { family: font, size: 11, color: colours.text },
    showlegend: false,
    hovermode: "x unified",
    // One crosshair and one tooltip over all panels.
    hoversubplots: "axis",
    hoverlabel: { bgcolor: colours.background, bordercolor: colours.axis, font: { family: font, size: 11, color: colours.text } },
    dragmode: "zoom",
    // What the person zoomed to stays while the chart grows.
    uirevision: view.id,
    xaxis: {
      anchor: `y${axisName(model.panels.length - (model.rate ? 0 : 1))}`,
      range: model.x.domain,
      tickmode: "array",
      tickvals: model.x.ticks.map((tick) => tick.step),
      ticktext: model.x.ticks.map((tick) => tick.label),
      tickfont: { size: 10.5, color: colours.muted },
      hoverformat: ",d",
      unifiedhovertitle: { text: "step %{x}" },
      gridcolor: colours.grid,
      showline: true,
      linecolor: colours.axis,
      zeroline: false,
      showspikes: true,
      spikemode: "across",
      spikethickness: 1,
      spikedash: "solid",
      spikecolor: colours.axis,
    },
    shapes: marks.map((mark) => ({ type: "line", xref: "x", yref: "paper", x0: mark.step, x1: mark.step, y0: 0, y1: 1, line: { color: colours.mark, width: 1.2, dash: "dot" } })),
    annotations,
  };
  return { data, layout, height: at.height };
}
