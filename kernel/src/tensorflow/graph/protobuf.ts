/** As much of Protocol Buffers' wire format as a session's configuration needs. */

export type Field = [number: number, value: number | boolean | string | Field[]];

/** Numbers are written as varints (int32, int64, bool, enum), text and nested fields as length-delimited. */
export function encodeMessage(fields: readonly Field[]): Uint8Array {
  const bytes: number[] = [];
  for (const [number, value] of fields) {
    if (typeof value === "string" || Array.isArray(value)) {
      const content = typeof value === "string" ? Buffer.from(value) : encodeMessage(value);
      bytes.push(...varint(BigInt(number * 8 + 2)), ...varint(BigInt(content.length)), ...content);
    } else {
      bytes.push(...varint(BigInt(number * 8)), ...varint(BigInt(value)));
    }
  }
  return Uint8Array.from(bytes);
}

/** Negative numbers take ten bytes: their two's complement in 64 bits. */
function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 0x80);
  } while (rest !== 0n);
  return bytes;
}
