/** What a run of a graph spent its time on, out of TensorFlow's RunMetadata. */

export interface OpTime {
  /** TensorFlow's type of the op: `MatMul`. What fused ops are called is TensorFlow's choice: `_FusedMatMul`. */
  type: string;
  /** The op's name in the graph. */
  name: string;
  /** From its begin to its end, microseconds: with several threads, ops overlap. */
  microseconds: number;
}

/**
 * The ops of all devices, the longest first. Of a serialized RunMetadata (tensorflow/core/protobuf/config.proto) it reads
 * step_stats (1), dev_stats (1), node_stats (2) and there node_name (1), op_start_rel_micros (3), op_end_rel_micros (4) and
 * timeline_label (8), `name = Type(inputs)`.
 */
export function opTimes(metadata: Uint8Array): OpTime[] {
  const times: OpTime[] = [];
  for (const stats of messages(metadata, 1)) {
    for (const device of messages(stats, 1)) {
      for (const node of messages(device, 2)) {
        const fields = new Map(fieldsOf(node));
        const text = (number: number) => new TextDecoder().decode(fields.get(number) as Uint8Array | undefined);
        const type = /= ([\w>]+)\(/.exec(text(8))?.[1] ?? text(8);
        times.push({ type, name: text(1), microseconds: Number(fields.get(4) ?? 0) - Number(fields.get(3) ?? 0) });
      }
    }
  }
  return times.sort((a, b) => b.microseconds - a.microseconds);
}

function messages(bytes: Uint8Array, wanted: number): Uint8Array[] {
  return fieldsOf(bytes).flatMap(([number, value]) => (number === wanted && value instanceof Uint8Array ? [value] : []));
}

/** The fields of a message: numbers, and bytes for texts and nested messages. */
function fieldsOf(bytes: Uint8Array): [number: number, value: number | Uint8Array][] {
  const fields: [number, number | Uint8Array][] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const [number, wire] = [tag >>> 3, tag & 7];
    if (wire === 0) fields.push([number, varint()]);
    else if (wire === 2) {
      const length = varint();
      fields.push([number, bytes.subarray(at, (at += length))]);
    } else at += wire === 1 ? 8 : 4;
  }
  return fields;
}
