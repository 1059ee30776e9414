import type { ISessionContext } from "@jupyterlab/apputils";
import type { IRenderMime } from "@jupyterlab/rendermime-interfaces";
import type { ReadonlyPartialJSONObject } from "@lumino/coreutils";
import type { ISignal } from "@lumino/signaling";
import { Widget } from "@lumino/widgets";
import type { Message } from "@lumino/messaging";
import { headline, isLive } from "thawbook/drawing";
import { RUN_MIME, type RunView } from "thawbook/views";
import { runFigure } from "./figure";
import { Header } from "./header";
import { RunLink } from "./link";
import { currentTheme } from "./theme";
import { WhileVisible } from "./visible";

type Plotly = typeof import("plotly.js-basic-dist-min");

let plotly: Promise<Plotly> | undefined;

/** Loaded with the first chart, once for all. */
function loadPlotly(): Promise<Plotly> {
  plotly ??= import("plotly.js-basic-dist-min").then((loaded) => ("default" in loaded ? (loaded.default as Plotly) : loaded));
  return plotly;
}

const CONFIG = {
  displaylogo: false,
  // Named one by one: plotly's own choice holds an upload to its cloud.
  modeBarButtons: [["zoom2d", "pan2d", "resetScale2d", "toImage"]],
  toImageButtonOptions: { format: "png", scale: 2 },
};

/** What a renderer takes from the page it lives in. */
export interface Page {
  themeChanged?: ISignal<unknown, unknown>;
  /** The session of the notebook that a node lies in. */
  sessionOf(node: HTMLElement): ISessionContext | undefined;
}

/** The chart of a training run: live while its kernel trains it, and drawn from the notebook otherwise. */
export class RunChart extends Widget implements IRenderMime.IRenderer {
  private readonly header: Header;
  private readonly plot: HTMLElement;
  private readonly drawing: WhileVisible;
  private view: RunView | undefined;
  private link: RunLink | undefined;
  private model: IRenderMime.IMimeModel | undefined;

  constructor(private readonly page: Page) {
    super();
    this.addClass("thawbook-Run");
    this.node.setAttribute("role", "group");
    this.header = new Header((command) => this.link?.send(command));
    this.plot = document.createElement("div");
    this.plot.className = "thawbook-Run-plot";
    this.plot.setAttribute("role", "img");
    this.node.append(this.header.node, this.plot);
    this.drawing = new WhileVisible(this.plot, () => void this.draw());
    page.themeChanged?.connect(this.themeChanged, this);
  }

  renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.model = model;
    const view = model.data[RUN_MIME] as unknown as RunView | undefined;
    if (view?.version !== 1 || typeof view.id !== "string" || !Array.isArray(view.series)) {
      this.node.textContent = "This training run was written by another version of Thawbook; update its JupyterLab extension to see it.";
      return Promise.resolve();
    }
    // Over its comm a live chart is ahead of what the notebook is told once a second.
    const ahead = this.link?.connection === "live" && this.view?.id === view.id && isLive(view.state) && view.step <= this.view.step;
    if (!ahead) this.present(view);
    if (this.isAttached) this.follow();
    return Promise.resolve();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.follow();
    this.drawing.request();
  }

  protected override onResize(message: Widget.ResizeMessage): void {
    super.onResize(message);
    this.drawing.request();
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.page.themeChanged?.disconnect(this.themeChanged, this);
    this.link?.dispose();
    this.drawing.dispose();
    void plotly?.then((loaded) => loaded.purge(this.plot));
    super.dispose();
  }

  private themeChanged(): void {
    // The theme's style sheet is in the page a moment after the signal.
    requestAnimationFrame(() => this.drawing.request());
  }

  private present(view: RunView): void {
    this.view = view;
    this.header.update(view, this.link?.connection ?? "idle");
    this.node.setAttribute("aria-label", `training run ${view.name}`);
    const { state, facts, best } = headline(view);
    this.plot.setAttribute("aria-label", `chart of ${view.name}: ${state}, ${facts.join(", ")}${best === undefined ? "" : `, ${best}`}`);
    this.drawing.request();
  }

  /** Opens the line to the kernel where the run may still go on; one that ended needs none. */
  private follow(): void {
    if (!this.view || !isLive(this.view.state)) {
      this.link?.dispose();
      this.link = undefined;
      return;
    }
    if (this.link && this.link.connection !== "idle") return;
    this.link?.dispose();
    const link = new RunLink(this.page.sessionOf(this.node), this.view, (view, output) => {
      if (this.isDisposed || link !== this.link) return;
      if (view) this.present(view);
      if (output) this.keep(output);
      else if (this.view) this.header.update(this.view, link.connection);
    });
    this.link = link;
    link.open().catch((error: unknown) => console.warn("Thawbook: the chart cannot reach its kernel", error));
  }

  /**
   * The notebook keeps the run as it ended. It knows already, unless the page was loaded anew while the run
   * went on, or the cell ended before the run did.
   */
  private keep(output: Record<string, unknown>): void {
    const { model } = this;
    const kept = model?.data[RUN_MIME] as unknown as RunView | undefined;
    if (!model || !kept || !isLive(kept.state)) return;
    model.setData({ data: { ...model.data, ...(output as ReadonlyPartialJSONObject) } });
  }

  private async draw(): Promise<void> {
    const { react } = await loadPlotly();
    if (this.isDisposed || !this.view || this.plot.clientWidth === 0) return;
    const { data, layout, height } = runFigure(this.view, this.plot.clientWidth, currentTheme());
    this.plot.style.height = `${height}px`;
    await react(this.plot, data, layout, CONFIG);
    this.plot.dataset.step = String(this.view.step);
  }
}
