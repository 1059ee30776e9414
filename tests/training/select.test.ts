import { describe, expect, it } from "vitest";
import type { LayersModel, SymbolicTensor } from "@tensorflow/tfjs-node";
import { below, biases, freeze, freezeAllBut, last, norms, trainable, trainedPaths, unfreeze } from "../../kernel/lib/training/index.js";
import type { Selector } from "../../kernel/lib/training/index.js";
import { smallCnn, tf } from "./small.js";

/** encoder (block1, norm1, block2) and a head, the encoder a model of its own. */
function nested(): LayersModel {
  const encoder = tf.sequential({
    name: "encoder",
    layers: [tf.layers.dense({ name: "block1", units: 3, inputShape: [4] }), tf.layers.layerNormalization({ name: "norm1" }), tf.layers.dense({ name: "block2", units: 3 })],
  });
  const input = tf.input({ shape: [4], name: "in" });
  return tf.model({ name: "model", inputs: input, outputs: tf.layers.dense({ name: "head", units: 2 }).apply(encoder.apply(input) as SymbolicTensor) as SymbolicTensor });
}

const ALL = ["encoder/block1/kernel", "encoder/block1/bias", "encoder/norm1/gamma", "encoder/norm1/beta", "encoder/block2/kernel", "encoder/block2/bias", "head/kernel", "head/bias"];
const without = (...parts: string[]) => ALL.filter((path) => !parts.some((part) => path.includes(part)));

describe("freeze leaves training", () => {
  it.each<[string, Selector[], string[]]>([
    ["by a layer's name", ["head"], without("head")],
    ["by the name of a layer in a nested model", ["block1"], without("block1")],
    ["by a pattern", ["block*"], without("block")],
    ["by a path", ["encoder/block*"], without("block")],
    ["by all of a nested model", ["encoder"], without("encoder")],
    ["by all of a nested model, as a path", ["encoder/*"], without("encoder")],
    ["by a weight's path", ["*/bias"], without("bias")],
    ["by a regular expression", [/block[12]\/k/], without("block1/kernel", "block2/kernel")],
    ["by depth", [below("block2")], without("block1", "norm1")],
    ["by depth across models", [below("head")], without("encoder")],
    ["by the end", [last(2)], without("block2", "head")],
    ["by kind", [biases, norms], without("bias", "norm1")],
    ["by a function", [({ size }) => size > 10], without("block1/kernel")],
    ["everything", [], []],
  ])("%s", (_name, selectors, expected) => {
    const model = freeze(nested(), ...selectors);
    expect(trainedPaths(model)).toEqual(expected);
    // And what tfjs itself would train is the same.
    expect(model.trainableWeights).toHaveLength(expected.length);
    unfreeze(model, ...selectors);
    expect(trainedPaths(model)).toEqual(ALL);
  });

  it("all but the head, whatever was before", () => {
    const model = freeze(nested(), "head");
    expect(trainedPaths(freezeAllBut(model, "head"))).toEqual(["head/kernel", "head/bias"]);
    expect(trainedPaths(freezeAllBut(model, biases))).toEqual(ALL.filter((path) => path.endsWith("bias")));
  });

  it("unfreezing one layer of a frozen model leaves the others frozen", () => {
    const model = nested();
    model.trainable = false;
    expect(trainedPaths(unfreeze(model, "block2"))).toEqual(["encoder/block2/kernel", "encoder/block2/bias"]);
    const own = nested();
    (own.getLayer("encoder") as unknown as LayersModel).trainable = false;
    expect(trainedPaths(unfreeze(own, "norm1"))).toEqual(["encoder/norm1/gamma", "encoder/norm1/beta", "head/kernel", "head/bias"]);
  });
});

describe("a selector that selects nothing", () => {
  it.each<[Selector, string]>([
    ["encodr/*", '"encodr/*" matches no layer of model; the closest names are encoder'],
    ["hed", "the closest names are head"],
    ["in", '"in" matches in, which has no weights to freeze'],
    [() => false, "The selector function chooses none of the 8 weights of model"],
    [below("block1"), 'below("block1") selects no layer with weights in model'],
    [below("blok1"), '"blok1" is no layer of model; the closest names are'],
  ])("%s", (selector, message) => {
    expect(() => freeze(nested(), selector)).toThrow(message);
  });

  it("changes nothing", () => {
    const model = nested();
    expect(() => freeze(model, "head", "nothing")).toThrow();
    expect(trainedPaths(model)).toEqual(ALL);
  });
});

it("trainable is a table of what trains", () => {
  const model = smallCnn();
  freeze(model, "conv1", "norm");
  const table = trainable(model);
  expect(table.columns).toEqual(["layer", "kind", "parameters", "trains", "state"]);
  expect(table.values).toEqual([
    ["conv1", "Conv2D", 30, 0, "frozen, backpropagation never arrives"],
    ["norm", "BatchNormalization", 12, 0, "frozen, backpropagation never arrives"],
    ["features", "Dense", 294, 294, "trains"],
    ["head", "Dense", 21, 21, "trains"],
  ]);
});
