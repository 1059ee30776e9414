/**
 * The safetensors format (https://huggingface.co/docs/safetensors): eight bytes that say how long the header is, the
 * header as JSON (name, type, shape and place of each tensor), then the numbers, little endian, without gaps.
 */

const SIZES = { F64: 8, I64: 8, U64: 8, F32: 4, I32: 4, U32: 4, F16: 2, BF16: 2, I16: 2, U16: 2, I8: 1, U8: 1, BOOL: 1 } as const;

export type SafetensorType = keyof typeof SIZES;

export interface StoredTensor {
  dtype: SafetensorType;
  shape: readonly number[];
  /** As they lie in memory, little endian. */
  bytes: Uint8Array;
}

export interface Safetensors {
  tensors: Map<string, StoredTensor>;
  metadata: Record<string, string>;
}

/** No real header is longer; what claims to be is no safetensors file. */
const LONGEST_HEADER = 100_000_000;

/**
 * @returns the file in parts, which share memory with what was given
 * @throws where bytes and shape do not fit
 */
export function encodeSafetensors(tensors: ReadonlyMap<string, StoredTensor>, metadata: Readonly<Record<string, string>> = {}): Uint8Array[] {
  // The widest first, so that every tensor lies at a multiple of its own size.
  const ordered = [...tensors].sort(([, a], [, b]) => SIZES[b.dtype] - SIZES[a.dtype]);
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
  let at = 0;
  for (const [name, { dtype, shape, bytes }] of ordered) {
    if (bytes.byteLength !== sizeOf(dtype, shape)) throw new Error(`${name}: ${dtype}[${shape.join(", ")}] takes ${sizeOf(dtype, shape)} bytes; there are ${bytes.byteLength}`);
    header[name] = { dtype, shape, data_offsets: [at, (at += bytes.byteLength)] };
  }
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8, " ")]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return [length, padded, ...ordered.map(([, { bytes }]) => bytes)];
}

/**
 * @param file the whole file; the tensors' bytes share its memory
 * @param name names it in errors
 * @throws when it is cut off, has gaps, or is no safetensors file
 */
export function decodeSafetensors(file: Uint8Array, name: string): Safetensors {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const fail = (what: string): never => {
    throw new Error(`${name} is no sound safetensors file: ${what}`);
  };
  if (bytes.length < 8) fail(`it has ${bytes.length} bytes`);
  const length = Number(bytes.readBigUInt64LE());
  if (length > LONGEST_HEADER || length + 8 > bytes.length) fail(`its header should have ${length} bytes, and ${bytes.length - 8} follow`);
  let header: Record<string, unknown>;
  try {
    header = JSON.parse(bytes.toString("utf8", 8, 8 + length)) as Record<string, unknown>;
  } catch (error) {
    return fail(`its header is no JSON (${error instanceof Error ? error.message : String(error)})`);
  }
  const { __metadata__: metadata = {}, ...entries } = header as { __metadata__?: Record<string, string> } & Record<string, unknown>;
  const data = bytes.subarray(8 + length);
  const tensors = new Map<string, StoredTensor>();
  let end = 0;
  for (const [path, entry] of Object.entries(entries).sort(([, a], [, b]) => startOf(a) - startOf(b))) {
    const { dtype, shape, data_offsets: offsets } = entry as { dtype: SafetensorType; shape: number[]; data_offsets: [number, number] };
    if (!(dtype in SIZES)) fail(`${path} has the type ${String(dtype)}`);
    if (!Array.isArray(shape) || !Array.isArray(offsets) || offsets[0] !== end || offsets[1] - offsets[0] !== sizeOf(dtype, shape)) fail(`${path} does not lie where it should`);
    end = offsets[1];
    if (end > data.length) fail(`it is cut off in ${path}`);
    tensors.set(path, { dtype, shape, bytes: data.subarray(offsets[0], end) });
  }
  if (end !== data.length) fail(`${data.length - end} bytes belong to no tensor`);
  return { tensors, metadata };
}

function sizeOf(dtype: SafetensorType, shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, SIZES[dtype]);
}

function startOf(entry: unknown): number {
  return (entry as { data_offsets?: [number, number] }).data_offsets?.[0] ?? 0;
}
