import { createHash } from "node:crypto";
import type { Tensor } from "@tensorflow/tfjs-node";

/** The bytes of a numeric tensor, as they lie in memory (little endian). */
export function tensorBytes(tensor: Tensor): Buffer {
  const values = tensor.dataSync() as Float32Array | Int32Array | Uint8Array;
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}

/**
 * SHA-256 of a tensor's type, shape and bytes, in hexadecimal: equal if and only if the values are
 * equal to the bit.
 */
export function hashTensor(tensor: Tensor): string {
  return createHash("sha256").update(`${tensor.dtype}[${tensor.shape.join(",")}]`).update(tensorBytes(tensor)).digest("hex");
}
