import { describe, expect, it } from "vitest";
import { decodeSafetensors, encodeSafetensors } from "../../kernel/lib/models/index.js";
import type { StoredTensor } from "../../kernel/lib/models/index.js";

const bytes = (values: ArrayBufferView) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
const tensors = new Map<string, StoredTensor>([
  ["mask", { dtype: "BOOL", shape: [3], bytes: Uint8Array.of(1, 0, 1) }],
  ["head/kernel", { dtype: "F32", shape: [2, 2], bytes: bytes(Float32Array.of(1, -0, NaN, 1e-40)) }],
  ["ids", { dtype: "I32", shape: [2], bytes: bytes(Int32Array.of(-1, 7)) }],
  ["figures", { dtype: "F64", shape: [1], bytes: bytes(Float64Array.of(0.1)) }],
  ["nothing", { dtype: "F32", shape: [0, 4], bytes: new Uint8Array(0) }],
  ["scalar ü", { dtype: "F32", shape: [], bytes: bytes(Float32Array.of(3)) }],
]);

/** What PyPI safetensors 0.8.0 writes: `safetensors.numpy.save({"a": float32 [1, 2], "b": int32 [3]}, {"by": "python"})`. */
const FROM_PYTHON =
  "90000000000000007b225f5f6d657461646174615f5f223a7b226279223a22707974686f6e227d2c2261223a7b226474797065223a22463332222c227368617065223a5b325d2c22646174615f6f666673657473223a5b302c385d7d2c2262223a7b226474797065223a22493332222c227368617065223a5b315d2c22646174615f6f666673657473223a5b382c31325d7d7d20202020200000803f0000004003000000";

describe("safetensors", () => {
  it("come back as they were, each at a multiple of its size", () => {
    const file = Buffer.concat(encodeSafetensors(tensors, { format: "tf" }));
    const found = decodeSafetensors(file, "test");
    expect(found.metadata).toEqual({ format: "tf" });
    expect(found.tensors.size).toBe(tensors.size);
    for (const [name, tensor] of tensors) {
      const own = found.tensors.get(name)!;
      expect([own.dtype, own.shape, Buffer.from(own.bytes)], name).toEqual([tensor.dtype, tensor.shape, Buffer.from(tensor.bytes)]);
    }
    expect(decodeSafetensors(file, "test").tensors.get("figures")!.bytes.byteOffset - file.byteOffset).toSatisfy((at: number) => at % 8 === 0);
  });

  it("written by Python are read, and written again to the byte", () => {
    const file = Buffer.from(FROM_PYTHON, "hex");
    const { tensors: found, metadata } = decodeSafetensors(file, "python");
    expect(metadata).toEqual({ by: "python" });
    expect([...new Float32Array(new Uint8Array(found.get("a")!.bytes).buffer)]).toEqual([1, 2]);
    expect(found.get("b")).toMatchObject({ dtype: "I32", shape: [1] });
    expect(Buffer.concat(encodeSafetensors(found, metadata))).toEqual(file);
  });

  it("are refused with shapes that do not fit", () => {
    expect(() => encodeSafetensors(new Map([["w", { dtype: "F32" as const, shape: [3], bytes: new Uint8Array(8) }]]))).toThrow("w: F32[3] takes 12 bytes; there are 8");
  });

  const sound = Buffer.concat(encodeSafetensors(tensors));
  it.each<[string, Buffer, string]>([
    ["empty", Buffer.alloc(0), "it has 0 bytes"],
    ["another format", Buffer.from("PK\u0003\u0004 and so on, for a while"), "its header should have"],
    ["cut off", sound.subarray(0, -1), "it is cut off in"],
    ["too long", Buffer.concat([sound, Buffer.alloc(1)]), "1 bytes belong to no tensor"],
    ["a broken header", Buffer.concat([sound.subarray(0, 8), Buffer.from("#"), sound.subarray(9)]), "its header is no JSON"],
    ["a type of its own", Buffer.from(sound.toString("latin1").replace('"I32"', '"I33"'), "latin1"), "ids has the type I33"],
    ["a gap", Buffer.from(sound.toString("latin1").replace("[0,8]", "[1,8]"), "latin1"), "figures does not lie where it should"],
  ])("that are %s say so", (_name, file, message) => {
    expect(() => decodeSafetensors(file, "model.safetensors")).toThrow(`model.safetensors is no sound safetensors file: ${message}`);
  });
});
