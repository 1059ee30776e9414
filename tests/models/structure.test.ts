import { describe, expect, it } from "vitest";
import type { LayersModel, SymbolicTensor, Tensor } from "@tensorflow/tfjs-node";
import { copyModel, forward, fromScratch, layersView, replaceHead, weightEntries } from "../../kernel/lib/models/index.js";
import { hashTensor, requireTf } from "../../kernel/lib/tensorflow/index.js";

const tf = requireTf();
const { layers } = tf;
const hashes = (model: LayersModel) => weightEntries(model).map(({ path, variable }) => `${path} ${hashTensor(variable.read())}`);
const farthest = (a: Tensor, b: Tensor) => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!;

function classifier(): LayersModel {
  return tf.sequential({
    name: "classifier",
    layers: [
      layers.conv2d({ name: "conv1", filters: 2, kernelSize: 3, inputShape: [6, 6, 1], activation: "relu" }),
      layers.batchNormalization({ name: "norm" }),
      layers.flatten({ name: "flat" }),
      layers.dropout({ name: "drop", rate: 0.5 }),
      layers.dense({ name: "out", units: 10, activation: "softmax" }),
    ],
  });
}

function branched(): LayersModel {
  const input = tf.input({ shape: [6], name: "in" });
  const left = layers.dense({ name: "left", units: 4, activation: "relu" }).apply(input) as SymbolicTensor;
  const right = layers.dense({ name: "right", units: 4 }).apply(input) as SymbolicTensor;
  const shared = layers.dense({ name: "shared", units: 3 });
  const sum = layers.add({ name: "sum" }).apply([shared.apply(left) as SymbolicTensor, shared.apply(right) as SymbolicTensor]) as SymbolicTensor;
  return tf.model({ inputs: input, outputs: layers.dense({ name: "out", units: 2, activation: "softmax" }).apply(sum) as SymbolicTensor, name: "branched" });
}

function nested(): LayersModel {
  const input = tf.input({ shape: [6, 6, 1], name: "image" });
  const inner = classifier();
  return tf.model({ inputs: input, outputs: layers.dense({ name: "top", units: 2 }).apply(inner.apply(input) as SymbolicTensor) as SymbolicTensor, name: "outer" });
}

