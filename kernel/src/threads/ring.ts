import { toUSVString } from "node:util";
import { Flag, type Flags } from "./flags";

/** Held before any cell can replace it. */
const { stringify } = JSON;

export type StreamName = "stdout" | "stderr";
const STREAMS: readonly StreamName[] = ["stdout", "stderr"];

/**
 * Output on its way from main to the gateway: a ring of records in shared memory, because a message port
 * neither delivers in time (megabytes queue up while main runs on) nor makes the writer wait.
 *
 * A record is a header of two 32-bit words (bytes of text; `task * 2 + stream`) and the text, padded to
 * 8 bytes. The text is JSON-escaped UTF-8 without the quotes: main escapes once, and the gateway copies
 * bytes into the message without ever making a string of them.
 */
const HEADER = 8;
export const RING_BYTES = 1 << 20;
/** UTF-16 units a record at most: escaped, one unit takes up to 6 bytes (`\u0000`). */
const CHUNK = 16_384;
/** Main waits so long for room before output is dropped: a gateway that is gone must not hang a cell. */
const PATIENCE_MS = 20_000;

/** Room for the line that says what was lost. */
const NOTICE_BYTES = 256;

const padded = (bytes: number): number => (bytes + 7) & ~7;

export class RingWriter {
  readonly #ring: Uint8Array;
  readonly #words: Int32Array;
  readonly #flags: Flags;
  readonly #poke: () => void;
  readonly #scratch = Buffer.allocUnsafeSlow(CHUNK * 6 + 2);
  #written = 0;
  #broken = false;
  /** Bytes that found no room since the last record. */
  #lost = 0;
  readonly #patienceMs: number;

  /** @param poke wakes the gateway's event loop */
  constructor(memory: SharedArrayBuffer, flags: Flags, poke: () => void, patienceMs = PATIENCE_MS) {
    this.#patienceMs = patienceMs;
    this.#ring = new Uint8Array(memory);
    this.#words = new Int32Array(memory);
    this.#flags = flags;
    this.#poke = poke;
  }

  /** Where the next record will start; a message sent now comes before it and after all others. */
  get position(): number {
    return this.#written;
  }

  /** Blocks while the ring is full. */
  write(stream: StreamName, task: number, text: string): void {
    text = toUSVString(text); // half a surrogate pair is no UTF-8
    for (let start = 0; start < text.length; ) {
      let end = Math.min(start + CHUNK, text.length);
      // never between the halves of a surrogate pair
      if (end < text.length && (text.charCodeAt(end) & 0xfc00) === 0xdc00) end -= 1;
      this.#push(stream, task, start === 0 && end === text.length ? text : text.slice(start, end));
      start = end;
    }
  }

  #push(stream: StreamName, task: number, text: string): void {
    let length = this.#scratch.write(stringify(text)) - 2;
    if (!this.#waitFor(HEADER + padded(length) + (this.#lost > 0 ? NOTICE_BYTES : 0))) {
      this.#lost += length;
      return;
    }
    if (this.#lost > 0) {
      const lost = this.#lost;
      this.#lost = 0;
      this.#push("stderr", task, `[${lost} bytes of output are lost: the kernel did not take them for ${this.#patienceMs / 1000} s.]\n`);
      length = this.#scratch.write(stringify(text)) - 2;
    }
    const size = HEADER + padded(length);
    const at = this.#written % RING_BYTES;
    this.#words[at >> 2] = length;
    this.#words[(at >> 2) + 1] = task * 2 + (stream === "stderr" ? 1 : 0);
    const body = (at + HEADER) % RING_BYTES;
    const first = Math.min(length, RING_BYTES - body);
    this.#ring.set(this.#scratch.subarray(1, 1 + first), body);
    if (first < length) this.#ring.set(this.#scratch.subarray(1 + first, 1 + length), 0);
    this.#written = (this.#written + size) >>> 0;
    Atomics.store(this.#flags, Flag.written, this.#written | 0);
    if (Atomics.exchange(this.#flags, Flag.wantsPoke, 0) === 1) this.#poke();
    else if (this.#used() > RING_BYTES / 2) this.#hurry();
  }

  #used(): number {
    return (this.#written - Atomics.load(this.#flags, Flag.taken)) >>> 0;
  }

  #hurry(): void {
    if (Atomics.exchange(this.#flags, Flag.urgent, 1) === 0) this.#poke();
  }

  #waitFor(size: number): boolean {
    const deadline = Date.now() + this.#patienceMs;
    while (RING_BYTES - this.#used() < size) {
      if (this.#broken || Date.now() > deadline) return !(this.#broken = true);
      this.#hurry();
      const taken = Atomics.load(this.#flags, Flag.taken);
      if (RING_BYTES - ((this.#written - taken) >>> 0) < size) Atomics.wait(this.#flags, Flag.taken, taken, 250);
    }
    this.#broken = false;
    return true;
  }
}

export interface RingRecord {
  stream: StreamName;
  task: number;
  /** JSON-escaped UTF-8; valid until the next record is taken. One or, where the ring wraps, two pieces. */
  pieces: Uint8Array[];
  bytes: number;
}

export class RingReader {
  readonly #ring: Uint8Array;
  readonly #words: Int32Array;
  readonly #flags: Flags;
  #taken = 0;

  constructor(memory: SharedArrayBuffer, flags: Flags) {
    this.#ring = new Uint8Array(memory);
    this.#words = new Int32Array(memory);
    this.#flags = flags;
  }

  /** How far main has written. */
  get written(): number {
    return Atomics.load(this.#flags, Flag.written) >>> 0;
  }

  /** Whether a record stands before `limit`. */
  before(limit: number): boolean {
    return ((limit - this.#taken) | 0) > 0;
  }

  /** Hands over the next record and frees its place once `use` returns. */
  take(use: (record: RingRecord) => void): void {
    const at = this.#taken % RING_BYTES;
    const bytes = this.#words[at >> 2]!;
    const word = this.#words[(at >> 2) + 1]!;
    const body = (at + HEADER) % RING_BYTES;
    const first = Math.min(bytes, RING_BYTES - body);
    const pieces = [this.#ring.subarray(body, body + first)];
    if (first < bytes) pieces.push(this.#ring.subarray(0, bytes - first));
    use({ stream: STREAMS[word & 1]!, task: word >> 1, pieces, bytes });
    this.#taken = (this.#taken + HEADER + padded(bytes)) >>> 0;
    Atomics.store(this.#flags, Flag.taken, this.#taken | 0);
    Atomics.notify(this.#flags, Flag.taken);
  }

  /** Empty now, and main will send a poke when that changes. @returns false where output came meanwhile */
  rest(): boolean {
    Atomics.store(this.#flags, Flag.wantsPoke, 1);
    if (!this.before(this.written)) return true;
    Atomics.store(this.#flags, Flag.wantsPoke, 0);
    return false;
  }

  attend(): void {
    Atomics.store(this.#flags, Flag.urgent, 0);
  }
}
