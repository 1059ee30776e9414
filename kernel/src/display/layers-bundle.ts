/** A model as a MIME bundle: the layer-freeze diagram, its picture, and a table as text. */

import type { LayersModel } from "@tensorflow/tfjs-node";
import type { Shown } from "./frontend";
import { pictureSize } from "./images";
import { layersPicture } from "./layers-picture";
import { drawPng } from "./picture";
import { count, outputShape, trainableOf } from "./words";
import { LAYERS_MIME, type LayersView } from "./views";
import { peek } from "./peek";

/** A tfjs `LayersModel` (functional or sequential), by its looks: nothing is loaded to find out. */
export function isModel(value: unknown): value is LayersModel {
  if (typeof value !== "object" || value === null) return false;
  const it = value as Partial<LayersModel>;
  return typeof peek(value, "predict") === "function" && typeof peek(value, "getWeights") === "function" && Array.isArray(it.layers) && typeof it.name === "string";
}

/** Aligned columns, the output on top as in the diagram. */
export function layersText(view: LayersView): string {
  const rows = view.layers.map((layer) => [
    "  ".repeat(layer.depth) + layer.name,
    layer.kind,
    outputShape(layer.output),
    count(layer.parameters),
    layer.parameters === 0 ? "" : layer.state,
  ]);
  const lines = [["layer", "kind", "output", "parameters", "state"], ...rows.reverse()];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...lines.map((line) => (line[column] as string).length)));
  const text = lines.map((line) => line.map((cell, column) => (column === 3 ? cell.padStart(widths[3] as number) : cell.padEnd(widths[column] ?? 0))).join("  ").trimEnd());
  return [`${view.name}: ${trainableOf(view.trainable, view.parameters)}`, ...text].join("\n");
}

export function layersBundle(view: LayersView): Shown {
  const picture = layersPicture(view);
  return {
    data: { [LAYERS_MIME]: view, "image/png": drawPng(picture).toString("base64"), "text/plain": layersText(view) },
    metadata: pictureSize(picture),
  };
}

/** A model as it stands now. */
export function modelBundle(model: LayersModel): Shown {
  const { layersView } = require("../models") as typeof import("../models");
  return layersBundle(layersView(model));
}
