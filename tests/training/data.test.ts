import { describe, expect, it } from "vitest";
import { finetune } from "../../kernel/lib/training/index.js";
import type { TrainingData } from "../../kernel/lib/training/index.js";
import { hashes, smallCnn, stripes, tf } from "./small.js";

const { x, y } = stripes(12);
const options = { epochs: 1, batchSize: 4, seed: 1 };
const image = (row: number) => Array.from({ length: 6 }, (_, line) => Array.from(x.subarray(row * 36 + line * 6, row * 36 + line * 6 + 6), (value) => [value]));
const rows = [...y.keys()];

describe("the same data in any dress trains the same", () => {
  const flat = rows.map((row) => Array.from(x.subarray(row * 36, row * 36 + 36)));
  const oneHot = rows.map((row) => [0, 1, 2].map((each) => Number(each === y[row])));
  const dresses: [string, TrainingData][] = [
    ["typed arrays", { x, y }],
    ["tensors", { x: tf.tensor4d(x, [12, 6, 6, 1]), y: tf.tensor1d(y, "int32") }],
    ["nested arrays", { x: rows.map(image), y: [...y] }],
    ["flat rows", { x: flat, y: [...y] }],
    ["one-hot rows", { x: flat, y: oneHot }],
    ["a frame's values", { x: { values: flat }, y: { values: [...y] } }],
    ["a list of typed rows", { x: flat.map((row) => Float32Array.from(row)), y }],
  ];
  let expected: Record<string, string>;
  it.each(dresses)("%s", async (_name, data) => {
    const model = smallCnn();
    await finetune(model, data, options).train();
    expected ??= hashes(model);
    expect(hashes(model)).toEqual(expected);
  });
});

describe("what cannot be meant is refused before anything is computed", () => {
  const attempt = (data: TrainingData, more: object = {}) => () => finetune(smallCnn(), data, { ...options, ...more });
  it.each<[string, () => unknown, string]>([
    ["a wrong shape", attempt({ x: tf.zeros([12, 5, 5, 1]), y }), "training data: x has [12, 5, 5, 1]; the model takes [samples, 6, 6, 1]"],
    ["a flat array that does not divide", attempt({ x: new Float32Array(100), y }), "x has 100 numbers, which is no multiple of 36; the model takes [samples, 6, 6, 1]"],
    ["unequal lengths", attempt({ x, y: y.slice(0, 11) }), "training data: y has 11 rows and x has 12"],
    ["a class out of range", attempt({ x, y: [...y.slice(0, 11), 3] }), "training data: y holds 3 in row 11; the model tells 3 classes apart, 0 to 2"],
    ["a class that is no whole number", attempt({ x, y: [...y.slice(0, 11), 1.5] }), "y holds 1.5 in row 11"],
    ["no rows", attempt({ x: new Float32Array(0), y: [] }), "training data is empty: x has no rows"],
    ["NaN", attempt({ x: x.map((value, index) => (index === 40 ? NaN : value)), y }), "training data: x holds NaN in row 1 (number 4 of it)"],
    ["ragged rows", attempt({ x: [image(0), image(1).slice(1)], y: [0, 1] }), "training data: x is ragged: row 1 does not have the shape of row 0, [6, 6, 1]"],
    ["text", attempt({ x: [["a"]] as unknown as number[][], y: [0] }), 'holds "a" in row 0, which is no number'],
    ["bad validation", attempt({ x, y, validation: [x, y.slice(1)] }), "validation: y has 11 rows and x has 12"],
    ["a share of one", attempt({ x, y, validation: 1 }), "validation: a share lies between 0 and 1; it is 1"],
    ["no epochs", attempt({ x, y }, { epochs: 0 }), "epochs must be a whole number from 1 on; it is 0"],
    ["a negative rate", attempt({ x, y }, { learningRate: -1 }), "learningRate must be a number above 0; it is -1"],
    ["a rate for nobody", attempt({ x, y }, { rates: { "cnov*": 0.1 } }), 'rates: "cnov*" matches no layer of small; the closest names are conv1'],
    ["dropout for nobody", attempt({ x, y }, { dropout: { dropp: 0.1 } }), 'dropout: "dropp" matches no dropout layer; there are drop'],
    ["an unmeasured monitor", attempt({ x, y }, { earlyStopping: { patience: 2, monitor: "val_loss" } }), 'earlyStopping.monitor: "val_loss" is not measured; there are loss, accuracy'],
    ["the wrong loss", attempt({ x, y }, { loss: "binaryCrossentropy" }), "small ends in a softmax, for which \"crossentropy\" is meant"],
  ])("%s", (_name, make, message) => {
    expect(make).toThrow(message);
  });
});
