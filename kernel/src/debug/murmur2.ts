const M = 0x5bd1e995;

/** `a * M` modulo 2^32, as an unsigned number. */
const scramble = (a: number): number => Math.imul(a, M) >>> 0;

/**
 * MurmurHash2, 32 bits, of the UTF-8 bytes of a text (Austin Appleby, 2008). JupyterLab computes the
 * path of a cell with it, so the numbers must agree with its `murmur2` to the bit.
 *
 * @returns an unsigned 32-bit integer
 */
export function murmur2(text: string, seed: number): number {
  const bytes = new TextEncoder().encode(text);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = bytes.length - (bytes.length % 4);
  let hash = (seed ^ bytes.length) >>> 0;
  for (let i = 0; i < whole; i += 4) {
    let word = scramble(view.getUint32(i, true));
    word = scramble(word ^ (word >>> 24));
    hash = scramble(hash) ^ word;
  }
  if (whole < bytes.length) {
    for (let i = bytes.length - 1; i >= whole; i--) hash ^= bytes[i]! << (8 * (i - whole));
    hash = scramble(hash);
  }
  hash = scramble(hash ^ (hash >>> 13));
  return (hash ^ (hash >>> 15)) >>> 0;
}
