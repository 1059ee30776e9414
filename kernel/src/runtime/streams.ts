import { Console } from "node:console";
import { Writable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import type { RingWriter, StreamName } from "../threads";
import { currentTask } from "./attribution";

type Encoding = BufferEncoding | ((error?: Error | null) => void);

/** `process.stdout` or `process.stderr` of a notebook: what is written appears in the cell that wrote it. */
class CellStream extends Writable {
  readonly fd: 1 | 2;
  readonly #ring: RingWriter;
  readonly #name: StreamName;
  readonly #decoder = new StringDecoder("utf8");

  constructor(ring: RingWriter, name: StreamName) {
    super({ decodeStrings: false });
    this.#ring = ring;
    this.#name = name;
    this.fd = name === "stdout" ? 1 : 2;
  }

  /** Written at once, past the queue of a stream: there is nothing to wait for, and a line costs a third. */
  override write(chunk: unknown, encoding?: Encoding, done?: (error?: Error | null) => void): boolean {
    const callback = typeof encoding === "function" ? encoding : done;
    let text: string;
    if (typeof chunk === "string") {
      const named = typeof encoding === "string" ? encoding : "utf8";
      text = named === "utf8" || named === "utf-8" ? chunk : this.#decoder.write(Buffer.from(chunk, named));
    } else if (chunk instanceof Uint8Array) text = this.#decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    else throw new TypeError(`process.${this.#name}.write takes text or bytes, not ${chunk === null ? "null" : typeof chunk}`);
    if (text !== "") this.#ring.write(this.#name, currentTask(), text);
    if (callback) process.nextTick(callback, null);
    return true;
  }

  /** Ending it would silence the notebook for good. */
  override end(chunk?: unknown, encoding?: unknown, done?: unknown): this {
    const callback = [chunk, encoding, done].find((argument): argument is () => void => typeof argument === "function");
    if (chunk !== undefined && typeof chunk !== "function") this.write(chunk);
    if (callback) process.nextTick(callback);
    return this;
  }

  override destroy(): this {
    return this;
  }
}

/** Features of Node that the kernel itself uses and that are no news to a notebook. */
const OWN_WARNINGS = /vm\.USE_MAIN_CONTEXT_DEFAULT_LOADER/;

/** Keeps Node's warnings about what the kernel does out of the cells. */
export function muteOwnWarnings(): void {
  const emit = process.emitWarning.bind(process) as (...args: unknown[]) => void;
  process.emitWarning = ((warning: unknown, ...rest: unknown[]) => {
    if (!OWN_WARNINGS.test(String(warning))) emit(warning, ...rest);
  }) as typeof process.emitWarning;
}

/** Makes `process.stdout`, `process.stderr` and `console` write to the ring. */
export function installStreams(ring: RingWriter): void {
  const stdout = new CellStream(ring, "stdout");
  const stderr = new CellStream(ring, "stderr");
  for (const [name, stream] of [["stdout", stdout], ["stderr", stderr]] as const) {
    Object.defineProperty(process, name, { value: stream, configurable: true, enumerable: true, writable: true });
  }
  // Node's own console tells V8's inspector of each line too, which costs a stack trace and keeps the last thousand arguments
  const own = new Console({ stdout, stderr });
  for (const [name, value] of Object.entries(own)) {
    if (typeof value === "function") (console as unknown as Record<string, unknown>)[name] = value;
  }
}