describe("forward gives what the model's own predict gives", () => {
  it.each<[string, () => LayersModel, number[]]>([
    ["a sequential model", classifier, [3, 6, 6, 1]],
    ["branches and a shared layer", branched, [3, 6]],
    ["a nested model", nested, [3, 6, 6, 1]],
    ["a sequential model in another", () => tf.sequential({ layers: [classifier(), layers.dense({ name: "top", units: 2 })] }), [3, 6, 6, 1]],
    ["an embedding with a mask under an LSTM", () => tf.sequential({ layers: [layers.embedding({ inputDim: 7, outputDim: 4, maskZero: true, inputLength: 5 }), layers.lstm({ units: 3 })] }), [2, 5]],
  ])("%s", (_name, make, shape) => {
    const model = make();
    const x = tf.floor(tf.mul(tf.randomUniform(shape), 3));
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      expect(farthest(forward(model, [x])[0]!, model.predict(x) as Tensor)).toBe(0);
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  it("and logits, where the activation is left out", () => {
    for (const model of [classifier(), branched()]) {
      const x = tf.randomUniform([2, ...(model.inputs[0]!.shape.slice(1) as number[])]);
      expect(farthest(tf.softmax(forward(model, [x], { beforeActivation: true })[0]!), model.predict(x) as Tensor)).toBeLessThan(1e-6);
      // The model is as it was.
      expect(tf.sum(model.predict(x) as Tensor).dataSync()[0]).toBeCloseTo(2, 5);
    }
  });

  it("and shows what every layer gives", () => {
    const seen: string[] = [];
    tf.tidy(() => void forward(nested(), [tf.zeros([1, 6, 6, 1])], { observe: (path, output) => seen.push(`${path} ${output.shape.join("x")}`) }));
    expect(seen).toEqual(["classifier/conv1 1x4x4x2", "classifier/norm 1x4x4x2", "classifier/flat 1x32", "classifier/drop 1x32", "classifier/out 1x10", "classifier 1x10", "top 1x2"]);
  });
});

describe("replaceHead", () => {
  it("puts a new head on the same backbone", () => {
    const model = classifier();
    const made = replaceHead(model, { classes: 3, seed: 1 });
    expect(made.layers.map(({ name }) => name).slice(1)).toEqual(["conv1", "norm", "flat", "drop", "head"]);
    expect(made.outputs[0]!.shape).toEqual([null, 3]);
    expect(made.name).toBe("classifier");
    expect(made.getLayer("conv1")).toBe(model.layers[0]);
    expect(tf.sum(made.predict(tf.zeros([1, 6, 6, 1])) as Tensor).dataSync()[0]).toBeCloseTo(1, 5);
    expect(model.outputs[0]!.shape).toEqual([null, 10]);
  });

  it("draws the new weights by the seed, within Glorot's limit", () => {
    const kernel = (seed: number) => Array.from(replaceHead(classifier(), { classes: 3, seed }).getLayer("head").getWeights()[0]!.dataSync());
    expect(kernel(1)).toEqual(kernel(1));
    expect(kernel(1)).not.toEqual(kernel(2));
    expect(Math.max(...kernel(1).map(Math.abs))).toBeLessThan(Math.sqrt(6 / 35));
  });

  it("finds the head below a separate softmax, dropout in front, and names that are taken", () => {
    const model = tf.sequential({ layers: [layers.dense({ name: "head", units: 4, activation: "relu", inputShape: [5] }), layers.dense({ name: "logits", units: 10 }), layers.softmax({ name: "probabilities" })] });
    const made = replaceHead(model, { units: 1, activation: "sigmoid", dropout: 0.2 });
    expect(made.layers.map(({ name }) => name).slice(1)).toEqual(["head", "head_dropout", "head_2"]);
  });

  it("pools where the layer that feeds it gives maps", () => {
    const made = replaceHead(classifier(), { classes: 3, after: "conv1" });
    expect(made.layers.map(({ name }) => name).slice(1)).toEqual(["conv1", "head_pool", "head"]);
    expect(made.getLayer("head").getWeights()[0]!.shape).toEqual([2, 3]);
    expect(replaceHead(classifier(), { classes: 3, after: "conv1", pool: "flatten" }).getLayer("head").getWeights()[0]!.shape).toEqual([32, 3]);
  });

  it("asks where the end does not look like a head", () => {
    const backbone = tf.sequential({ name: "backbone", layers: [layers.conv2d({ name: "last_conv", filters: 2, kernelSize: 3, inputShape: [6, 6, 1], activation: "relu" })] });
    expect(() => replaceHead(backbone, { classes: 2 })).toThrow('backbone ends in last_conv (Conv2D, relu), which does not look like a head. Name the layer that feeds the new one, as in { after: "last_conv" }');
    expect(replaceHead(backbone, { classes: 2, after: "last_conv" }).outputs[0]!.shape).toEqual([null, 2]);
    expect(() => replaceHead(backbone, { classes: 2, after: "lastconv" })).toThrow("the closest names are last_conv");
    const wrapped = tf.sequential({ name: "wrapped", layers: [layers.dense({ units: 4, inputShape: [4] }), tf.sequential({ name: "inner", layers: [layers.dense({ units: 2, inputShape: [4] })] })] });
    expect(() => replaceHead(wrapped, { classes: 3 })).toThrow("lies inside the nested model inner");
  });

  it("refuses what makes no sense", () => {
    expect(() => replaceHead(classifier(), {})).toThrow("wants either classes or units");
    expect(() => replaceHead(classifier(), { classes: 2.5 })).toThrow("classes must be a whole number from 1 on; it is 2.5");
    expect(() => replaceHead(classifier(), { classes: 1 })).toThrow("tells nothing apart");
  });
});

describe("fromScratch and copyModel", () => {
  it.each([["sequential", classifier], ["functional", branched], ["nested", nested]])("%s", (_name, make) => {
    const model = make();
    expect(hashes(fromScratch(model, { seed: 3 }))).toEqual(hashes(fromScratch(model, { seed: 3 })));
    expect(hashes(fromScratch(model, { seed: 3 }))).not.toEqual(hashes(fromScratch(model, { seed: 4 })));
    const copy = copyModel(model);
    expect(hashes(copy)).toEqual(hashes(model));
    copy.layers.at(-1)!.setWeights(copy.layers.at(-1)!.getWeights().map((weight) => tf.onesLike(weight)));
    expect(hashes(copy)).not.toEqual(hashes(model));
  });
});

describe("layersView", () => {
  it("says what trains and where backpropagation stops, in a nested model too", () => {
    const model = nested();
    const inner = model.getLayer("classifier") as unknown as LayersModel;
    inner.getLayer("conv1").trainable = false;
    inner.getLayer("norm").trainable = false;
    const view = layersView(model);
    expect(view.layers.map(({ name, depth, parameters, trainable, state }) => [name, depth, parameters, trainable, state])).toEqual([
      ["image", 0, 0, 0, "frozen, backpropagation never arrives"],
      ["classifier", 0, 358, 330, "trains"],
      ["conv1", 1, 20, 0, "frozen, backpropagation never arrives"],
      ["norm", 1, 8, 0, "frozen, backpropagation never arrives"],
      ["flat", 1, 0, 0, "frozen, backpropagation never arrives"],
      ["drop", 1, 0, 0, "frozen, backpropagation never arrives"],
      ["out", 1, 330, 330, "trains"],
      ["top", 0, 22, 22, "trains"],
    ]);
    expect([view.parameters, view.trainable, view.cut]).toEqual([380, 352, 6]);
  });

  it("lets gradients pass a frozen layer above a trained one", () => {
    const model = branched();
    model.getLayer("shared").trainable = false;
    model.getLayer("right").trainable = false;
    const states = Object.fromEntries(layersView(model).layers.map(({ name, state }) => [name, state]));
    expect(states).toMatchObject({ left: "trains", right: "frozen, backpropagation never arrives", shared: "frozen, gradients pass", out: "trains" });
  });

  it("has no cut where nothing trains", () => {
    const model = classifier();
    model.trainable = false;
    expect(layersView(model)).toMatchObject({ trainable: 0, cut: null });
  });
});
