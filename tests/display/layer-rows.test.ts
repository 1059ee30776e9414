import { expect, test } from "vitest";
import { barLength, drawnRows, fewRows, foldedAtFirst, type DrawnRow } from "../../kernel/lib/display/layer-rows.js";
import { freeze } from "../../kernel/lib/training/index.js";
import { layersView } from "../../kernel/lib/models/index.js";
import { requireTf } from "../../kernel/lib/tensorflow/index.js";
import type { LayersView } from "../../kernel/lib/display/views.js";

const names = (rows: readonly DrawnRow[], view: LayersView): string[] => rows.map((row) => (row.kind === "layer" ? (view.layers[row.index]?.name ?? "?") : row.kind));

function nested(): LayersView {
  const tf = requireTf();
  const encoder = tf.sequential({
    name: "encoder",
    layers: [tf.layers.dense({ name: "first", units: 4, inputShape: [3] }), tf.layers.dense({ name: "second", units: 4 })],
  });
  const model = tf.sequential({ name: "outer", layers: [encoder, tf.layers.dense({ name: "head", units: 2 })] });
  freeze(model, "encoder/first");
  return layersView(model);
}

test("the output is on top, a nested model's layers below its own row, and the cut below the lowest that trains", () => {
  const view = nested();
  expect(names(drawnRows(view, new Set()), view).filter((name) => !name.includes("input"))).toEqual(["head", "encoder", "second", "cut", "first"]);
});

test("a folded model keeps its layers, and the cut below it is not drawn where nothing lies beneath", () => {
  const view = nested();
  const encoder = view.layers.findIndex(({ name }) => name === "encoder");
  expect(names(drawnRows(view, new Set([encoder])), view).filter((name) => !name.includes("input"))).toEqual(["head", "encoder"]);
  expect([...foldedAtFirst(view, 3)]).toEqual([encoder]);
});

const flat = (n: number, trains: number): LayersView => ({
  version: 1,
  name: "deep",
  layers: Array.from({ length: n }, (_, index) => ({
    name: `layer${index}`,
    kind: "Conv2D",
    output: [null, 8],
    parameters: 10,
    trainable: index >= n - trains ? 10 : 0,
    state: index >= n - trains ? "trains" : "frozen, backpropagation never arrives",
    depth: 0,
  })),
  parameters: 10 * n,
  trainable: 10 * trains,
  cut: trains > 0 ? n - trains : null,
});

test("two hundred layers are told in a few rows, with none left out of the sums", () => {
  const rows = fewRows(flat(200, 20), 48);
  expect(rows.map((row) => row.kind)).toEqual(["layer", "more", "layer", "cut", "layer", "more", "layer"]);
  expect(rows.reduce((sum, row) => sum + (row.kind === "more" ? row.parameters : row.kind === "layer" ? row.layer.parameters : 0), 0)).toBe(2000);
});

test("no line where all trains, and none where nothing does", () => {
  for (const view of [flat(3, 3), flat(3, 0)]) expect(drawnRows(view, new Set()).map((row) => row.kind)).toEqual(["layer", "layer", "layer"]);
});

test("bars are logarithmic", () => {
  expect(barLength(66_000_000, 66_000_000)).toBe(1);
  expect(barLength(1290, 66_000_000)).toBeCloseTo(0.4, 1);
  expect(barLength(0, 10)).toBe(0);
});
