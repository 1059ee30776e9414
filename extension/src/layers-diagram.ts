import type { IRenderMime } from "@jupyterlab/rendermime-interfaces";
import { Widget } from "@lumino/widgets";
import { barLength, count, drawnRows, foldedAtFirst, outputShape, share, trainableOf, type DrawnRow } from "thawbook/drawing";
import { LAYERS_MIME, type LayerRow, type LayersView, type LayerState } from "thawbook/views";

/** More rows than this are folded at first, the deepest ones before the others. */
const ROWS_AT_FIRST = 40;

const STATES: readonly LayerState[] = ["trains", "frozen, gradients pass", "frozen, backpropagation never arrives"];
const CLASSES: Record<LayerState, string> = {
  trains: "thawbook-mod-trains",
  "frozen, gradients pass": "thawbook-mod-passes",
  "frozen, backpropagation never arrives": "thawbook-mod-frozen",
};

/** An element with a class and text; names of layers are text here, never markup. */
function make<K extends keyof HTMLElementTagNameMap>(tag: K, name: string, ...children: (Node | string)[]): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  node.className = name
    .split(" ")
    .map((part) => (part.startsWith("thawbook-") ? part : `thawbook-${part}`))
    .join(" ");
  node.append(...children);
  return node;
}

/** A model's layers: what trains, what is frozen, and where backpropagation stops. */
export class LayersDiagram extends Widget implements IRenderMime.IRenderer {
  private view: LayersView | undefined;
  private folded = new Set<number>();

  constructor() {
    super();
    this.addClass("thawbook-Layers");
  }

  renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const view = model.data[LAYERS_MIME] as unknown as LayersView | undefined;
    if (view?.version !== 1 || !Array.isArray(view.layers)) {
      this.node.textContent = "This model was written by another version of Thawbook; update its JupyterLab extension to see it.";
      return Promise.resolve();
    }
    const again = this.view?.name === view.name && this.view.layers.length === view.layers.length;
    this.view = view;
    if (!again) this.folded = foldedAtFirst(view, ROWS_AT_FIRST);
    this.draw(view);
    return Promise.resolve();
  }

  private draw(view: LayersView): void {
    const focused = this.node.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset.layer : undefined;
    const rows = drawnRows(view, this.folded);
    const most = Math.max(0, ...rows.map((row) => (row.kind === "layer" ? row.layer.parameters : 0)));
    const table = make("div", "Layers-table", this.columns(), ...rows.map((row) => this.row(row, most)));
    table.setAttribute("role", "table");
    table.setAttribute("aria-label", `layers of ${view.name}, the output first`);
    this.node.replaceChildren(this.head(view), table, this.legend(view));
    if (focused !== undefined) this.node.querySelector<HTMLElement>(`button[data-layer="${Number(focused)}"]`)?.focus();
  }

  private head(view: LayersView): HTMLElement {
    const total = trainableOf(view.trainable, view.parameters);
    const fill = make("div", "Share-fill");
    fill.style.width = `${view.parameters > 0 ? (100 * view.trainable) / view.parameters : 0}%`;
    if (view.trainable === 0) fill.style.minWidth = "0";
    const bar = make("div", "Share", fill);
    bar.setAttribute("role", "img");
    bar.setAttribute("aria-label", total);
    const name = make("strong", "Header-name", view.name);
    const said = view.trainable === 0 ? `${total}: nothing trains` : total;
    return make("div", "Layers-head", make("div", "Header-row", name, make("span", "Layers-total", said)), bar);
  }

  private columns(): HTMLElement {
    const titles = ["layer", "kind", "output", "parameters (log scale)", ""].map((title) => {
      const cell = make("span", "Layers-title", title);
      cell.setAttribute("role", "columnheader");
      return cell;
    });
    const row = make("div", "Layers-row thawbook-mod-titles", ...titles);
    row.setAttribute("role", "row");
    return row;
  }

  private row(row: DrawnRow, most: number): HTMLElement {
    if (row.kind !== "layer") {
      const cell = make("span", "", row.kind === "cut" ? "backpropagation stops here" : `… ${row.layers} more layers`);
      cell.setAttribute("role", "cell");
      const line = make("div", row.kind === "cut" ? "Layers-cut" : "Layers-row", cell);
      line.setAttribute("role", "row");
      return line;
    }
    const { layer } = row;
    const cells = [
      this.nameCell(row),
      make("span", "Layers-kind", row.folded ? `${layer.kind} (${row.inside} layers)` : layer.kind),
      make("span", "Layers-output", outputShape(layer.output)),
      make("span", "Layers-bar", ...this.bar(layer, most)),
      make("span", "Layers-count", layer.parameters === 0 ? "" : partOf(layer)),
    ];
    for (const cell of cells) cell.setAttribute("role", "cell");
    const line = make("div", `Layers-row ${CLASSES[layer.state]}`, ...cells);
    line.setAttribute("role", "row");
    line.title = layer.parameters === 0 ? `${layer.name}: no parameters` : `${layer.name}: ${layer.state}; ${layer.parameters.toLocaleString("en-US")} parameters`;
    line.classList.toggle("thawbook-mod-empty", layer.parameters === 0);
    line.classList.toggle("thawbook-mod-learns", layer.trainable > 0);
    return line;
  }

  private nameCell(row: Extract<DrawnRow, { kind: "layer" }>): HTMLElement {
    const cell = make("span", "Layers-name");
    cell.style.paddingLeft = `${row.layer.depth * 18}px`;
    if (row.inside === 0) {
      cell.append(row.layer.name);
      return cell;
    }
    const button = make("button", "Layers-fold", row.layer.name);
    button.type = "button";
    button.dataset.layer = String(row.index);
    button.setAttribute("aria-expanded", String(!row.folded));
    button.addEventListener("click", () => {
      if (row.folded) this.folded.delete(row.index);
      else this.folded.add(row.index);
      if (this.view) this.draw(this.view);
    });
    cell.append(button);
    return cell;
  }

  private bar(layer: LayerRow, most: number): HTMLElement[] {
    if (layer.parameters === 0) return [];
    const fill = make("span", "Layers-fill");
    fill.style.width = `${100 * barLength(layer.parameters, most)}%`;
    fill.setAttribute("role", "img");
    fill.setAttribute("aria-label", layer.state);
    if (layer.trainable > 0 && layer.trainable < layer.parameters) {
      fill.classList.add("thawbook-mod-partly");
      fill.style.setProperty("--thawbook-part", `${(100 * layer.trainable) / layer.parameters}%`);
    }
    return [fill];
  }

  private legend(view: LayersView): HTMLElement {
    const there = STATES.filter((state) => view.layers.some((layer) => layer.parameters > 0 && layer.state === state));
    return make("div", "Layers-legend", ...there.map((state) => make("span", `Layers-key ${CLASSES[state]}`, make("span", "Layers-fill"), state)));
  }
}

const partOf = (layer: LayerRow): string =>
  layer.trainable > 0 && layer.trainable < layer.parameters ? `${share(layer.trainable, layer.parameters)} of ${count(layer.parameters)}` : count(layer.parameters);
