import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadPretrained, save } from "../../kernel/lib/models/index.js";
import { requireTf } from "../../kernel/lib/tensorflow/index.js";

const tf = requireTf();
const folder = mkdtempSync(join(tmpdir(), "thawbook models "));
const path = (name: string) => join(folder, name);
const model = () =>
  tf.sequential({ name: "tiny", layers: [tf.layers.conv2d({ name: "conv", filters: 2, kernelSize: 3, inputShape: [4, 4, 1] }), tf.layers.flatten(), tf.layers.dense({ name: "out", units: 3 })] });

beforeAll(async () => {
  await save(model(), path("saved"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("loadPretrained", () => {
  it("gives back what save wrote, by folder and by file", async () => {
    const original = model();
    await save(original, path("again"));
    const x = tf.randomUniform([2, 4, 4, 1]);
    for (const source of [path("again"), path("again/model.json")]) {
      const loaded = await loadPretrained(source);
      expect(loaded.name).toBe("tiny");
      expect((loaded.predict(x) as typeof x).arraySync()).toEqual((original.predict(x) as typeof x).arraySync());
    }
    expect(await loadPretrained(original)).toBe(original);
  });

  it("reads what tfjs itself saved, in several shards", async () => {
    const original = model();
    await original.save(`file://${path("by-tfjs")}`);
    const json = JSON.parse(readFileSync(path("by-tfjs/model.json"), "utf8")) as { weightsManifest: { paths: string[] }[] };
    const bytes = readFileSync(path("by-tfjs/weights.bin"));
    writeFileSync(path("by-tfjs/one.bin"), bytes.subarray(0, 50));
    writeFileSync(path("by-tfjs/two.bin"), bytes.subarray(50));
    json.weightsManifest[0]!.paths = ["one.bin", "two.bin"];
    writeFileSync(path("by-tfjs/model.json"), JSON.stringify(json));
    const loaded = await loadPretrained(path("by-tfjs"));
    expect(loaded.getWeights().map((weight) => weight.arraySync())).toEqual(original.getWeights().map((weight) => weight.arraySync()));
  });

  it("keeps what is frozen", async () => {
    const original = model();
    original.layers[0]!.trainable = false;
    await save(original, path("frozen"));
    const loaded = await loadPretrained(path("frozen"));
    expect(loaded.layers.map((layer) => layer.trainable)).toEqual([false, true, true]);
  });

  it("names the closest path where there is none", async () => {
    await expect(loadPretrained(path("savd"))).rejects.toThrow(/There is no ".*savd" .* Closest in .*: saved/);
    await expect(loadPretrained(path("none/deeper/still"))).rejects.toThrow(`Closest in ${folder}`);
  });

  it.each([
    ["model.safetensors", "safetensors (Hugging Face)"],
    ["model.keras", "a Keras 3 file"],
    ["model.h5", "a Keras HDF5 file"],
    ["saved_model.pb", "a TensorFlow SavedModel"],
    ["pytorch_model.bin", "PyTorch weights"],
  ])("names the format of %s, as file and in a folder", async (name, format) => {
    const holder = `as ${name}`;
    mkdirSync(path(holder));
    writeFileSync(path(`${holder}/${name}`), "x");
    await expect(loadPretrained(path(`${holder}/${name}`))).rejects.toThrow(format);
    await expect(loadPretrained(path(holder))).rejects.toThrow("loadPretrained reads tfjs models (a folder with model.json)");
  });

  it("names the tensor at which a cut file ends", async () => {
    await save(model(), path("cut"));
    truncateSync(path("cut/weights.bin"), 90);
    await expect(loadPretrained(path("cut"))).rejects.toThrow(/weights\.bin ends inside the tensor "out\/kernel" \[8, 3\]: it has 90 bytes, and this tensor takes 80 to 176/);
    rmSync(path("cut/weights.bin"));
    await expect(loadPretrained(path("cut"))).rejects.toThrow("names the weight file weights.bin, which is not beside it");
  });

  it("says what is wrong with a model.json", async () => {
    mkdirSync(path("broken"));
    const attempt = (content: string) => {
      writeFileSync(path("broken/model.json"), content);
      return expect(loadPretrained(path("broken"))).rejects;
    };
    await attempt("{").toThrow("is no valid JSON");
    await attempt("{}").toThrow('has no "modelTopology"');
    await attempt('{"modelTopology":{},"format":"graph-model"}').toThrow("frozen for inference");
    await attempt('{"modelTopology":{}}').toThrow('has no "weightsManifest"');
    await attempt('{"modelTopology":{"class_name":"Sequential"},"weightsManifest":[]}').toThrow("cannot be built into a model");
  });
});
