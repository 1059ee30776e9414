/** A run as a MIME bundle: the view for the live chart, its picture, and the epochs as a table of text. */

import type { LayersModel } from "@tensorflow/tfjs-node";
import type { EpochRecord, ObservableRun } from "../training/runs/run.types";
import type { Shown } from "./frontend";
import { headline } from "./headline";
import { pictureSize } from "./images";
import { drawPng } from "./picture";
import { runPicture } from "./run-picture";
import { runView } from "./run-view";
import { count, figure } from "./words";
import { RUN_MIME, type RunView } from "./views";
import { peek } from "./peek";

/** A training run, by what `ObservableRun` promises. */
export function isRun(value: unknown): value is ObservableRun {
  if (typeof value !== "object" || value === null) return false;
  const it = value as Partial<ObservableRun>;
  return typeof peek(value, "subscribe") === "function" && typeof it.id === "string" && typeof it.state === "string" && typeof it.plan === "object" && Array.isArray(it.history);
}

/** How many weights learn now. */
export function weightCounts(model: LayersModel): { trainable: number; parameters: number } {
  const { layersView } = require("../models") as typeof import("../models");
  const { trainable, parameters } = layersView(model);
  return { trainable, parameters };
}

/** As many epochs as a table of text shows in full; beyond, the first and the last five. */
const MOST_EPOCHS = 14;

/** A line a epoch, under what the chart's header says. */
export function runText(view: RunView, history: readonly EpochRecord[]): string {
  const said = headline(view);
  const lines = [`${said.name}: ${said.state}${said.message === undefined ? "" : ` (${said.message})`}, ${said.facts.join(", ")}`];
  if (history.length > 0) {
    const metrics = [...new Set(history.flatMap((record) => Object.keys(record.metrics)))];
    const row = (record: EpochRecord): string[] => [
      String(record.epoch),
      count(record.step),
      ...metrics.map((name) => (record.metrics[name] === undefined ? "" : figure(record.metrics[name]))),
      figure(record.learningRate),
    ];
    const rows = history.length <= MOST_EPOCHS ? history.map(row) : [...history.slice(0, 5).map(row), null, ...history.slice(-5).map(row)];
    const head = ["epoch", "step", ...metrics, "learning rate"];
    const widths = head.map((title, column) => Math.max(title.length, ...rows.map((cells) => cells?.[column]?.length ?? 1)));
    lines.push(...[head, ...rows].map((cells) => widths.map((width, column) => (cells?.[column] ?? "…").padStart(width)).join("  ")));
  }
  if (said.best !== undefined) lines.push(said.best);
  lines.push(said.trainable);
  lines.push(...view.marks.map(({ step, label }) => (step === 0 ? label : `step ${count(step)}: ${label}`)));
  return lines.join("\n");
}

export function runBundle(run: ObservableRun, stepsPerSecond?: number): Shown {
  const view = runView(run, { ...weightCounts(run.model), ...(stepsPerSecond !== undefined && { stepsPerSecond }) });
  const picture = runPicture(view);
  return {
    data: { [RUN_MIME]: view, "image/png": drawPng(picture).toString("base64"), "text/plain": runText(view, run.history) },
    metadata: pictureSize(picture),
  };
}
