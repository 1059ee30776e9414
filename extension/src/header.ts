import { headline } from "thawbook/drawing";
import type { RunCommCommand, RunView } from "thawbook/views";

/** Whether the chart hears from its run. `ended`: the kernel is gone or knows nothing of it. */
export type Connection = "idle" | "live" | "ended";

function make<K extends keyof HTMLElementTagNameMap>(tag: K, name: string, parent: HTMLElement): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  node.className = `thawbook-${name}`;
  parent.append(node);
  return node;
}

/** State, progress, figures and the buttons above a chart. */
export class Header {
  readonly node = document.createElement("div");
  private readonly name: HTMLElement;
  private readonly state: HTMLElement;
  private readonly facts: HTMLElement;
  private readonly best: HTMLElement;
  private readonly bar: HTMLElement;
  private readonly fill: HTMLElement;
  private readonly pause: HTMLButtonElement;
  private readonly stop: HTMLButtonElement;
  private readonly spoken: HTMLElement;
  private paused = false;

  constructor(private readonly command: (command: RunCommCommand) => void) {
    this.node.className = "thawbook-Header";
    const first = make("div", "Header-row", this.node);
    this.name = make("strong", "Header-name", first);
    this.state = make("span", "Chip", first);
    const buttons = make("div", "Header-buttons", first);
    this.pause = this.button(buttons, () => this.command({ kind: this.paused ? "resume" : "pause" }));
    this.stop = this.button(buttons, () => this.command({ kind: "stop" }));
    this.stop.textContent = "Stop";
    this.stop.title = "End after this batch and keep the model: run.stop()";
    const second = make("div", "Header-row", this.node);
    this.facts = make("span", "Header-facts", second);
    this.best = make("span", "Header-best", second);
    this.bar = make("div", "Progress", this.node);
    this.bar.setAttribute("role", "progressbar");
    this.bar.setAttribute("aria-label", "steps taken");
    this.fill = make("div", "Progress-fill", this.bar);
    this.spoken = make("div", "Spoken", this.node);
    this.spoken.setAttribute("aria-live", "polite");
  }

  private button(parent: HTMLElement, act: () => void): HTMLButtonElement {
    const button = make("button", "Button", parent);
    button.type = "button";
    button.addEventListener("click", act);
    return button;
  }

  update(view: RunView, connection: Connection): void {
    const said = headline(view);
    const cut = connection === "ended" && said.tone === "live";
    this.paused = view.state === "paused";
    this.name.textContent = said.name;
    this.name.title = said.trainable;
    this.state.textContent = cut ? "ended" : said.state;
    this.node.dataset.tone = cut ? "quiet" : said.tone;
    const facts = cut ? said.facts.slice(0, 2).concat("its kernel is gone; as last saved") : said.facts;
    this.facts.textContent = said.message ?? facts.join("  ·  ");
    this.best.textContent = said.best ?? "";
    this.fill.style.width = `${(100 * said.progress).toFixed(2)}%`;
    this.bar.setAttribute("aria-valuenow", String(Math.round(100 * said.progress)));
    this.bar.setAttribute("aria-valuemin", "0");
    this.bar.setAttribute("aria-valuemax", "100");
    const steerable = connection === "live" && (view.state === "running" || view.state === "paused");
    this.pause.hidden = this.stop.hidden = !steerable;
    this.pause.textContent = this.paused ? "Resume" : "Pause";
    this.pause.title = this.paused ? "Go on: run.resume()" : "Wait after this batch: run.pause()";
    // Read out when an epoch or the run ends, not at every step.
    const spoken = `${said.state}, ${view.epochs > 1 ? `epoch ${view.epoch} of ${view.epochs}` : ""} ${said.best ?? ""}`;
    if (this.spoken.textContent !== spoken) this.spoken.textContent = spoken;
  }
}
